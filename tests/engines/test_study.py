"""Calls, figures and intervals, and a simulated city made of roads."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engines.roads import grid_city, network
from tests.engines.town import town

from anlan.engines.errors import EngineError
from anlan.engines.simulate import fast
from anlan.engines.simulate.build import PARTS, city_on
from anlan.engines.simulate.study import Service, change, figures, interval, poisson_calls
from anlan.engines.simulate.world import NOWHERE, Fleet, Policy
from anlan.engines.travel.roads import Roads


def test_calls_have_the_shares_and_the_rate_asked_for() -> None:
    rng = np.random.default_rng(1)
    city = town(rng)
    service = Service(600.0, (0.5, 0.3, 0.2), 0.4, 200.0, (3, 9))
    made = poisson_calls(rng, city, 100_000, 90.0, service)
    assert made.at_ms[-1] / 1000 / 100_000 == pytest.approx(90.0, rel=0.02)
    assert made.scene_ms.mean() == pytest.approx(600_000, rel=0.02)
    assert [(made.priority == p).mean() for p in (1, 2, 3)] == pytest.approx([0.5, 0.3, 0.2], abs=0.01)
    places = np.bincount(made.place, minlength=40) / 100_000
    assert places == pytest.approx(city.weights / city.weights.sum(), abs=0.01)
    went = made.then != NOWHERE
    assert went.mean() == pytest.approx(0.4, abs=0.01)
    nearest = np.where(city.response_ms[made.place, 3] <= city.response_ms[made.place, 9], 3, 9)
    assert np.array_equal(made.then[went], nearest[went])
    again = poisson_calls(np.random.default_rng(5), city, 50, 90.0, service)
    assert np.array_equal(again.at_ms, poisson_calls(np.random.default_rng(5), city, 50, 90.0, service).at_ms)


def test_figures_count_what_came_after_the_warm_up() -> None:
    rng = np.random.default_rng(2)
    city = town(rng)
    made = poisson_calls(rng, city, 2_000, 300.0, Service(600.0))
    units = Fleet(np.arange(5, dtype=np.int32), 30_000)
    outcome = fast.simulate(city, made, units, Policy())
    found = figures(outcome, made, units, 400.0, warm_s=86_400.0)
    seconds = (outcome.first_ms - made.at_ms)[made.at_ms >= 86_400_000] / 1000
    assert found.calls == len(seconds)
    assert found.late == (seconds > 400.0).mean()
    assert found.mean_s == pytest.approx(seconds.mean())
    ms, what = fast.simulate(city, made, units, Policy(), keep_log=True).log[:, :2].T
    on_calls = ms[what == fast.CLEARED].sum() - ms[what == fast.SENT].sum()
    assert found.busy == pytest.approx(on_calls / (5 * outcome.end_ms))
    for code, run in (
        ("simulate.times", lambda: figures(outcome, made, units, 400.0, warm_s=1e9)),
        ("simulate.times", lambda: poisson_calls(rng, city, 5, 0.0, Service(1.0))),
    ):
        with pytest.raises(EngineError) as refused:
            run()
        assert refused.value.code == code


def test_a_call_that_nobody_reached_is_not_averaged_away() -> None:
    rng = np.random.default_rng(2)
    city = town(rng)
    made = poisson_calls(rng, city, 5, 300.0, Service(600.0))
    gone = Fleet(np.zeros(1, np.int32), 0, np.array([[0, 0, 0]]))
    with pytest.raises(EngineError, match=r"simulate\.unanswered"):
        figures(fast.simulate(city, made, gone, Policy()), made, gone, 400.0)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    held = [i.low <= 5.0 <= i.high for i in (interval(rng.normal(5, 2, 8).tolist()) for _ in range(4_000))]
    assert np.mean(held) == pytest.approx(0.95, abs=0.012)
    less = change([2.0, 4.0], [1.0, 2.0])
    assert less.mean == pytest.approx(-0.5)
    assert less.low < -0.5 < less.high
    for values in ([], [1.0]):
        with pytest.raises(EngineError, match=r"simulate\.replications"):
            interval(values)
    with pytest.raises(EngineError, match=r"simulate\.replications"):
        change([1.0, 2.0], [1.0])


def test_a_city_of_roads_has_the_roads_own_times() -> None:
    roads = grid_city(vehicles=("lights", "normal"))
    asked = network(roads)
    points, stations = np.arange(0, 144, 3, dtype=np.int32), np.array([0, 70, 143], np.int32)
    weights = np.ones(len(points))
    city = city_on(asked, points, weights, stations, urgent="lights", calm="normal", cover_s=60.0)
    nodes = np.concatenate([points, [70, 143]])
    assert nodes[city.station].tolist() == [0, 70, 143]
    assert np.array_equal(city.response_ms, np.rint(asked.matrix(nodes, nodes, "lights") * 1000))
    assert np.array_equal(city.drive_ms, np.rint(asked.matrix(nodes, stations, "normal") * 1000))
    assert np.array_equal(city.covers, asked.matrix(stations, nodes, "lights") <= 60.0)
    assert city.weights.tolist() == [1.0] * 48 + [0.0] * 2
    assert (city.way[:, :, -1] == city.station).all()
    assert city.way.shape == (50, 3, PARTS)
    left = city.drive_ms[city.way, np.arange(3)[None, :, None]]
    assert (np.diff(left, axis=2) <= 60_000).all()  # one never gets much farther from where one is going
    outcome = fast.simulate(
        city,
        poisson_calls(np.random.default_rng(1), city, 500, 200.0, Service(300.0)),
        Fleet(np.array([0, 1, 2, 2], np.int32), 20_000),
        Policy("move_utility", patience_s=300.0),
    )
    assert outcome.moves > 0


def test_an_island_in_the_table_is_refused() -> None:
    roads = Roads([0, 0.01, 0.02, 0.03], [0] * 4, [0, 1, 2, 3], [1, 0, 3, 2], [900] * 4, {"car": np.full(4, 60.0)})
    nodes = np.arange(4, dtype=np.int32)
    with pytest.raises(EngineError, match=r"simulate\.unreachable"):
        city_on(network(roads), nodes, np.ones(4), nodes[:1], urgent="car", calm="car", cover_s=60.0)
