"""The compiled simulator equals its plain twin event for event; queues as theory has them; nonsense is refused."""

from __future__ import annotations

from dataclasses import replace
from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.town import calls, fleet, town

from anlan.engines.errors import EngineError
from anlan.engines.simulate import fast, reference
from anlan.engines.simulate.policies import KINDS
from anlan.engines.simulate.world import NEVER, Calls, City, Fleet, Outcome, Policy


def same(one: Outcome, other: Outcome) -> None:
    rows = min(len(one.log), len(other.log))
    differ = np.flatnonzero((one.log[:rows] != other.log[:rows]).any(axis=1))
    assert not differ.size, f"row {differ[0]}: {one.log[differ[0]]} and {other.log[differ[0]]}"
    assert len(one.log) == len(other.log)
    assert np.array_equal(one.first_ms, other.first_ms)
    assert np.array_equal(one.last_ms, other.last_ms)
    assert (one.moves, one.rebased, one.busy_ms, one.end_ms) == (
        other.moves,
        other.rebased,
        other.busy_ms,
        other.end_ms,
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(KINDS),
    every_s=st.sampled_from([30.0, 120.0, 600.0]),
    preempt=st.booleans(),
    instant=st.booleans(),
    shifts=st.booleans(),
)
def test_event_for_event(seed: int, kind: str, every_s: float, *, preempt: bool, instant: bool, shifts: bool) -> None:
    rng = np.random.default_rng(seed)
    city = town(rng)
    day = calls(rng, city, 60, every_s)
    units = fleet(rng, city, int(rng.integers(1, 9)), int(day.at_ms[-1]) if shifts else 0)
    policy = Policy(kind, float(rng.choice([0.0, 0.1, 0.6])), 900.0, 0.004, 3, instant=instant, preempt=preempt)
    same(fast.simulate(city, day, units, policy, keep_log=True), reference.simulate(city, day, units, policy))


@pytest.mark.parametrize("kind", KINDS)
def test_event_for_event_over_a_long_day(kind: str) -> None:
    rng = np.random.default_rng(9)
    city = town(rng, points=80, stations=8)
    day = calls(rng, city, 600, 300.0)
    units = fleet(rng, city, 20, int(day.at_ms[-1]))
    policy = Policy(kind, 0.1, 1_500.0, 0.002, 4, preempt=True)
    found = fast.simulate(city, day, units, policy, keep_log=True)
    same(found, reference.simulate(city, day, units, policy))
    assert {fast.ROBBED, fast.DUTY, fast.HOME_AGAIN} <= set(found.log[:, 1].tolist())
    assert (found.moves > 20) == (kind == "move_utility")
    assert (found.rebased > 20) == (kind != "home")
    assert (found.first_ms < NEVER).all()


def one_place(units: int) -> tuple[City, Fleet]:
    """Everybody and everything in one place: no driving at all."""
    nothing = np.zeros((1, 1), np.int32)
    city = City(nothing, nothing, np.zeros(1, np.int32), nothing[:, :, None], np.ones((1, 1), np.bool_), np.ones(1))
    return city, Fleet(np.zeros(units, np.int32), 0)


@pytest.mark.parametrize(("units", "load"), [(1, 0.5), (3, 2.0), (8, 6.0)])
def test_waiting_is_as_erlang_says(units: int, load: float) -> None:
    rng, count, busy_s = np.random.default_rng(units), 400_000, 600.0
    city, everybody = one_place(units)
    at = np.cumsum(rng.exponential(busy_s / load * 1000, count)).astype(np.int64)
    ones, zeros = np.ones(count, np.int32), np.zeros(count, np.int32)
    scene = np.rint(rng.exponential(busy_s * 1000, count)).astype(np.int64)
    found = fast.simulate(city, Calls(at, zeros, ones, ones, scene, zeros - 1, scene, ones * 1000), everybody, Policy())
    wait = found.first_ms - at
    top = load**units / factorial(units) * units / (units - load)
    share = top / (sum(load**k / factorial(k) for k in range(units)) + top)
    assert (wait > 0).mean() == pytest.approx(share, abs=0.012)
    assert wait.mean() / 1000 == pytest.approx(share * busy_s / (units - load), rel=0.06)


