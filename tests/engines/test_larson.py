"""Larson's model: exactly against Erlang and against simulation, approximately against both."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest

from anlan.engines.errors import EngineError
from anlan.engines.larson import EXACT_MAX, Workload, approximate, exact
from anlan.engines.larson_pairs import Pairs
from anlan.engines.simulate import fast
from anlan.engines.simulate.study import Service, poisson_calls
from anlan.engines.simulate.world import City, Fleet, Policy

SCENE_S = 1_200.0


def city(units: int, zones: int, seed: int) -> City:
    """Units on zones that have demand, 12 m/s; nobody is ever turned round on the way home (it takes no time)."""
    rng = np.random.default_rng(seed)
    xy, weights = rng.normal(15_000, 6_000, (zones, 2)), rng.gamma(1.0, 1.0, zones)
    station = rng.choice(zones, units, replace=False, p=weights / weights.sum()).astype(np.int32)
    response = np.rint(np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)) * 1.3 / 12 * 1000).astype(np.int32)
    way = np.repeat(station[None, :, None], zones, axis=0)
    return City(response, response[:, station], station, way, response[station] <= 480_000, weights / weights.sum())


def simulated(made: City, every_s: float, count: int) -> tuple[float, np.ndarray]:
    """Mean drive and each unit's busy share by the compiled simulator, going home at once."""
    calls = poisson_calls(np.random.default_rng(8), made, count, every_s, Service(SCENE_S))
    units = len(made.station)
    fleet = Fleet(np.arange(units, dtype=np.int32), 0)
    run = fast.simulate(made, calls, fleet, Policy("home", instant=True), keep_log=True)
    ms, what, who, _ = run.log.T
    sums = {w: np.bincount(who[what == w], ms[what == w], units) for w in (fast.SENT, fast.ARRIVED, fast.CLEARED)}
    drive = (sums[fast.ARRIVED] - sums[fast.SENT]).sum() / count / 1000
    return float(drive), (sums[fast.CLEARED] - sums[fast.SENT]) / run.end_ms


def seconds(made: City) -> np.ndarray:
    return made.response_ms[made.station] / 1000


@pytest.mark.parametrize(("units", "load"), [(1, 0.5), (3, 0.6), (6, 0.4)])
def test_without_driving_the_exact_model_is_erlangs(units: int, load: float) -> None:
    found = exact(np.zeros((units, 4)), np.full(4, load * units / SCENE_S / 4), SCENE_S)
    offered = load * units
    top = offered**units / factorial(units) * units / (units - offered)
    assert found.waits == pytest.approx(top / (sum(offered**k / factorial(k) for k in range(units)) + top))
    assert found.busy.mean() == pytest.approx(load)
    assert found.travel_s == 0.0


@pytest.mark.parametrize(("units", "load"), [(2, 0.15), (5, 0.25), (7, 0.3)])
def test_the_exact_model_is_what_simulation_converges_to(units: int, load: float) -> None:
    made = city(units, 60, units)
    every_s = 1_600.0 / (load * units)
    drive, busy = simulated(made, every_s, 400_000)
    found = exact(seconds(made), made.weights / every_s, SCENE_S)
    assert found.busy == pytest.approx(busy, abs=0.012)
    assert found.travel_s == pytest.approx(drive, rel=0.03)


@pytest.mark.parametrize("load", [0.2, 0.4, 0.5])
@pytest.mark.parametrize("units", [1, 2, 6, 10])
def test_the_approximation_is_near_the_exact_model(units: int, load: float) -> None:
    made = city(units, 60, units)
    rates = made.weights * load * units / 1_600.0
    told, found = exact(seconds(made), rates, SCENE_S), approximate(seconds(made), rates, SCENE_S)
    assert found.busy == pytest.approx(told.busy, abs=0.012)
    assert found.travel_s == pytest.approx(told.travel_s, rel=0.02)
    assert found.waits == pytest.approx(told.waits, abs=0.012)


@pytest.mark.parametrize(("units", "zones", "load"), [(16, 300, 0.3), (60, 500, 0.35)])
def test_the_approximation_is_near_simulation(units: int, zones: int, load: float) -> None:
    made = city(units, zones, 3)
    every_s = 1_600.0 / (load * units)
    drive, busy = simulated(made, every_s, 200_000)
    found = approximate(seconds(made), made.weights / every_s, SCENE_S, 480.0)
    assert found.travel_s == pytest.approx(drive, rel=0.02)
    assert np.abs(found.busy - busy).mean() < 0.01


