"""The demand surface and the shifts, against simple sums and trying everything."""

from __future__ import annotations

from itertools import product
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.engines.deployment.demand import choose_strength, kernel, rates
from anlan.engines.deployment.shifts import needed, plan_shifts
from anlan.engines.errors import EngineError


def test_rates_lie_between_what_was_seen_and_the_usual() -> None:
    counts, seen = np.array([[8.0, 0.0], [2.0, 10.0]]), np.array([4.0, 4.0])
    assert rates(counts, seen, 0.0) == pytest.approx(counts / seen)
    usual = np.array([[0.4 * 2.5, 0.4 * 2.5], [0.6 * 2.5, 0.6 * 2.5]])
    assert rates(counts, seen, 1e9) == pytest.approx(usual, rel=1e-6)
    assert rates(counts, seen, 4.0) == pytest.approx((counts / seen + usual) / 2)
    assert rates(counts, seen, 7.0).sum() == pytest.approx(counts.sum() / 4.0)


def test_a_quiet_zone_beside_a_busy_one_is_lent_some_calls() -> None:
    near = kernel([120.0, 120.001, 120.5], [36.0, 36.0, 36.0], 300.0)
    assert near.sum(axis=1) == pytest.approx(1.0)
    assert near[0, 1] > 0.3
    assert near[0, 2] == 0.0
    found = rates([[30.0], [0.0], [0.0]], [10.0], 5.0, near)
    assert found[1, 0] > 0.0
    assert found[2, 0] == 0.0


def test_the_strength_is_the_one_that_foretells_best() -> None:
    rng = np.random.default_rng(1)
    flat = np.full((60, 24), 0.05) * rng.uniform(0.2, 3, (60, 1)) * rng.uniform(0.3, 2, 24)
    few = rng.poisson(flat * 7)
    later = rng.poisson(flat * 200)
    strong, scores = choose_strength(few, np.full(24, 7.0), later, np.full(24, 200.0))
    assert strong == max(scores, key=lambda s: scores[s]) == 300.0  # the truth has the usual pattern
    own = np.where(np.arange(60)[:, None] % 2 == 0, flat * 3, flat * 0.1)[:, rng.permutation(24)]
    own[:30] *= np.r_[np.full(12, 0.1), np.full(12, 3.0)]
    weak, _ = choose_strength(rng.poisson(own * 300), np.full(24, 300.0), rng.poisson(own * 300), np.full(24, 300.0))
    assert weak < 300.0


def test_demand_that_cannot_be_is_refused() -> None:
    for code, run in (
        ("demand.counts", lambda: rates([[-1.0]], [1.0], 1.0)),
        ("demand.counts", lambda: rates([[1.0]], [0.0], 1.0)),
        ("demand.counts", lambda: rates([[1.0]], [1.0, 1.0], 1.0)),
        ("demand.counts", lambda: rates([1.0], [1.0], 1.0)),
        ("demand.none", lambda: rates([[0.0]], [1.0], 1.0)),
        ("demand.strength", lambda: rates([[1.0]], [1.0], -1.0)),
        ("demand.near", lambda: rates([[1.0]], [1.0], 1.0, np.array([[0.5]]))),
        ("demand.reach", lambda: kernel([1.0], [1.0], 0.0)),
        ("demand.counts", lambda: choose_strength([[1.0]], [1.0], [[1.0], [1.0]], [1.0])),
    ):
        with pytest.raises(EngineError) as refused:
            run()
        assert refused.value.code == code


def erlang_c(load: float, units: int) -> float:
    top = load**units / factorial(units) * units / (units - load)
    return top / (sum(load**k / factorial(k) for k in range(units)) + top)


@pytest.mark.parametrize(("calls", "busy_s"), [(6.0, 1800.0), (0.5, 900.0), (30.0, 2400.0), (12.0, 3600.0)])
def test_units_needed_by_erlangs_own_formula(calls: float, busy_s: float) -> None:
    load = calls * busy_s / 3600
    for share in (0.01, 0.1, 0.5):
        units = needed(calls, busy_s, share)
        assert erlang_c(load, units) <= share
        assert units - 1 <= load or erlang_c(load, units - 1) > share


def test_no_calls_need_nobody_and_nonsense_is_refused() -> None:
    assert needed(0.0, 900.0, 0.1) in {0, 1}
    for given_ in ((-1.0, 900.0, 0.1), (1.0, 0.0, 0.1), (1.0, 900.0, 1.0), (np.inf, 900.0, 0.1), (1e9, 900.0, 0.1)):
        with pytest.raises(EngineError, match=r"shift\.load"):
            needed(*given_)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_shifts_are_the_fewest_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hours, length = 6, int(rng.integers(1, 5))
    needs = rng.integers(0, 4, hours)
    plan = plan_shifts(needs, length)
    assert (plan.on_duty >= needs).all()
    on = (np.arange(hours)[:, None] - np.arange(hours)) % hours < length
    assert np.array_equal(plan.on_duty, on @ plan.units)
    fewest = min(sum(some) for some in product(range(4), repeat=hours) if (on @ np.array(some) >= needs).all())
    assert plan.hours == fewest * length
    assert plan.bound == pytest.approx(plan.hours)


def test_shifts_that_cannot_be_are_refused() -> None:
    for code, run in (
        ("shift.needs", lambda: plan_shifts([], 1)),
        ("shift.needs", lambda: plan_shifts([1, -1], 1)),
        ("shift.needs", lambda: plan_shifts([1.5, 1.0], 1)),
        ("shift.needs", lambda: plan_shifts([1, 1], 3)),
        ("shift.needs", lambda: plan_shifts([1, 1], 1, starts=[2])),
        ("shift.needs", lambda: plan_shifts([1, 1], 1, starts=[])),
        ("shift.uncovered", lambda: plan_shifts([1, 1], 1, starts=[0])),
    ):
        with pytest.raises(EngineError) as refused:
            run()
        assert refused.value.code == code
    assert plan_shifts([0, 2], 1, starts=[1]).units.tolist() == [2]
