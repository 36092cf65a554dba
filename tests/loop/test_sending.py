"""Units sent to a matter: in random nights the stage always follows the units, and a replay gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.domains.command.flow import INCIDENT, LIVE
from anlan.domains.command.grants import GRANTS
from anlan.loop.case import Context, Intent
from anlan.loop.decide import decide
from anlan.loop.errors import Refused
from anlan.loop.evolve import evolve, replay, stamp
from anlan.loop.fact import decode, encode, uncanonical
from anlan.loop.grants import Actor, Grants
from anlan.loop.matter import Matter, number_of
from anlan.loop.receive import Opening, opening
from anlan.loop.working_calendar import WorkingCalendar, minute_of
from anlan.store.apply import encode_state

CALENDAR = WorkingCalendar(published_years=[2026])
START = 1_795_492_800_000
DISPATCHER = Actor("d1", "room", ("dispatcher",))
UNITS = ("a", "b", "c")
MOVES: dict[str, dict[str, Any]] = {
    "send": {"reason": "other"}, "set_out": {}, "arrive": {}, "clear": {}, "withdraw": {"reason": "cancelled"},
}  # fmt: skip


class Night:
    """An incident, its facts, and whoever dispatches."""

    def __init__(self) -> None:
        self.now, self.facts = START, []
        number = number_of("370202", 2026, 1)
        received = {"domain": "command", "ledger": "370202", "channel": "call_110", "opened_at": START, "text": "t"}
        begin = Opening({**received, "lead": "station", "urgency": 2}, {"category": "incident.fight", "by": "human"})
        self.matter: Matter | None = None
        self._take(opening(INCIDENT, begin, minute_of(START), CALENDAR), number)

    def _take(self, drafts: Any, number: int) -> None:
        for fact in stamp(drafts, number, len(self.facts), self.now, DISPATCHER.id):
            assert uncanonical(fact.data) is None
            self.matter = evolve(self.matter, fact)
            self.facts.append(fact)

    def does(self, move: str, unit: str, **more: Any) -> str:
        """Make a move; answers the code of the refusal, "" for none."""
        assert self.matter is not None
        context = Context(self.now, DISPATCHER, CALENDAR, Grants(GRANTS), lambda _mine, _other: "foreign")
        intent = Intent(move, self.matter.version, {"unit": unit, **MOVES[move], **more})
        try:
            self._take(decide(INCIDENT, self.matter, intent, context), self.matter.number)
        except Refused as refused:
            return refused.code
        return ""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(tuple(MOVES)), st.sampled_from(UNITS), st.integers(0, 600)), max_size=30))
def test_whatever_is_done_the_stage_follows_the_units(steps: list[tuple[str, str, int]]) -> None:
    night = Night()
    for move, unit, seconds in steps:
        night.now += seconds * 1000
        night.does(move, unit)
        matter = night.matter
        assert matter is not None
        out = [one.unit for one in matter.units_out]
        assert len(out) == len(set(out)), "a unit is out once"
        assert matter.stage in LIVE
        assert (matter.stage in {"sent", "on_scene"}) == bool(out)
        if matter.stage == "received":
            assert not any(one.arrived_at for one in matter.sent)
        for one in matter.sent:
            told = [at for at in (one.at, one.set_out_at, one.arrived_at, one.ended_at) if at]
            assert told == sorted(told)
        if any(one.arrived_at for one in matter.sent):
            assert matter.clocks["matter"].stopped is not None
    again = replay(decode(encode(fact)) for fact in night.facts)
    assert again is not None
    assert night.matter is not None
    assert encode_state(again) == encode_state(night.matter)


def given_sent(*units: str) -> Night:
    night = Night()
    for unit in units:
        assert night.does("send", unit) == ""
    return night


WRONG: list[tuple[str, Callable[[Night], str]]] = [
    ("sending.already_sent", lambda night: night.does("send", "a")),
    ("sending.not_sent", lambda night: night.does("arrive", "c")),
    ("sending.not_there", lambda night: night.does("clear", "a")),
    ("sending.time", lambda night: night.does("set_out", "a", at=START - 1)),
    ("sending.time", lambda night: night.does("set_out", "a", at=START + 3_600_000)),
]


@pytest.mark.parametrize(("code", "work"), WRONG)
def test_a_step_out_of_order_is_refused(code: str, work: Callable[[Night], str]) -> None:
    assert work(given_sent("a", "b")) == code


def test_a_step_is_told_once() -> None:
    night = given_sent("a")
    assert night.does("arrive", "a") == ""
    assert night.does("arrive", "a") == night.does("set_out", "a") == "sending.already_told"
