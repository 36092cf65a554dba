"""A matter (事项): the unit of the loop. State is what its facts add up to; nothing else ever writes it.

The number is the identity: six digits of the district that keeps its ledger, two of the year, seven of a sequence, so
370202260000123 is shown as 370202-26-0000123. It stays below 2**53.
"""

from __future__ import annotations

import msgspec

from anlan.loop.deadlines import Clock

SEQUENCE_DIGITS = 7
CALLBACK_PENDING = "pending"
CALLBACK_FINAL = frozenset({"satisfied", "not_satisfied", "refused", "unreachable", "waived"})


class Party(msgspec.Struct, frozen=True):
    """One reporter's stake in a matter: an own receipt and an own call-back. The person lives in the vault.

    Written in full: msgspec omits a default by identity, which a string that was read back does not have.
    """

    receipt: int
    party: str
    channel: str
    at: int
    text: str = ""
    wants_callback: bool = True
    confidential: bool = False
    callback: str = CALLBACK_PENDING
    attempts: int = 0
    rating: int = 0


class Assist(msgspec.Struct, frozen=True, omit_defaults=True):
    """An assisting unit's part. The matter closes only when every part is reported."""

    unit: str
    asked_at: int
    accepted_at: int = 0
    done_at: int = 0


class Sent(msgspec.Struct, frozen=True, omit_defaults=True):
    """A unit's way to a matter, by its key. `ended_at`: done there, or called off."""

    unit: str
    at: int
    set_out_at: int = 0
    arrived_at: int = 0
    ended_at: int = 0


class Place(msgspec.Struct, frozen=True):
    """WGS-84 longitude and latitude in millionths of a degree."""

    lon_e6: int
    lat_e6: int


class Matter(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of one matter. Times are UTC milliseconds unless a name says minutes."""

    number: int
    domain: str
    flow: str
    stage: str
    version: int
    opened_at: int
    channel: str
    ledger: str
    district: str = ""
    category: str = ""
    place: Place | None = None
    text: str = ""
    urgency: int = 0
    outcome: str = ""
    lead: str = ""
    officer: str = ""
    assists: tuple[Assist, ...] = ()
    parties: tuple[Party, ...] = ()
    clocks: dict[str, Clock] = {}
    handlers: tuple[str, ...] = ()
    route: dict[str, object] = {}
    returns: int = 0
    reopens: int = 0
    asked_days: int = 0
    reminders: int = 0
    escalated: int = 0
    taken_over: str = ""
    solved: bool | None = None
    closed_at: int = 0
    merged_into: int = 0
    parent: int = 0
    children_open: tuple[int, ...] = ()
    links: tuple[int, ...] = ()
    sent: tuple[Sent, ...] = ()

    @property
    def units_out(self) -> tuple[Sent, ...]:
        """Units that were sent and are not done."""
        return tuple(one for one in self.sent if not one.ended_at)

    @property
    def open_assists(self) -> tuple[str, ...]:
        """Units that were asked to assist and have not reported."""
        return tuple(a.unit for a in self.assists if not a.done_at)

    @property
    def pending_callbacks(self) -> tuple[Party, ...]:
        """Reporters who still have a call-back coming."""
        return tuple(p for p in self.parties if p.callback not in CALLBACK_FINAL)

    def due_minute(self, waiting: str) -> int | None:
        """The earlier of the matter's clock and the stage's (`waiting`), as city minutes; None when neither runs."""
        dues = [
            c.due for k in ("matter", waiting) if (c := self.clocks.get(k)) and c.due is not None and c.stopped is None
        ]
        return min(dues) if dues else None


def number_of(ledger: str, year: int, sequence: int) -> int:
    """The number for the `sequence`-th receipt of a year on a ledger (a six-digit division code)."""
    if not (len(ledger) == 6 and ledger.isdigit()) or not 0 < sequence < 10**SEQUENCE_DIGITS:
        raise ValueError(f"no number for ledger {ledger!r}, sequence {sequence}")
    return int(f"{ledger}{year % 100:02d}{sequence:0{SEQUENCE_DIGITS}d}")


def shown(number: int) -> str:
    """370202260000123 as 370202-26-0000123."""
    digits = f"{number:015d}"
    return f"{digits[:6]}-{digits[6:8]}-{digits[8:]}"


def ledger_of(number: int) -> str:
    """The division code of the ledger that keeps the matter."""
    return f"{number:015d}"[:6]
