"""Undo: given a move, when its maker takes it back at once, then all stands as before it, and the record tells both."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from anlan.loop.counters import rolls, taken_back
from anlan.loop.errors import Conflict, Refused
from anlan.loop.evolve import evolve, replay
from anlan.loop.fact import decode, encode, uncanonical
from anlan.loop.flow import problems
from anlan.loop.matter import Matter
from anlan.loop.retime import story
from anlan.loop.undo import undo
from anlan.store.apply import encode_state

MOVES = (
    ("", "officer", "accept", {}),
    ("", "officer", "return", {"reason": "place_wrong"}),
    ("", "overseer", "forward", {"unit": "station2"}),
    ("acting", "officer", "report", {}),
    ("acting", "officer", "hold", {"reason": "weather"}),
    ("acting", "officer", "ask_extension", {"days": 3}),
    ("acting", "officer", "ask_assist", {"unit": "station2"}),
    ("verifying", "chief", "verify", {}),
    ("verifying", "chief", "send_back", {}),
    ("", "operator", "classify", {"category": "noise"}),
)


def undone(w: Any, who: str, actors: Any) -> list[str]:
    kinds: list[str] = w.take(undo(w.flow, w.state, w.state.version, w.facts, w.context(who)), actors[who].id)
    return kinds


def code(w: Any, who: str) -> str:
    with pytest.raises(Refused) as no:
        undo(w.flow, w.state, w.state.version, w.facts, w.context(who))
    return no.value.code


@pytest.mark.parametrize(("stage", "who", "move", "fields"), MOVES, ids=[m[2] for m in MOVES])
def test_all_stands_as_before_and_the_record_tells_both(
    walk: Any, actors: Any, stage: str, who: str, move: str, fields: dict[str, Any]
) -> None:
    w = walk()
    if stage:
        getattr(w, stage)()
    w.now += 7
    before, facts = w.state, len(w.facts)
    w.does(who, move, **fields)
    w.now += 3
    assert undone(w, who, actors) == ["undone"]
    assert replace(w.state, version=before.version) == before
    assert len(w.facts) == facts + 2, "nothing is erased"
    assert uncanonical(w.facts[-1].data) is None
    again = replay([decode(encode(fact)) for fact in w.facts])
    assert again is not None
    assert encode_state(again) == encode_state(w.state)
    w.now += 1
    assert w.does(who, move, **fields), "and can be made again"


def test_a_clock_runs_on_as_if_the_move_had_not_been(walk: Any, actors: Any) -> None:
    w = walk().acting()
    due, calendar = w.state.clocks["matter"].due, w.context("officer").calendar
    told = story(w.facts, "matter", calendar)
    w.at("2026-09-21 14:00").does("officer", "hold", reason="weather")
    w.at("2026-09-21 14:05")
    undone(w, "officer", actors)
    assert w.state.clocks["matter"].due == due
    assert not w.state.clocks["matter"].held
    assert story(w.facts, "matter", calendar) == told, "what was undone is no part of the clock's story"


def test_only_the_own_last_move_for_five_minutes_while_nobody_has_acted(walk: Any, actors: Any) -> None:
    w = walk()
    w.now += 1
    w.acting()
    assert code(w, "officer2") == "undo.not_yours"
    with pytest.raises(Conflict):
        undo(w.flow, w.state, w.state.version - 1, w.facts, w.context("officer"))
    w.now += 5
    assert undo(w.flow, w.state, w.state.version, w.facts, w.context("officer"))
    w.now += 1
    assert code(w, "officer") == "undo.too_late"
    w.now -= 1
    w.does("overseer", "note")
    assert code(w, "officer") == "undo.not_this"


@pytest.mark.parametrize(
    ("stage", "who", "move", "fields"),
    [
        ("calling", "caller", "call_back", {"outcome": "unreachable"}),
        ("acting", "overseer", "remind", {}),
        ("acting", "overseer", "take_over", {}),
        ("acting", "officer", "progress", {}),
    ],
)
def test_what_went_out_or_was_only_said_stays(walk: Any, stage: str, who: str, move: str, fields: Any) -> None:
    w = getattr(walk(), stage)()
    w.now += 1
    w.does(who, move, **fields, **({"receipt": w.number} if move == "call_back" else {}))
    assert code(w, who) == "undo.not_this"


def test_an_intake_and_a_closing_are_more_than_one_fact_and_stay(walk: Any) -> None:
    w = walk()
    assert code(w, "operator") == "undo.not_this"
    w = walk(party={"party": "p1", "channel": "web", "text": "t1", "wants_callback": False}).verifying()
    w.now += 1
    w.does("chief", "verify")
    assert w.state.stage == "closed"
    assert code(w, "chief") == "undo.not_this"


def test_what_the_move_was_counted_under_is_taken_back(walk: Any, actors: Any) -> None:
    w = walk().verifying()
    w.now += 2
    w.does("chief", "verify")
    w.now += 1
    undone(w, "chief", actors)
    matter: Matter | None = None
    counted: list[Any] = []
    for fact in w.facts:
        after = evolve(matter, fact)
        counted += [(roll, fact.version) for roll in rolls(matter, fact, after)]
        for one in taken_back(fact, after):
            counted.remove(one)
        matter = after
    assert [roll[0] for roll, _ in counted] == ["received", "assigned", "accepted", "accepted_in_time", "reported"]


def test_a_flow_cannot_call_a_call_undoable(walk: Any) -> None:
    flow = walk().flow
    moves = tuple(replace(m, undo=True) if m.key == "call_back" else m for m in flow.moves)
    assert problems(replace(flow, moves=moves)) == ["call_back: call_back cannot be undone"]
