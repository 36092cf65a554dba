"""`problems` finds what is wrong with a flow; the hotline's two have nothing wrong."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from anlan.domains.hotline.flow import APPEAL, NOTICE
from anlan.loop.decide import EFFECTS, READS, effect_problems
from anlan.loop.flow import Flow, Move, Stage, problems


def moved(key: str, **changes: Any) -> Flow:
    return replace(APPEAL, moves=tuple(replace(m, **changes) if m.key == key else m for m in APPEAL.moves))


@pytest.mark.parametrize("flow", [APPEAL, NOTICE])
def test_the_hotlines_flows_have_no_problem(flow: Flow) -> None:
    assert problems(flow) == []
    assert effect_problems(flow) == []
    assert set(READS) <= set(EFFECTS)


@pytest.mark.parametrize(
    ("flow", "problem"),
    [
        (moved("accept", target="nowhere"), "accept: unknown stage nowhere"),
        (moved("accept", sources=("nowhere",)), "accept: unknown stage nowhere"),
        (moved("accept", starts=("sundial",)), "accept: unknown clock sundial"),
        (moved("accept", stops=("sundial",)), "accept: unknown clock sundial"),
        (replace(APPEAL, calling="nowhere"), "unknown stage nowhere"),
        (replace(APPEAL, reopens_to="nowhere"), "unknown stage nowhere"),
        (replace(APPEAL, stages=(*APPEAL.stages, Stage("limbo", "working", "act"))), "limbo: never reached"),
        (replace(APPEAL, stages=(*APPEAL.stages, Stage("limbo", "working", "act"))), "limbo: no way out"),
        (
            replace(APPEAL, stages=(*APPEAL.stages, Stage("limbo", "working", "sundial"))),
            "limbo: unknown clock sundial",
        ),
        (replace(APPEAL, stages=(*APPEAL.stages, Stage("limbo", "waiting"))), "limbo: waits without a clock"),
        (replace(APPEAL, clocks=tuple(c for c in APPEAL.clocks if c.key != "matter")), "verify: unknown clock matter"),
        (replace(APPEAL, clocks=tuple(c for c in NOTICE.clocks if c.key != "matter")), "no clock matter"),
        (replace(APPEAL, moves=(*APPEAL.moves, APPEAL.moves[0])), "assign: declared twice"),
        (replace(APPEAL, stages=()), "no stage"),
        (replace(APPEAL, clocks=(replace(APPEAL.clocks[0], amount=144_000),)), "matter: 144000 work_days is no length"),
    ],
)
def test_a_planted_fault_is_found(flow: Flow, problem: str) -> None:
    assert problem in problems(flow)


def test_a_rule_gets_what_it_reads() -> None:
    """A move that does not ask for what its rule needs, or for another type of it, is no refusal when it is made but a
    fault of the flow (found by two thousand mutated flows)."""
    rate = next(m for m in APPEAL.moves if m.key == "rate")
    receipt, rating, note = rate.needs
    assert effect_problems(moved("rate", needs=(receipt, note))) == ["rate: rate needs rating"]
    assert effect_problems(moved("rate", needs=(receipt, replace(rating, required=False)))) == [
        "rate: rate needs rating"
    ]
    assert effect_problems(moved("rate", needs=(receipt, replace(rating, type="text")))) == [
        "rate: rating must be of type int"
    ]
    assert effect_problems(moved("rate", effect="sing")) == ["rate: unknown effect sing"]
    assert effect_problems(moved("accept", target="")) == ["accept: accept leads nowhere"]


def test_a_stage_out_of_reach_of_its_own_circle_is_found() -> None:
    stages = (*APPEAL.stages, Stage("a", "working", "act"), Stage("b", "working", "act"))
    circle = (Move("to_b", ("a",), "note", "note", "b"), Move("to_a", ("b",), "note", "note", "a"))
    found = problems(replace(APPEAL, stages=stages, moves=(*APPEAL.moves, *circle)))
    assert found == ["a: never reached", "b: never reached"]