def test_the_urgent_wait_less_and_preemption_takes_a_unit_under_way() -> None:
    rng = np.random.default_rng(3)
    city = town(rng)
    day = calls(rng, city, 20_000, 200.0)
    units = fleet(rng, city, 6)
    plain, robbing = (fast.simulate(city, day, units, Policy(preempt=p)) for p in (False, True))
    late = [(o.first_ms - day.at_ms)[day.priority == p].mean() for o in (plain, robbing) for p in (1, 3)]
    assert late[0] < late[1]
    assert late[2] < late[0]
    assert late[3] > late[1]


def test_nobody_on_duty_and_nobody_comes() -> None:
    rng = np.random.default_rng(4)
    city = town(rng)
    day = calls(rng, city, 5, 60.0)
    never = Fleet(np.zeros(1, np.int32), 0, np.array([[int(day.at_ms[-1]) + 1_000, 0, 1]]))
    assert (fast.simulate(city, day, never, Policy()).first_ms > day.at_ms[-1]).all()
    off = Fleet(np.zeros(1, np.int32), 0, np.array([[0, 0, 0]]))
    found = fast.simulate(city, day, off, Policy())
    assert (found.first_ms == NEVER).all()
    same(fast.simulate(city, day, off, Policy(), keep_log=True), reference.simulate(city, day, off, Policy()))


def test_no_calls_at_all() -> None:
    rng = np.random.default_rng(4)
    city = town(rng)
    found = fast.simulate(city, calls(rng, city, 0, 60.0), fleet(rng, city, 3), Policy("move_utility"))
    assert (found.moves, found.busy_ms, found.first_ms.size) == (0, 0, 0)


@pytest.mark.parametrize(
    ("part", "change", "code"),
    [
        ("city", {"drive_ms": np.zeros((3, 5), np.int32)}, "simulate.lengths"),
        ("city", {"response_ms": np.full((40, 40), -1, np.int32)}, "simulate.times"),
        ("city", {"station": np.full(5, 40, np.int32)}, "simulate.points"),
        ("city", {"weights": np.zeros(40)}, "deploy.demand"),
        ("calls", {"at_ms": np.arange(9, -1, -1)}, "simulate.times"),
        ("calls", {"scene_ms": np.full(10, -1)}, "simulate.times"),
        ("calls", {"slow": np.zeros(10, np.int32)}, "simulate.times"),
        ("calls", {"priority": np.zeros(10, np.int32)}, "simulate.calls"),
        ("calls", {"priority": np.full(10, 6, np.int32)}, "simulate.calls"),
        ("calls", {"need": np.zeros(10, np.int32)}, "simulate.calls"),
        ("calls", {"need": np.ones(9, np.int32)}, "simulate.lengths"),
        ("calls", {"place": np.full(10, 40, np.int32)}, "simulate.points"),
        ("calls", {"then": np.full(10, 40, np.int32)}, "simulate.points"),
        ("fleet", {"base": np.full(2, 5, np.int32)}, "simulate.units"),
        ("fleet", {"base": np.empty(0, np.int32)}, "simulate.units"),
        ("fleet", {"turnout_ms": -1}, "simulate.units"),
        ("fleet", {"duty": np.array([[5, 9, 1]])}, "simulate.units"),
        ("fleet", {"duty": np.array([[5, 0, 1], [4, 0, 0]])}, "simulate.units"),
        ("fleet", {"duty": np.array([[5, 0, 2]])}, "simulate.units"),
        ("policy", {"kind": "wander"}, "simulate.policy"),
        ("policy", {"busy": 1.0}, "deploy.busy"),
    ],
)
def test_a_world_that_cannot_be_is_refused(part: str, change: dict[str, Any], code: str) -> None:
    rng = np.random.default_rng(1)
    city = town(rng)
    world: dict[str, Any] = {
        "city": city,
        "calls": calls(rng, city, 10, 60.0),
        "fleet": fleet(rng, city, 2),
        "policy": Policy(),
    }

    def run() -> Outcome:
        changed = City(**(_columns(city) | change)) if part == "city" else replace(world[part], **change)
        return fast.simulate(**(world | {part: changed}))

    with pytest.raises(EngineError) as refused:
        run()
    assert refused.value.code == code


def _columns(city: City) -> dict[str, Any]:
    return {n: getattr(city, n) for n in ("response_ms", "drive_ms", "station", "way", "covers", "weights")}
