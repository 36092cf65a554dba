"""The reachable area: times against the router, pieces that end when the time does, an outline that holds them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from tests.engines.roads import grid_city, network, referee

from anlan.engines.errors import EngineError
from anlan.engines.travel.reachable import BESIDE_M, outline, pieces, seconds_to_nodes
from anlan.engines.travel.roads import Roads


def test_times_stop_at_the_limit() -> None:
    roads = grid_city()
    truth = referee(roads, roads.seconds["lights"], 70) / 1000
    found = seconds_to_nodes(network(roads), 70, 60.0, "lights")
    assert np.array_equal(np.isfinite(found), truth <= 60.0)
    assert np.array_equal(found[np.isfinite(found)], truth[truth <= 60.0])
    for seconds in (0.0, -1.0, np.nan):
        with pytest.raises(EngineError, match=r"travel\.seconds_max"):
            seconds_to_nodes(network(roads), 70, seconds, "lights")


def test_the_last_piece_is_driven_in_part() -> None:
    roads = Roads([0, 0.01, 0.03], [0, 0, 0], [0, 1], [1, 2], [1113, 2226], {"car": [100.0, 200.0]})
    driven = pieces(network(roads), 0, 150.0, "car")
    assert driven.tolist() == [[[0, 0], [0.01, 0]], [[0.01, 0], [pytest.approx(0.015), 0]]]


def test_the_outline_holds_what_is_reached_and_little_more() -> None:
    roads = grid_city(20)
    asked = network(roads)
    area = shapely.union_all([shapely.Polygon(r[0], r[1:]) for r in outline(asked, 210, 90.0, "lights")])
    assert area.is_valid
    lines = shapely.linestrings(pieces(asked, 210, 90.0, "lights"))
    degrees = BESIDE_M / 111_195
    assert area.buffer(degrees / 3).covers(shapely.union_all(lines))
    assert shapely.union_all(lines).buffer(3 * degrees).covers(area)


def test_a_dead_end_still_has_an_outline_round_its_place() -> None:
    roads = Roads([120.0, 120.01], [36, 36], [0], [1], [900], {"car": [60.0]})
    rings = outline(network(roads), 1, 60.0, "car")
    assert len(rings) == 1
    assert shapely.Polygon(rings[0][0]).contains(shapely.Point(120.01, 36.0))
