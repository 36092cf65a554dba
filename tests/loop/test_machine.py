"""Random lives of a matter: whatever people do in whatever order, the invariants of the loop hold."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from anlan.loop.errors import Refused
from anlan.loop.evolve import replay
from anlan.loop.fact import decode, encode, uncanonical
from anlan.loop.flow import Field
from anlan.loop.matter import CALLBACK_FINAL
from anlan.loop.undo import undo
from anlan.store.apply import encode_state

WHO = ("operator", "officer", "officer2", "officer3", "chief", "overseer", "caller", "citizen", "handler_caller")
OF_FAMILIES = {"open_child"}
"""Tried in test_child: the number of a child comes from the store."""
UNITS = ("bureau", "north", "station1", "station2", "station3")


def value_of(field: Field, data: Any, receipts: list[int]) -> Any:
    """A value that fits the field, usually."""
    if field.options:
        return data.draw(st.sampled_from(field.options))
    match field.type:
        case "int":
            return data.draw(st.integers(field.minimum, field.maximum))
        case "bool":
            return data.draw(st.booleans())
        case "receipt":
            return data.draw(st.sampled_from([*receipts, 1]))
        case "unit":
            return data.draw(st.sampled_from(UNITS))
        case "units":
            return data.draw(st.lists(st.sampled_from(UNITS), max_size=2))
        case "files":
            return [{"id": "f1", "type": "image/jpeg", "bytes": 1, "hash": "00"}]
        case _:
            return "t2"


class Life(RuleBasedStateMachine):
    """One matter; `walks`, `actors` and `seen` (the kinds of facts that happened) are given by the test."""

    walks: Any
    actors: Any
    seen: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.walk = self.walks()

    @rule(data=st.data())
    def move(self, data: Any) -> None:
        w = self.walk
        choices = [(who, m) for who in WHO for m in w.possible(who) if m.key not in OF_FAMILIES]
        main = [(who, m) for who, m in choices if m.main]
        offered = main if main and data.draw(st.booleans()) else choices
        key = data.draw(st.sampled_from(sorted({m.key for _, m in offered})))
        who, move = data.draw(st.sampled_from([(one, m) for one, m in offered if m.key == key]))
        receipts = [p.receipt for p in w.state.parties]
        needed = [f for f in move.needs if f.required or data.draw(st.booleans())]
        fields = {f.key: value_of(f, data, receipts) for f in needed}
        before = w.state
        try:
            kinds = w.does(who, move.key, **fields)
        except Refused:
            assert w.state is before
            return
        assert kinds, "an allowed move leaves a fact"
        self.seen.update(kinds)
        if "reported" in kinds:
            assert not before.open_assists
        if "called_back" in kinds and move.effect == "call_back":
            assert self.actors[who].id not in before.handlers
        if "reopened" in kinds:
            assert w.state.clocks["matter"].since == w.now

    @rule(who=st.sampled_from(WHO))
    def the_last_move_is_taken_back(self, who: str) -> None:
        w = self.walk
        before, was = replay([fact for fact in w.facts if fact.version][:-1]), w.state
        try:
            w.take(undo(w.flow, was, was.version, w.facts, w.context(who)), self.actors[who].id)
        except Refused:
            assert w.state is was
            return
        assert before is not None
        assert replace(w.state, version=0) == replace(before, version=0), "as if the move had not been"
        self.seen.add("undone")

    @rule(minutes=st.sampled_from([0, 1, 60, 1440, 5 * 1440]))
    def time_passes(self, minutes: int) -> None:
        self.walk.now += minutes

    @rule(wants=st.booleans())
    def somebody_joins(self, wants: bool) -> None:
        if self.walk.state.stage != "closed" and len(self.walk.state.parties) < 4:
            self.walk.joined(self.walk.number + len(self.walk.state.parties), wants_callback=wants)

    @invariant()
    def stage_is_the_flows(self) -> None:
        assert self.walk.state.stage in {s.key for s in self.walk.flow.stages}
        assert (self.walk.state.closed_at > 0) == (self.walk.state.stage == "closed")

    @invariant()
    def closed_means_everybody_was_heard(self) -> None:
        if self.walk.state.stage == "closed":
            assert {p.callback for p in self.walk.state.parties} <= CALLBACK_FINAL
            assert not self.walk.state.open_assists
            assert all(c.stopped is not None for c in self.walk.state.clocks.values())

    @invariant()
    def a_stage_that_waits_has_a_running_clock(self) -> None:
        waiting = self.walk.flow.stage(self.walk.state.stage).clock
        assert not waiting or self.walk.state.clocks[waiting].stopped is None
        if any(c.held for c in self.walk.state.clocks.values()):
            assert self.walk.state.stage == "acting", "only there can it be resumed"

    @invariant()
    def facts_are_canonical_and_give_the_same_bytes_again(self) -> None:
        facts = [decode(encode(fact)) for fact in self.walk.facts]
        assert all(uncanonical(fact.data) is None for fact in facts)
        again = replay(facts)
        assert again is not None
        assert encode_state(again) == encode_state(self.walk.state)


def test_random_lives_keep_the_invariants(walk: Any, actors: Any) -> None:
    actors["handler_caller"] = type(actors["caller"])("p1", "station1", ("officer", "callback"))
    seen: set[str] = set()
    life = type("LifeOfThisTest", (Life,), {"walks": walk, "actors": actors, "seen": seen})
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=400,
            stateful_step_count=60,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {
        "reopened",
        "closed",
        "called_back",
        "returned",
        "held",
        "extended",
        "assist_reported",
        "taken_over",
        "undone",
    } <= seen
