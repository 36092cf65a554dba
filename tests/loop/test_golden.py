"""Every form a fact ever had: lives kept as they were once written must replay to the same state for ever.

Never edit a file in `golden`; a new form brings a new life beside the old ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anlan.loop.evolve import RULES, replay
from anlan.loop.fact import decode, encode
from anlan.loop.upcast import form_of, upcast
from anlan.store.apply import encode_state

GOLDEN = Path(__file__).with_name("golden")
LIVES = sorted(path.stem for path in GOLDEN.glob("*.jsonl"))


def lines(life: str) -> list[bytes]:
    return (GOLDEN / f"{life}.jsonl").read_bytes().splitlines()


@pytest.mark.parametrize("life", LIVES)
def test_an_old_life_adds_up_to_the_same_bytes(life: str) -> None:
    state = replay(decode(line) for line in lines(life))
    assert state is not None
    assert encode_state(state) + b"\n" == (GOLDEN / f"{life}.state.json").read_bytes()


@pytest.mark.parametrize("life", LIVES)
def test_what_is_in_todays_form_is_written_as_it_was(life: str) -> None:
    for line in lines(life):
        fact = decode(line)
        assert fact.v == form_of(fact.kind)
        if json.loads(line)["v"] == fact.v:
            assert encode(fact) == line


def test_every_kind_in_every_form_is_in_some_life() -> None:
    have: dict[str, set[int]] = {kind: set() for kind in (*RULES, "received")}
    for life in LIVES:
        for line in lines(life):
            have[decode(line).kind].add(json.loads(line)["v"])
    assert {kind: forms for kind, forms in have.items() if forms != set(range(1, form_of(kind) + 1))} == {}


def test_old_data_is_brought_up_step_by_step() -> None:
    steps = {
        ("noted", 1): lambda data: {**data, "b": data["a"] + 1},
        ("noted", 2): lambda data: {"c": data["b"] * 10},
    }
    assert upcast("noted", 1, {"a": 1}, steps) == (3, {"c": 20})
    assert upcast("noted", 2, {"b": 1}, steps) == (3, {"c": 10})
    assert upcast("noted", 3, {"c": 1}, steps) == (3, {"c": 1})
    assert upcast("held", 1, {"a": 1}, steps) == (1, {"a": 1})
