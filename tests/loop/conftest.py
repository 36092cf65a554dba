"""A hotline matter walked by hand: who does what, at what city time, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from anlan.domains.hotline.flow import APPEAL
from anlan.domains.hotline.grants import GRANTS
from anlan.loop.case import Context, Intent, Targets, no_targets
from anlan.loop.decide import decide, possible
from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft, evolve, stamp
from anlan.loop.fact import Fact
from anlan.loop.flow import Flow, Move
from anlan.loop.grants import Actor, Grants
from anlan.loop.matter import Matter, number_of
from anlan.loop.receive import Opening, opening
from anlan.loop.working_calendar import EPOCH, WorkingCalendar, ms_of

PARENTS = {"north": "bureau", "south": "bureau", "station1": "north", "station2": "north", "station3": "south"}
UNITS = {"bureau", *PARENTS}
ACTORS = {
    "operator": Actor("o1", "bureau", ("operator",)),
    "officer": Actor("p1", "station1", ("officer",)),
    "officer2": Actor("p2", "station2", ("officer",)),
    "officer3": Actor("p3", "station3", ("officer",)),
    "chief": Actor("c1", "north", ("chief",)),
    "overseer": Actor("s1", "bureau", ("overseer",)),
    "caller": Actor("b1", "bureau", ("callback",)),
    "citizen": Actor("citizen", "", ("citizen",)),
    "auditor": Actor("a1", "bureau", ("auditor",)),
}
CALENDAR = WorkingCalendar(
    holidays=[date(2026, 10, day) for day in (1, 2, 5, 6, 7)], makeup_days=[date(2026, 10, 10)], published_years=[2026]
)
TEXT = "t1"


def relation(unit: str, other: str) -> str:
    if unit == other:
        return "own"
    if unit in _above(other):
        return "below"
    return "above" if other in _above(unit) else "foreign"


def _above(unit: str) -> list[str]:
    parent = PARENTS.get(unit)
    return [parent, *_above(parent)] if parent else []


def minute_at(text: str) -> int:
    """A city minute from "2026-09-21 09:00"."""
    return int((datetime.fromisoformat(text) - datetime(EPOCH.year, 1, 1)).total_seconds()) // 60  # noqa: DTZ001


class Walk:
    """One matter on its way; opened on Monday 21 September 2026 at 09:00 unless told otherwise."""

    def __init__(self, flow: Flow = APPEAL, lead: str = "station1", sequence: int = 1, **received: Any) -> None:
        self.flow, self.now = flow, minute_at("2026-09-21 09:00")
        self.matter: Matter | None = None
        self.facts: list[Fact] = []
        self.targets: Targets = no_targets
        self.number = number_of("370202", 2026, sequence)
        base = {
            "domain": "hotline",
            "ledger": "370202",
            "channel": "web",
            "opened_at": ms_of(self.now),
            "text": TEXT,
            "party": {"party": "party1", "channel": "web", "at": ms_of(self.now), "text": TEXT},
        }
        route = {"lead": lead, "assists": [], "route": {"rule": "area"}} if lead else None
        assigned = "assigned" if lead and flow is APPEAL else ""
        begin = Opening({**base, **received}, {"category": "traffic.noise", "by": "engine"}, route, assigned)
        self.take(opening(flow, begin, self.now, CALENDAR), "system")

    @property
    def state(self) -> Matter:
        assert self.matter is not None
        return self.matter

    def at(self, text: str) -> Walk:
        """Let time pass until then."""
        self.now = minute_at(text)
        return self

    def context(self, who: str) -> Context:
        return Context(
            ms_of(self.now), ACTORS[who], CALENDAR, Grants(GRANTS), relation, UNITS.__contains__,
            targets=self.targets, facts=lambda _: self.facts,
        )  # fmt: skip

    def take(self, drafts: list[Draft], actor: str) -> list[str]:
        """Take facts over as the writer would; answers their kinds."""
        version = self.matter.version if self.matter else 0
        facts = stamp(drafts, self.number, version, ms_of(self.now), actor)
        for fact in facts:
            self.matter = evolve(self.matter, fact)
            self.facts.append(fact)
        return [fact.kind for fact in facts]

    def decided(self, who: str, move: str, **fields: Any) -> list[Draft]:
        """What the kernel says, without taking it over. A text that the move needs is supplied."""
        known = self.flow.move(move)
        texts = {f.key: TEXT for f in known.needs if f.type == "text" and f.required} if known else {}
        return decide(self.flow, self.state, Intent(move, self.state.version, {**texts, **fields}), self.context(who))

    def does(self, who: str, move: str, **fields: Any) -> list[str]:
        """Make the move; answers the kinds of the facts."""
        return self.take(self.decided(who, move, **fields), ACTORS[who].id)

    def refused(self, who: str, move: str, **fields: Any) -> str:
        """The code of the refusal; fails when the move is allowed."""
        with pytest.raises(Refused) as no:
            self.decided(who, move, **fields)
        return no.value.code

    def joined(self, receipt: int, **party: Any) -> Walk:
        """Another reporter of the same matter."""
        said = {"receipt": receipt, "party": f"party{receipt}", "channel": "web", "at": ms_of(self.now), **party}
        self.take([("joined", {"parties": [said]})], "system")
        return self

    def acting(self) -> Walk:
        self.does("officer", "accept")
        return self

    def verifying(self) -> Walk:
        self.acting().does("officer", "report")
        return self

    def calling(self) -> Walk:
        self.verifying().does("chief", "verify")
        return self

    def closed(self) -> Walk:
        self.calling().calls("satisfied")
        return self

    def calls(self, outcome: str, receipt: int = 0, **fields: Any) -> list[str]:
        return self.does("caller", "call_back", receipt=receipt or self.number, outcome=outcome, **fields)

    def possible(self, who: str) -> list[Move]:
        return possible(self.flow, self.state, self.context(who))


@pytest.fixture(scope="session")
def walk() -> type[Walk]:
    """`walk()` opens a matter and gives the means to move it."""
    return Walk


@pytest.fixture(scope="session")
def actors() -> dict[str, Actor]:
    return ACTORS
