"""Travel times: both routers against a referee of our own, bad roads refused, traffic, closures, bytes and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.roads import grid_city, network, random_roads, referee

from anlan.engines.errors import EngineError
from anlan.engines.travel import network as network_module
from anlan.engines.travel.network import Kind, Network
from anlan.engines.travel.reachable import pieces
from anlan.engines.travel.roads import Roads
from anlan.engines.travel.snap import OFF_ROAD

KINDS: list[Kind] = ["hierarchy", "dijkstra"]


def as_seconds(found: np.ndarray) -> np.ndarray:
    return np.where(found < 0, np.inf, found / 1000)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_question_agrees_with_the_referee(kind: Kind, seed: int) -> None:
    roads = random_roads(seed)
    asked, everywhere = network(roads, kind), np.arange(roads.nodes)
    assert asked.kind == kind
    truth = np.array([as_seconds(referee(roads, roads.seconds["car"], int(s))) for s in everywhere])
    assert np.array_equal(asked.matrix(everywhere, everywhere, "car"), truth)
    assert np.array_equal(asked.matrix(everywhere, everywhere[:1], "car"), truth[:, :1])
    source = seed % roads.nodes
    assert np.array_equal(asked.seconds_from(source, everywhere, "car"), truth[source])
    assert np.array_equal(asked.seconds_to(everywhere, source, "car"), truth[:, source])
    for target in everywhere.tolist():
        if not np.isfinite(truth[source, target]):
            with pytest.raises(EngineError, match=r"travel\.unreachable"):
                asked.route(source, target, "car")
            continue
        route = asked.route(source, target, "car")
        assert route.seconds == truth[source, target]
        assert (route.nodes[0], route.nodes[-1]) == (source, target)
        assert np.array_equal(roads.tail[route.arcs], route.nodes[:-1])
        assert np.array_equal(roads.head[route.arcs], route.nodes[1:])
        assert route.metres == len(route.arcs)


@pytest.mark.parametrize("kind", KINDS)
def test_who_walks_goes_against_a_one_way_street_and_cars_do_not(kind: Kind) -> None:
    """A ring of four, driven one way round; the last street is closed to those on foot."""
    tail, head = np.arange(4), np.array([1, 2, 3, 0])
    seconds = {"car": np.full(4, 10.0), "foot": np.array([60.0, 70.0, 80.0, np.inf])}
    roads = Roads(120.0 + tail / 1000, np.full(4, 36.0), tail, head, np.full(4, 100.0), seconds)
    asked = Network(roads, kind, walks=["foot"])
    assert asked.matrix([2], [0], "car") == 20.0
    assert asked.matrix([2, 3, 0], [0], "foot").ravel().tolist() == [130.0, 210.0, 0.0]
    route = asked.route(2, 0, "foot")
    assert (route.arcs.tolist(), route.nodes.tolist(), route.seconds, route.metres) == ([1, 0], [2, 1, 0], 130.0, 200.0)
    shut = asked.reweighted("foot", np.array([60.0, np.inf, 80.0, np.inf]))
    assert np.isinf(shut.matrix([2], [0], "foot")).all()
    again = Network.load(asked.save(), kind)
    assert np.array_equal(again.matrix(tail, tail, "foot"), asked.matrix(tail, tail, "foot"))
    assert np.isinf(Network(roads, kind).matrix([2], [0], "foot")).all()
    assert np.array_equal(asked.usable, Network(roads, kind).usable)
    walked, driven = pieces(asked, 2, 500.0, "foot"), pieces(asked, 2, 500.0, "car")
    assert sorted(walked[:, 0, 0].round(4).tolist()) == [120.0, 120.001, 120.001, 120.002, 120.002, 120.003]
    assert len(driven) == 4


def test_both_routers_agree_on_a_town() -> None:
    roads = grid_city(20, seed=3)
    some = np.arange(0, 400, 7)
    fast, plain = (network(roads, kind).matrix(some, some, "lights") for kind in KINDS)
    assert np.array_equal(fast, plain)
    assert len(np.unique(fast)) > 3000


@pytest.mark.parametrize("kind", KINDS)
def test_traffic_and_closures_make_a_new_network_and_leave_the_old(kind: Kind) -> None:
    roads = grid_city(vehicles=("lights", "normal"))
    before = network(roads, kind)
    route = before.route(0, 143, "lights")
    seconds = roads.seconds["lights"].copy()
    seconds[route.arcs[3:5]] = np.inf
    after = before.reweighted("lights", seconds * 2)
    assert np.array_equal(after.seconds_from(0, np.arange(144), "lights"), as_seconds(referee(roads, seconds * 2, 0)))
    assert not set(route.arcs[3:5].tolist()) & set(after.route(0, 143, "lights").arcs.tolist())
    assert before.route(0, 143, "lights").seconds == route.seconds
    assert after.route(0, 143, "normal").seconds == before.route(0, 143, "normal").seconds
    assert np.isinf(after.times("lights")[route.arcs[3]])


def test_a_closed_bridge_leaves_no_way_and_says_so() -> None:
    roads = Roads([0, 0.01, 0.02], [0, 0, 0], [0, 1, 1, 2], [1, 0, 2, 1], [9] * 4, {"car": np.full(4, 5.0)})
    cut = network(roads).reweighted("car", [5, 5, np.inf, 5])
    assert cut.seconds_from(0, [0, 1, 2], "car").tolist() == [0.0, 5.0, np.inf]
    assert cut.seconds_to([2], 0, "car").tolist() == [10.0]


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_and_back(kind: Kind) -> None:
    roads = grid_city(vehicles=("lights", "normal"))
    first = network(roads, kind).reweighted("lights", np.where(np.arange(roads.arcs) == 5, np.inf, 2.5))
    again = Network.load(first.save(), kind)
    assert again.save() == first.save()
    assert again.vehicles == ("lights", "normal")
    assert np.array_equal(again.matrix([1, 2], [7, 9], "lights"), first.matrix([1, 2], [7, 9], "lights"))
    with pytest.raises(ValueError, match="not a road network"):
        Network.load(b"no")


def test_a_saved_order_that_is_none_is_refused() -> None:
    roads = grid_city(4)
    with pytest.raises(EngineError, match=r"travel\.order"):
        Network(roads, order=np.zeros(roads.nodes, np.int32))


def sound() -> dict[str, Any]:
    return {
        "lon": [120.0, 120.01, 120.02],
        "lat": [36.0, 36.0, 36.0],
        "tail": [0, 1, 1, 2],
        "head": [1, 0, 2, 1],
        "metres": [900.0, 900.0, 900.0, 900.0],
        "seconds": {"car": [60.0, 60.0, 60.0, 60.0]},
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lon": [], "lat": []}, "travel.empty"),
        ({"tail": [], "head": [], "metres": [], "seconds": {"car": []}}, "travel.empty"),
        ({"seconds": {}}, "travel.empty"),
        ({"lat": [36.0, 36.0]}, "travel.lengths"),
        ({"head": [1, 0, 2]}, "travel.lengths"),
        ({"metres": [900.0]}, "travel.lengths"),
        ({"seconds": {"car": [60.0]}}, "travel.lengths"),
        ({"lon": [[120.0], [120.01], [120.02]]}, "travel.lengths"),
        ({"lon": [120.0, np.nan, 120.02]}, "travel.place"),
        ({"lat": [36.0, 136.0, 36.0]}, "travel.place"),
        ({"head": [1, 0, 3, 1]}, "travel.arc_end"),
        ({"head": [1, 0, -1, 1]}, "travel.arc_end"),
        ({"head": [1, 0, 1.5, 1]}, "travel.arc_end"),
        ({"head": [1, 0, 2**32 + 1, 1]}, "travel.arc_end"),
        ({"head": [1, 0, np.nan, 1]}, "travel.arc_end"),
        ({"metres": [900.0, -1.0, 900.0, 900.0]}, "travel.metres"),
        ({"metres": [900.0, np.nan, 900.0, 900.0]}, "travel.metres"),
        ({"seconds": {"car": [60.0, 0.0, 60.0, 60.0]}}, "travel.seconds"),
        ({"seconds": {"car": [60.0, -3.0, 60.0, 60.0]}}, "travel.seconds"),
        ({"seconds": {"car": [60.0, np.nan, 60.0, 60.0]}}, "travel.seconds"),
        ({"seconds": {"car": [60.0, -np.inf, 60.0, 60.0]}}, "travel.seconds"),
        ({"seconds": {"car": [60.0, 1e9, 60.0, 60.0]}}, "travel.seconds"),
    ],
)
def test_roads_that_would_route_wrongly_are_refused(change: dict[str, Any], code: str) -> None:
    assert Roads(**sound()).arcs == 4
    with pytest.raises(EngineError) as refused:
        Roads(**(sound() | change))
    assert refused.value.code == code


def test_the_arrays_cannot_be_changed_behind_the_routers_back() -> None:
    given = np.array([60.0, 60.0, 60.0, 60.0])
    roads = Roads(**(sound() | {"seconds": {"car": given}}))
    given[0] = -1.0
    assert roads.seconds["car"][0] == 60.0
    with pytest.raises(ValueError, match="read-only"):
        roads.seconds["car"][0] = 1.0


@pytest.mark.parametrize("node", [-1, 144, 1.5])
def test_a_node_that_is_none_never_answers_for_another(node: float) -> None:
    asked = network(grid_city())
    for question in (
        lambda: asked.seconds_to([0, node], 3, "lights"),
        lambda: asked.seconds_to([0], node, "lights"),  # type: ignore[arg-type]
        lambda: asked.seconds_from(node, [1], "lights"),  # type: ignore[arg-type]
        lambda: asked.matrix([0], [node], "lights"),
        lambda: asked.route(0, node, "lights"),  # type: ignore[arg-type]
    ):
        with pytest.raises(EngineError, match=r"travel\.node_unknown"):
            question()


def test_an_unknown_vehicle_and_too_large_a_matrix_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = network(grid_city())
    with pytest.raises(EngineError, match=r"travel\.vehicle_unknown"):
        asked.seconds_to([0], 3, "boat")
    monkeypatch.setattr(network_module, "CELLS_MAX", 5)
    with pytest.raises(EngineError, match=r"travel\.matrix_too_large"):
        asked.matrix([0, 1], [0, 1, 2], "lights")


def island_and_trap() -> Roads:
    """A town, an island of 25 nodes, and two traps beside the town: one that cannot be left, one not entered."""
    town, island = grid_city(8), grid_city(5, seed=2)
    n = town.nodes
    lon = np.concatenate([town.lon, island.lon + 0.05, town.lon[:2] - 0.0003])
    lat = np.concatenate([town.lat, island.lat, town.lat[:2] - 0.0003])
    tail = np.concatenate([town.tail, island.tail + n, [0, n + 26]])
    head = np.concatenate([town.head, island.head + n, [n + 25, 1]])
    metres = np.concatenate([town.metres, island.metres, [40, 40]])
    return Roads(lon, lat, tail, head, metres, {"lights": metres / 10})


def test_a_place_snaps_to_a_node_one_can_reach_and_leave() -> None:
    roads = island_and_trap()
    asked = network(roads)
    trapped = roads.nodes - 2
    assert not asked.usable[trapped:].any()
    nodes, metres = asked.nodes_at(roads.lon[trapped:], roads.lat[trapped:])
    assert asked.usable[nodes].all()
    assert (metres > 20).all()
    usable = np.flatnonzero(asked.usable)
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(120.29, 120.37, 50), rng.uniform(35.99, 36.02, 50)
    found, near = asked.nodes_at(lon, lat, metres_max=1e5)
    for k in range(50):
        flat = np.hypot((roads.lon[usable] - lon[k]) * np.cos(np.radians(lat[k])), roads.lat[usable] - lat[k])
        assert near[k] == pytest.approx(flat.min() * 111_195, rel=1e-3)
        assert flat[usable.tolist().index(int(found[k]))] == pytest.approx(flat.min(), rel=1e-3)


def test_an_island_is_a_part_of_its_own_and_no_road_leads_there() -> None:
    asked = network(island_and_trap())
    town, island = asked.node_at(120.3, 36.0)[0], asked.node_at(120.355, 36.004)[0]
    assert asked.part[town] != asked.part[island]
    assert asked.seconds_to([town], island, "lights").tolist() == [np.inf]


def test_a_unit_at_sea_is_off_the_road() -> None:
    asked = network(grid_city())
    nodes, metres = asked.nodes_at([120.3, 121.5], [36.0, 35.0])
    assert nodes[0] != OFF_ROAD
    assert nodes[1] == OFF_ROAD
    assert metres[1] > 100_000
    with pytest.raises(EngineError, match=r"travel\.off_road"):
        asked.node_at(121.5, 35.0)
    for lon, lat in (([np.nan], [36.0]), ([120.0], [91.0]), ([181.0], [0.0])):
        with pytest.raises(EngineError, match=r"travel\.place"):
            asked.nodes_at(lon, lat)
    with pytest.raises(EngineError, match=r"travel\.lengths"):
        asked.nodes_at([120.0], [36.0, 36.0])
    assert asked.nodes_at([], [])[0].size == 0


def test_without_the_fast_router_dijkstra_answers_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "anlan.engines.travel.hierarchy", None)
    asked = network(grid_city())
    assert asked.kind == "dijkstra"
    assert asked.seconds_to([0, 5], 3, "lights").min() > 0