def test_the_busiest_units_of_a_large_city_are_told_too() -> None:
    made = city(120, 1_000, 5)
    every_s = 1_400.0 / (0.45 * 120)
    drive, busy = simulated(made, every_s, 1_500_000)
    found = approximate(seconds(made), made.weights / every_s, SCENE_S)
    apart = np.abs(found.busy - busy)
    assert apart.mean() < 0.005
    assert apart.max() < 0.015
    assert found.travel_s == pytest.approx(drive, rel=0.02)


def test_without_covariance_a_list_is_gone_down_as_by_chance_and_with_it_further() -> None:
    order, drive, busy = np.array([[0, 1, 2]]), np.zeros((1, 3)), np.array([0.5, 0.4, 0.3])
    pairs = Pairs(order, drive, np.ones(1))
    pairs.walk(busy, np.zeros(3))
    by_chance = np.array([0.5, 0.5 * 0.6, 0.5 * 0.4 * 0.7])
    assert pairs.sent[0] == pytest.approx(by_chance / by_chance.sum())
    done, driven, gain = pairs.walk(busy, np.full(3, 0.03))
    both = np.array([0.5, 0.5 - 0.5 * 0.4 - 0.03])  # the second is sent when the first is busy and it is free itself
    assert pairs.sent[0, 1] / pairs.sent[0, 0] == pytest.approx(both[1] / both[0], rel=0.01)
    assert done == pytest.approx(pairs.sent[0])
    assert (driven == 0.0).all()
    assert gain.shape == pairs.first.shape == (3,)


def test_units_of_one_place_are_sent_one_after_the_other() -> None:
    made = city(8, 200, 6)
    table = np.vstack([seconds(made), seconds(made)])
    found = approximate(table, made.weights * 16 * 0.3 / 1_400.0, SCENE_S)
    assert (found.busy[:8] > found.busy[8:]).all()


def test_units_that_are_hardly_ever_sent_are_hardly_ever_busy() -> None:
    made = city(40, 300, 2)
    table = np.vstack([seconds(made), np.full((60, 300), 9_000.0)])
    found = approximate(table, made.weights * 40 * 0.05 / 1_400.0, SCENE_S)
    assert found.busy[:40].mean() == pytest.approx(0.05, abs=0.01)
    assert (found.busy[40:] < 1e-4).all()


def test_where_the_drives_grow_with_the_load_nothing_stands_still() -> None:
    """Alone they would be busy six tenths of the time: but whoever is sent farther is busy longer."""
    made = city(40, 400, 1)
    far = 6.0 * seconds(made)
    alone = SCENE_S + float(far.min(axis=0) @ made.weights)
    with pytest.raises(EngineError) as refused:
        approximate(far, made.weights * 40 * 0.6 / alone, SCENE_S)
    assert refused.value.code == "plan.overload"


def consistent(found: Workload, made: City) -> None:
    assert ((found.busy > 0) & (found.busy < 1)).all()
    assert float(made.weights @ found.zone_s) == pytest.approx(found.travel_s)
    assert 0.0 < found.in_time < 1.0


def test_dragging_a_unit_to_the_calls_shortens_the_drive() -> None:
    made = city(10, 200, 4)
    rates = made.weights / 500.0
    before = approximate(seconds(made), rates, SCENE_S, 300.0)
    table = seconds(made).copy()
    worst = int(np.argmin(before.busy))
    table[worst] = made.response_ms[int(np.nanargmax(before.zone_s * made.weights))] / 1000
    after = approximate(table, rates, SCENE_S, 300.0)
    for found in (before, after):
        consistent(found, made)
    assert after.travel_s < before.travel_s
    assert after.in_time > before.in_time


def test_what_cannot_be_planned_is_refused() -> None:
    ones = np.ones((2, 3))
    for code, run in (
        ("plan.lengths", lambda: approximate(np.ones(3), np.ones(3), 1.0)),
        ("plan.lengths", lambda: approximate(ones, np.ones(2), 1.0)),
        ("plan.times", lambda: approximate(ones * np.inf, np.ones(3), 1.0)),
        ("plan.times", lambda: approximate(ones, np.ones(3), 0.0)),
        ("plan.demand", lambda: exact(ones, np.zeros(3), 1.0)),
        ("plan.demand", lambda: exact(ones, [1.0, np.nan, 1.0], 1.0)),
        ("plan.overload", lambda: approximate(ones, np.ones(3), 10.0)),
        ("plan.overload", lambda: exact(ones, np.ones(3), 10.0)),
        ("plan.too_many", lambda: exact(np.ones((EXACT_MAX + 1, 3)), np.full(3, 1e-3), 10.0)),
    ):
        with pytest.raises(EngineError) as refused:
            run()
        assert refused.value.code == code
