"""The road graph: bytes and back, nearest node against brute force, and every check on a graph broken on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.city.errors import CityError
from anlan.city.geo import distance_m
from anlan.city.pack import City
from anlan.city.roads import (
    COLUMNS,
    EXPRESSWAY,
    FERRY,
    MAIN,
    MINOR,
    RoadGraph,
    load_roads,
    road_problems,
    save_order,
    save_roads,
    with_order,
)


def triangle() -> RoadGraph:
    lon, lat = np.array([120.0, 120.01, 120.0]), np.array([36.0, 36.0, 36.01])
    tail, head = np.array([0, 1, 2], np.int32), np.array([1, 2, 0], np.int32)
    metres = distance_m(lon[tail], lat[tail], lon[head], lat[head]).astype(np.float32)
    kind, name = np.zeros(3, np.int8), np.zeros(3, np.int32)
    return RoadGraph(lon, lat, tail, head, metres, metres / 10, kind, name, np.array([""]))


def codes(graph: RoadGraph) -> list[str]:
    return [code for code, _, _ in road_problems(graph)]


def test_a_sound_graph_has_no_problem_and_survives_the_disk() -> None:
    graph = triangle()
    assert codes(graph) == []
    again = load_roads(save_roads(graph))
    assert all(np.array_equal(getattr(graph, c), getattr(again, c)) for c in COLUMNS)
    assert save_roads(again) == save_roads(graph)
    with pytest.raises(ValueError, match="read-only"):
        again.metres[0] = 1.0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"metres": np.array([-1, 1500, 1500], np.float32)}, "roads.metres"),
        ({"metres": np.array([10, 1500, 1500], np.float32)}, "roads.too_short"),
        ({"seconds": np.array([0, 150, 150], np.float32)}, "roads.seconds"),
        ({"seconds": np.array([np.nan, 150, 150], np.float32)}, "roads.seconds"),
        ({"seconds": np.array([5, 150, 150], np.float32)}, "roads.too_fast"),
        ({"head": np.array([1, 2, 7], np.int32)}, "roads.arc_end"),
        ({"head": np.array([1, 0, 0], np.int32)}, "roads.not_connected"),
        ({"head": np.array([1, 1, 0], np.int32)}, "roads.loop"),
        ({"name": np.array([0, 0, 4], np.int32)}, "roads.name"),
        ({"kind": np.array([0, 0, 9], np.int8)}, "roads.kind"),
        ({"lon": np.array([np.nan, 120.0, 120.0])}, "roads.node_not_finite"),
        ({c: np.array([], d) for c, d in COLUMNS.items()}, "roads.empty"),
    ],
)
def test_each_fault_is_found(change: dict[str, np.ndarray], code: str) -> None:
    broken = {c: change.get(c, getattr(triangle(), c)) for c in COLUMNS}
    assert code in codes(RoadGraph(**broken))


def test_an_order_is_kept_for_its_own_graph_and_for_no_other() -> None:
    graph, order = triangle(), np.array([2, 0, 1], np.int32)
    kept = save_order(graph, order)
    assert with_order(graph, kept).order.tolist() == [2, 0, 1]
    slower = replace(graph, seconds=graph.seconds * 2)
    assert with_order(slower, kept).order is not None
    turned = replace(graph, tail=graph.head, head=graph.tail)
    for other, data in ((turned, kept), (graph, save_order(graph, order[:2])), (graph, save_order(graph, order * 0))):
        with pytest.raises(CityError, match=r"roads\.order"):
            with_order(other, data)
    with pytest.raises(CityError, match=r"roads\.column_missing"):
        with_order(graph, save_roads(graph))


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK\x03\x04cut off"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CityError, match=r"roads\.not_npz"):
        load_roads(data)


def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(CityError, match=r"roads\.lengths"):
        load_roads(save_roads(replace(triangle(), metres=np.array([1.0], np.float32))))


@given(lon=st.floats(119.6, 120.9), lat=st.floats(35.6, 37.1))
def test_nearest_node_agrees_with_brute_force(demo: City, lon: float, lat: float) -> None:
    assert demo.roads is not None
    node, metres = demo.roads.nearest_node(lon, lat)
    every = distance_m(lon, lat, demo.roads.lon, demo.roads.lat)
    assert metres == pytest.approx(every.min(), rel=1e-6, abs=0.01)
    assert every[node] == pytest.approx(metres, rel=1e-6, abs=0.01)


def test_the_demo_network_is_sound_and_has_every_kind_of_road(demo: City) -> None:
    graph = demo.roads
    assert graph is not None
    assert codes(graph) == []
    assert 3000 <= len(graph.lon) <= 6000
    assert set(graph.kind.tolist()) == {MINOR, MAIN, EXPRESSWAY, FERRY}
    assert {"胶州湾大桥", "胶州湾隧道", "灵山岛航线"} <= set(graph.names.tolist())
    assert len(set(graph.names.tolist())) == len(graph.names)
