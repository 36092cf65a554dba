"""Fixed bases against moving units: the best plan is the yardstick, seeds are fresh, and answers repeat."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from tests.engines.roads import grid_city, network
from tests.engines.town import town

from anlan.engines.deployment.problem import covered
from anlan.engines.simulate.build import demand_points
from anlan.engines.simulate.standby import COMPARED, Question, answer, fixed_bases, rate_for
from anlan.engines.simulate.study import Service
from anlan.engines.travel.roads import Roads

CITY = town(np.random.default_rng(5), points=60, stations=4, parts=6)
QUESTION = Question(CITY, 5, Service(900.0, (0.6, 0.4), 0.3, 300.0, (7,)), 360.0, 60.0, 0.3, 1_500, 6, 11)


def test_the_fixed_bases_are_the_best_of_all() -> None:
    fleet = fixed_bases(QUESTION, 0.4)
    units = np.bincount(fleet.base, minlength=4)
    best = max(
        covered(CITY.covers, CITY.weights, np.bincount(some, minlength=4), 0.4)
        for some in combinations_with_replacement(range(4), 5)
    )
    assert covered(CITY.covers, CITY.weights, units, 0.4) >= best * (1 - 1e-3)


def test_the_load_is_the_load_that_was_asked_for() -> None:
    found = answer(QUESTION)
    assert found.busy.mean == pytest.approx(0.3, abs=0.02)
    assert rate_for(QUESTION, fixed_bases(QUESTION, found.busy_assumed)) == found.every_s


def test_moving_helps_here_and_moves_without_time_help_more() -> None:
    steps: list[tuple[int, int]] = []
    found = answer(QUESTION, lambda done, of: steps.append((done, of)))
    assert [step[0] for step in steps] == list(range(1, len(steps) + 1))
    by_name = {c.policy: c for c in found.compared}
    assert set(by_name) == set(COMPARED)
    mover, ceiling = by_name["move_utility"], by_name["instant"]
    assert mover.late_change.high < 0.0
    assert ceiling.late.mean < mover.late.mean < found.static_late.mean
    assert found.floor <= ceiling.late.mean
    assert mover.late_change.mean == pytest.approx(mover.late.mean / found.static_late.mean - 1)
    assert by_name["dmexclp"].moves.mean == 0.0
    assert mover.moves.mean > 0.0
    again = answer(QUESTION)
    assert again.compared == found.compared


def test_demand_stands_where_streets_cross() -> None:
    roads = grid_city(14)
    asked = network(roads)
    points, weights = demand_points(roads, asked.usable, 30)
    assert 10 <= len(points) <= 30
    assert len(set(points.tolist())) == len(points)
    ends = np.unique(np.sort(np.column_stack([roads.tail, roads.head]), axis=1), axis=0)
    degree = np.bincount(ends.ravel(), minlength=roads.nodes)
    assert weights.sum() == (degree >= 3).sum()
    assert (degree[points] >= 3).all()


def test_a_road_without_crossings_still_has_demand() -> None:
    ends = np.array([[n, n + 1] for n in range(30)])
    both = np.concatenate([ends, ends[:, ::-1]])
    roads = Roads(np.arange(31) * 0.01, np.zeros(31), *both.T, np.full(60, 1_113), {"car": np.full(60, 80.0)})
    points, weights = demand_points(roads, network(roads).usable, 8)
    assert 1 < len(points) <= 8
    assert weights.sum() == 31
