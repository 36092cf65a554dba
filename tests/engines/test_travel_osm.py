"""Roads from OpenStreetMap: an extract written by osmium itself, with every trap we know of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
import pytest
from osmium.osm.mutable import Node, Way

from anlan.engines.errors import EngineError
from anlan.engines.travel.network import Network
from anlan.engines.travel.osm import Read, direction, read_osm, speed_km_h
from anlan.engines.travel.sphere import metres_between

Ways = dict[int, tuple[list[int], dict[str, str]]]


def extract(folder: Path, ways: Ways, missing: tuple[int, ...] = ()) -> bytes:
    """Nodes 1 to 9 along a parallel, 0.01° apart, and these ways."""
    path = folder / "city.osm.pbf"
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path)) as writer:
        for node in range(1, 10):
            if node not in missing:
                writer.add_node(Node(id=node, location=(120 + node / 100, 36.0), version=1))
        for key, (nodes, tags) in ways.items():
            writer.add_way(Way(id=key, nodes=nodes, tags=tags, version=1))
    return path.read_bytes()


def pairs(read: Read) -> set[tuple[int, int]]:
    ids = read.osm_ids
    return set(zip(ids[read.roads.tail].tolist(), ids[read.roads.head].tolist(), strict=True))


def test_directions_and_what_is_no_road(tmp_path: Path) -> None:
    data = extract(
        tmp_path,
        {
            1: ([1, 2, 3], {"highway": "primary"}),
            2: ([3, 4], {"highway": "residential", "oneway": "yes"}),
            3: ([4, 5], {"highway": "residential", "oneway": "-1"}),
            4: ([5, 6], {"highway": "motorway"}),
            5: ([6, 7], {"highway": "tertiary", "junction": "roundabout"}),
            6: ([1, 9], {"highway": "footway"}),
            7: ([2, 9], {"highway": "primary", "access": "private"}),
            8: ([8, 9], {"waterway": "river"}),
        },
    )
    read = read_osm(data)
    assert pairs(read) == {(1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (5, 4), (5, 6), (6, 7)}
    assert (read.ways, read.steps_cut) == (5, 0)


def test_seconds_are_metres_over_speed_and_lights_are_faster(tmp_path: Path) -> None:
    read = read_osm(extract(tmp_path, {1: ([1, 2], {"highway": "secondary"})}))
    metres = metres_between(120.01, 36.0, 120.02, 36.0)
    assert read.roads.metres == pytest.approx(metres)
    assert read.roads.seconds["normal"] == pytest.approx(metres / (40 / 3.6))
    assert read.roads.seconds["lights"] == pytest.approx(metres / (40 / 3.6) / 1.4)
    assert Network(read.roads).seconds_from(0, [1], "normal")[0] == pytest.approx(81.0, abs=0.5)


def test_an_extract_cuts_ways_at_its_border(tmp_path: Path) -> None:
    read = read_osm(extract(tmp_path, {1: ([1, 2, 3, 4], {"highway": "primary", "oneway": "yes"})}, missing=(2,)))
    assert pairs(read) == {(3, 4)}
    assert read.steps_cut == 2
    with pytest.raises(EngineError, match=r"travel\.empty"):
        read_osm(extract(tmp_path, {1: ([1, 2], {"highway": "primary"})}, missing=(2,)))


def test_two_shape_points_on_one_spot_take_some_time(tmp_path: Path) -> None:
    read = read_osm(extract(tmp_path, {1: ([1, 1, 2], {"highway": "primary"})}))
    assert min(read.roads.seconds["normal"]) > 0.0


@pytest.mark.parametrize("data", [b"", b"not a map", b"\x00" * 64])
def test_what_is_no_map_is_refused(data: bytes) -> None:
    with pytest.raises(EngineError, match=r"travel\.(osm_unreadable|empty)"):
        read_osm(data)


def test_a_map_without_roads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"travel\.empty"):
        read_osm(extract(tmp_path, {1: ([1, 2], {"highway": "steps"}), 2: ([3], {"highway": "primary"})}))


@pytest.mark.parametrize(
    ("tags", "km_h"),
    [
        ({"highway": "primary"}, 45.0),
        ({"highway": "primary", "maxspeed": "30"}, 30.0),
        ({"highway": "primary", "maxspeed": "120"}, 45.0),
        ({"highway": "primary", "maxspeed": "20 mph"}, 20 * 1.609344),
        ({"highway": "primary", "maxspeed": "20mph"}, 20 * 1.609344),
        ({"highway": "primary", "maxspeed": "CN:urban"}, 45.0),
        ({"highway": "primary", "maxspeed": "0"}, 45.0),
        ({"highway": "primary", "maxspeed": "nan"}, 45.0),
        ({"highway": "primary", "motor_vehicle": "no"}, 0.0),
        ({"highway": "service", "access": "no", "emergency": "yes"}, 15.0),
        ({"highway": "service", "access": "no"}, 0.0),
        ({"highway": "service", "area": "yes"}, 0.0),
        ({"highway": "proposed"}, 0.0),
        ({}, 0.0),
    ],
)
def test_speed(tags: dict[str, str], km_h: float) -> None:
    assert speed_km_h(tags) == pytest.approx(km_h)


def test_direction_a_tag_says_otherwise() -> None:
    assert direction({"highway": "motorway", "oneway": "no"}) == 0
    assert direction({"highway": "primary", "oneway": "reverse"}) == -1
    assert direction({"highway": "primary", "oneway": "alternating"}) == 0


def test_sphere_against_known_distances() -> None:
    found = metres_between([120.0, 0.0, 179.9], [36.0, 0.0, 0.0], [120.0, 90.0, -179.9], [37.0, 0.0, 0.0])
    assert found == pytest.approx(np.array([1, 90, 0.2]) * 111_195.08, rel=1e-6)
