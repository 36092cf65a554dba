"""What one intent writes, as data: the writer takes it whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft
from anlan.loop.flow import Flow
from anlan.loop.matter import Matter


class Change(msgspec.Struct):
    """Drafts of facts for one matter: a new one (`base` None) or one that was seen as `base`.

    `tells_first`: its facts carry the number of the commit's first matter. `latest`: they hold whatever became of the
    matter since it was seen, and follow its state within the transaction.
    """

    flow: Flow
    ledger: str
    drafts: list[Draft]
    base: Matter | None = None
    tells_first: bool = False
    latest: bool = False


class Receipt(msgspec.Struct):
    """A reporter's receipt. On a new matter it has the matter's number; on a joined one the writer gives it its own."""

    channel: str
    outside_id: str
    party: str
    code: bytes
    joins: bool = False


class Sealed(msgspec.Struct):
    """A ciphertext and the id of the key that opens it."""

    id: str
    key: str
    box: bytes


class Shown(msgspec.Struct):
    """What is kept beside a new matter to find it by: redacted title, search terms, feature row."""

    title: str
    terms: str
    features: bytes


class Commit(msgspec.Struct):
    """Everything one intent writes. `changes[0]` is the matter the receipt and `shown` belong to.

    `request` is the idempotency key's and the body's hash. `checks`: what must still hold when it is written, as a
    query that finds a row, and the refusal when it does not. `forgets`: the matters whose title, search terms and
    feature row go; `destroys`: vault keys that die after the rest is kept. `urgent`: on a full disk it may use the
    reserve.
    """

    at: int
    actor: str
    year: int
    changes: list[Change] = []
    urgent: bool = False
    receipt: Receipt | None = None
    readings: list[tuple[int, str, Draft]] = []
    keys: list[tuple[str, bytes]] = []
    sealed: list[Sealed] = []
    parties: list[tuple[str, bytes]] = []
    shown: Shown | None = None
    rows: list[tuple[str, Sequence[Any]]] = []
    forgets: list[int] = []
    checks: list[tuple[str, Sequence[Any], Refused]] = []
    destroys: list[str] = []
    request: tuple[bytes, bytes] | None = None
    answer: Callable[[Done], bytes] | None = None


class Done(msgspec.Struct):
    """What came of it: the matters as they now stand, the receipt's number; `replayed` when it had been done before.

    `look` is there for `Commit.answer` alone: those of some other matters that there are, as the transaction has them.
    """

    matters: list[Matter] = []
    receipt: int = 0
    replayed: bool = False
    answer: bytes = b""
    look: Callable[[Sequence[int]], dict[int, Matter]] | None = None
