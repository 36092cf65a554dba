"""Location models against trying every plan: the value is the best there is, and the bound is never below the truth."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, combinations_with_replacement
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.engines.deployment.expected_cover import solve
from anlan.engines.deployment.p_center import p_center
from anlan.engines.deployment.p_median import interchange, p_median
from anlan.engines.deployment.problem import CoverProblem, covered, mclp, mexclp
from anlan.engines.deployment.relaxation import bound, relax
from anlan.engines.deployment.set_cover import set_cover, within
from anlan.engines.errors import EngineError

SEEDS = st.integers(0, 2**32 - 1)


def plans(problem: CoverProblem) -> Iterator[np.ndarray]:
    """Every plan within the limits of the sites and the floors of the districts."""
    sites = len(problem.least)
    for chosen in combinations_with_replacement(range(sites), problem.units):
        units = np.bincount(chosen, minlength=sites)
        if (units >= problem.least).all() and (units <= problem.most).all() and keeps_floors(problem, units):
            yield units


def keeps_floors(problem: CoverProblem, units: np.ndarray) -> bool:
    for district, floor in enumerate(problem.floors):
        mine = problem.district == district
        whole = problem.weights[mine].sum()
        if covered(problem.covers[:, mine], problem.weights[mine], units, problem.busy) < floor * whole - 1e-9:
            return False
    return True


def best(problem: CoverProblem) -> float | None:
    return max((covered(problem.covers, problem.weights, u, problem.busy) for u in plans(problem)), default=None)


def random_problem(seed: int, *, floors: bool) -> CoverProblem:
    rng = np.random.default_rng(seed)
    sites, zones, units = int(rng.integers(1, 6)), int(rng.integers(1, 12)), int(rng.integers(1, 5))
    least = (rng.random(sites) < 0.2).astype(int)
    most = np.maximum(least, rng.integers(0, 4, sites))
    units = int(np.clip(units, max(1, least.sum()), max(1, most.sum())))
    if most.sum() == 0:
        most[0] = 1
    return mexclp(
        rng.random((sites, zones)) < rng.choice([0.1, 0.3, 0.7]),
        rng.choice([0.0, 1.0, 1.0, 2.5, 40.0], zones) + (np.arange(zones) == 0),
        units,
        float(rng.choice([0.0, 0.05, 0.5, 0.9])),
        least=least,
        most=most,
        district=rng.integers(-1, 2, zones),
        floors=rng.choice([0.0, 0.3, 0.6], 2) if floors else [0.0, 0.0],
    )


@settings(max_examples=150, deadline=None)
@given(seed=SEEDS)
def test_expected_cover_is_the_best_of_all_plans(seed: int) -> None:
    problem = random_problem(seed, floors=False)
    truth = best(problem)
    assert truth is not None
    plan = solve(problem, gap=0.0)
    assert plan.value == pytest.approx(truth, abs=1e-9)
    assert plan.bound >= truth - 1e-9
    assert plan.gap <= 1e-6
    assert any(np.array_equal(plan.units, units) for units in plans(problem))
    rough = solve(problem, gap=0.05)
    assert rough.value >= 0.95 * truth - 1e-9
    assert rough.bound >= truth - 1e-9


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_floors_of_districts_are_kept_or_refused(seed: int) -> None:
    problem = random_problem(seed, floors=True)
    truth = best(problem)
    if truth is None:
        with pytest.raises(EngineError, match=r"deploy\.floors"):
            solve(problem, gap=0.0)
        return
    plan = solve(problem, gap=0.0)
    assert keeps_floors(problem, plan.units)
    assert plan.value == pytest.approx(truth, abs=1e-5 * max(1.0, truth))
    assert plan.bound >= truth - 1e-9


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_the_bound_holds_for_any_prices(seed: int) -> None:
    problem = random_problem(seed, floors=True)
    truth = best(problem)
    rng = np.random.default_rng(seed)
    some = rng.choice([0.0, 1e-9, 0.3, 5.0], problem.weights.size), rng.uniform(0, 2, 2)
    if truth is not None and problem.weights.min() > 0.0:
        assert bound(problem, *some) >= truth - 1e-9


def test_the_relaxation_is_never_worse_than_its_own_bound() -> None:
    rng = np.random.default_rng(5)
    problem = mexclp(rng.random((30, 120)) < 0.15, rng.uniform(1, 9, 120), 12, 0.4)
    found = relax(problem)
    assert found.units.sum() == pytest.approx(12.0)
    assert found.bound >= solve(problem, 0.0).value - 1e-9


def test_a_middling_city_is_solved_to_the_gap_and_always_the_same() -> None:
    rng = np.random.default_rng(11)
    places, zones = rng.uniform(0, 20_000, (80, 2)), rng.uniform(0, 20_000, (400, 2))
    covers = np.hypot(*(places[:, None] - zones).transpose(2, 0, 1)) < 3_000
    weights = rng.gamma(0.7, 10, 400)
    for problem in (mclp(covers, weights, 12), mexclp(covers, weights, 40, 0.5)):
        first, second = solve(problem), solve(problem)
        assert first.gap <= 1e-3
        assert first.units.sum() == problem.units
        assert np.array_equal(first.units, second.units)
        assert first.value == covered(covers, weights, first.units, problem.busy)


@pytest.mark.parametrize("floors", [(), (0.2, 0.2)])
def test_where_any_site_may_have_all_units_the_plan_is_the_best_there_is(floors: tuple[float, ...]) -> None:
    """Squares that reach themselves, some also each other: there the solver's own preparation once took twenty
    seconds."""
    zones, pairs, units = 480, 24, 200
    covers = np.eye(zones, dtype=np.bool_)
    covers[np.arange(pairs), np.arange(pairs) ^ 1] = True
    weights = np.random.default_rng(1).gamma(0.7, 10.0, zones)
    plan = solve(mexclp(covers, weights, units, 0.3, district=np.arange(zones) % 2 if floors else -1, floors=floors))
    apart = np.concatenate([weights[:pairs].reshape(-1, 2).sum(axis=1), weights[pairs:]])
    steps = np.sort((apart[:, None] * 0.7 * 0.3 ** np.arange(units)).ravel())[::-1]  # each square's units, one by one
    assert plan.value <= steps[:units].sum() * (1 + 1e-12) <= plan.bound * (1 + 1e-9)
    assert plan.gap <= 1e-3


def test_nothing_can_be_covered() -> None:
    nobody = mclp(np.zeros((3, 4), np.bool_), np.ones(4), 2)
    plan = solve(nobody)
    assert (plan.value, plan.bound, plan.gap, plan.units.sum()) == (0.0, 0.0, 0.0, 2)
    with pytest.raises(EngineError, match=r"deploy\.floors"):
        solve(mclp(np.zeros((3, 4), np.bool_), np.ones(4), 2, district=np.zeros(4), floors=[0.5]))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"covers": np.ones(4)}, "deploy.lengths"),
        ({"weights": [1.0]}, "deploy.lengths"),
        ({"weights": [0.0] * 4}, "deploy.demand"),
        ({"weights": [1.0, -1.0, 1.0, 1.0]}, "deploy.demand"),
        ({"weights": [1.0, np.nan, 1.0, 1.0]}, "deploy.demand"),
        ({"busy": 1.0}, "deploy.busy"),
        ({"busy": -0.1}, "deploy.busy"),
        ({"units": 0}, "deploy.units"),
        ({"units": 4, "most": 1}, "deploy.units"),
        ({"least": 1, "units": 2}, "deploy.units"),
        ({"least": 2, "most": 1}, "deploy.limits"),
        ({"least": -1}, "deploy.limits"),
        ({"district": [0, 1, 1, 0], "floors": [0.5]}, "deploy.lengths"),
        ({"district": [-2, 0, 0, 0], "floors": [0.5]}, "deploy.lengths"),
        ({"district": 0, "floors": [1.5]}, "deploy.floor"),
    ],
)
def test_what_cannot_be_asked_is_refused(change: dict[str, Any], code: str) -> None:
    asked = {"covers": np.ones((3, 4)), "weights": [1.0] * 4, "units": 2, "busy": 0.5} | change
    with pytest.raises(EngineError) as refused:
        mexclp(**asked)
    assert refused.value.code == code


@settings(max_examples=120, deadline=None)
@given(seed=SEEDS, whole=st.booleans())
def test_p_median_is_the_best_of_all_plans(seed: int, *, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    sites, zones = int(rng.integers(1, 8)), int(rng.integers(1, 15))
    p = int(rng.integers(1, sites + 1))
    seconds = rng.integers(0, 50, (sites, zones)).astype(float) if whole else rng.uniform(0, 50, (sites, zones))
    weights = rng.integers(0, 4, zones) + (np.arange(zones) == 0)
    truth = min(float((weights * seconds[list(some)].min(axis=0)).sum()) for some in combinations(range(sites), p))
    plan = p_median(seconds, weights, p, gap=0.0, whole=whole)
    assert plan.value == pytest.approx(truth)
    assert plan.bound <= truth + 1e-9
    assert plan.gap < 1e-6
    assert plan.units.sum() == p
    assert set(plan.units.tolist()) <= {0, 1}


def test_interchange_ends_where_no_exchange_helps() -> None:
    rng = np.random.default_rng(2)
    cost = rng.uniform(0, 100, (30, 60))
    found = interchange(cost, np.arange(5))
    value = cost[found].min(axis=0).sum()
    for old in range(5):
        for new in set(range(30)) - set(found.tolist()):
            assert cost[[*np.delete(found, old), new]].min(axis=0).sum() >= value - 1e-9


def test_p_median_across_the_water() -> None:
    far = np.inf
    island = [[1.0, 2.0, far], [2.0, 1.0, far], [far, far, 1.0]]
    assert p_median(island, [1, 1, 1], 2).sites.tolist() in ([0, 2], [1, 2])
    assert p_median(island, [1, 1, 0], 1).value == 3.0
    with pytest.raises(EngineError, match=r"deploy\.units_few"):
        p_median(island, [1, 1, 1], 1)
    with pytest.raises(EngineError, match=r"deploy\.unreachable"):
        p_median(island[:2], [1, 1, 1], 1)


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_p_center_and_set_cover_are_the_best_of_all_plans(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sites, zones = int(rng.integers(1, 8)), int(rng.integers(1, 15))
    p, seconds = int(rng.integers(1, sites + 1)), rng.integers(0, 30, (sites, zones)).astype(float)
    truth = min(seconds[list(some)].min(axis=0).max() for some in combinations(range(sites), p))
    plan = p_center(seconds, p)
    assert plan.value == plan.bound == truth
    assert plan.units.sum() <= p
    covers = seconds <= truth
    fewest = next(
        n for n in range(1, sites + 1) for some in combinations(range(sites), n) if covers[list(some)].any(axis=0).all()
    )
    cover = set_cover(covers)
    assert cover.value == cover.bound == cover.units.sum() == fewest
    assert covers[cover.sites].any(axis=0).all()
    assert within(covers, fewest) is not None
    assert within(covers, fewest - 1) is None


def test_distances_that_cannot_be_are_refused() -> None:
    ones = np.ones((3, 2))
    for code, run in (
        ("deploy.seconds", lambda: p_median([[np.nan, 1.0]], [1, 1], 1)),
        ("deploy.seconds", lambda: p_center([[-1.0, 1.0]], 1)),
        ("deploy.lengths", lambda: p_median(ones, [1], 1)),
        ("deploy.lengths", lambda: p_center(np.empty((0, 0)), 1)),
        ("deploy.demand", lambda: p_median(ones, [0, 0], 1)),
        ("deploy.units", lambda: p_median(ones, [1, 1], 4)),
        ("deploy.units", lambda: p_center(ones, 0)),
        ("deploy.units_few", lambda: p_center([[1.0, np.inf], [np.inf, 1.0]], 1)),
        ("deploy.units_few", lambda: p_center([[1.0, np.inf]], 1)),
        ("deploy.uncoverable", lambda: set_cover([[True, False]])),
        ("deploy.lengths", lambda: set_cover(np.empty((0, 0)))),
    ):
        with pytest.raises(EngineError) as refused:
            run()
        assert refused.value.code == code
