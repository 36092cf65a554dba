"""Where a place belongs: against brute force over all polygons, at borders, at sea, outside, and by name."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.city.areas import AT_SEA, INSIDE, NEAR, OTHER_MAP, TERRITORIAL_SEA_M, UNMAPPED, AreaIndex, Location
from anlan.city.errors import CityError
from anlan.city.geo import GCJ02, WGS84, convert, distance_m
from anlan.city.layers import DISTRICT, SEA, STATION, ZONE, Area, Layer
from anlan.city.pack import City

SQUARES = {"a": shapely.box(120.0, 36.0, 120.1, 36.1), "b": shapely.box(120.1, 36.0, 120.2, 36.1)}


def squares(uncertainty: float = 500.0, drawn_in: str = "", zones: bool = False) -> AreaIndex:
    """Two square stations side by side in one district that reaches further east, with sea to the south."""
    stations = tuple(Area(f"s.{k}", f"{k}派出所", k, STATION, "d", f"s.{k}") for k in SQUARES)
    district = Area("d", "丁区", "D", DISTRICT, "d", "branch.d", ("丁新区",))
    layers = [
        Layer(STATION, stations, tuple(SQUARES.values()), uncertainty, drawn_in),
        Layer(DISTRICT, (district,), (shapely.box(120.0, 36.0, 120.4, 36.1),), uncertainty, drawn_in),
        Layer(SEA, (Area("sea", "海", "sea", SEA),), (shapely.box(119.0, 35.0, 121.0, 36.05),)),
    ]
    if zones:
        layers.append(Layer(ZONE, (Area("z", "新港经济区", "Z", ZONE, "d", "s.z"),), (None,)))
    return AreaIndex(layers)


def nearby(index: AreaIndex, level: str, lon: float, lat: float) -> dict[str, float]:
    """Referee: metres from a place to every area of a level, by densified borders and haversine."""
    found = {}
    for area in index.of_level(level):
        shape = index.shape(area.key)
        border = shapely.get_coordinates(shapely.segmentize(shape, 0.0005))
        inside = shapely.contains_xy(shape, lon, lat)
        found[area.key] = 0.0 if inside else float(np.min(distance_m(lon, lat, border[:, 0], border[:, 1])))
    return found


def test_well_inside_there_is_one_station_and_no_doubt() -> None:
    found = squares().locate(120.05, 36.05)
    assert (found.station, found.district, found.doubtful) == ("s.a", "d", False)
    assert found.stations[0].reason == INSIDE


def test_near_a_border_both_answer_and_a_person_should_look() -> None:
    found = squares().locate(120.099, 36.05)
    assert [(c.unit, c.reason) for c in found.stations] == [("s.a", INSIDE), ("s.b", NEAR)]
    assert found.stations[1].metres == pytest.approx(distance_m(120.099, 36.05, 120.1, 36.05), rel=0.005)
    assert found.doubtful
    assert not squares(uncertainty=50.0).locate(120.099, 36.05).doubtful


def test_on_the_border_itself_both_are_inside() -> None:
    assert [c.reason for c in squares().locate(120.1, 36.05).stations] == [INSIDE, INSIDE]


def test_a_border_drawn_in_the_other_system_is_said() -> None:
    lon, lat = 120.098, 36.05
    assert convert(lon, lat, WGS84, GCJ02)[0] > 120.1
    assert [c.reason for c in squares(drawn_in=GCJ02).locate(lon, lat).stations] == [INSIDE, OTHER_MAP]
    assert [c.reason for c in squares().locate(lon, lat).stations] == [INSIDE, NEAR]


def test_at_sea_the_coast_answers_up_to_twelve_miles_and_inland_nobody_does() -> None:
    found = squares().locate(120.05, 35.9)
    assert (found.stations[0].unit, found.stations[0].reason, found.district) == ("s.a", AT_SEA, "d")
    assert found.doubtful
    for lon, lat in ((120.05, 35.75), (120.05, 36.2), (0.0, 0.0), (120.0, 89.9)):
        with pytest.raises(CityError) as error:
            squares().locate(lon, lat)
        assert error.value.code == "place.outside_city"
    with pytest.raises(CityError) as error:
        squares().locate(120.05, 35.75)
    assert error.value.params["metres"] > TERRITORIAL_SEA_M


def test_district_ground_without_a_station_gives_the_nearest_and_the_unmapped_zones() -> None:
    found = squares(zones=True).locate(120.3, 36.05)
    assert [(c.unit, c.reason) for c in found.stations] == [("s.b", NEAR), ("s.z", UNMAPPED)]
    assert found.doubtful


@pytest.mark.parametrize("bad", [(float("nan"), 36.0), (120.0, float("inf")), (200.0, 36.0)])
def test_what_is_no_place_is_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(CityError, match=r"place\.(not_finite|outside_earth)"):
        squares().locate(*bad)


def test_an_index_without_areas_says_so() -> None:
    with pytest.raises(CityError, match="outside_city"):
        AreaIndex([]).locate(120.0, 36.0)


@settings(max_examples=40, deadline=None)
@given(lon=st.floats(119.6, 120.9), lat=st.floats(35.6, 37.1))
def test_locate_agrees_with_brute_force(demo: City, lon: float, lat: float) -> None:
    try:
        found = demo.areas.locate(lon, lat)
    except CityError as error:
        if error.code != "place.outside_city":
            raise
        assert min(nearby(demo.areas, STATION, lon, lat).values()) > 49.0
        return
    referee(demo.areas, found, lon, lat)


def referee(index: AreaIndex, found: Location, lon: float, lat: float) -> None:
    """The found stations are all those inside or within 50 m, give or take the referee's own 1 %."""
    metres = nearby(index, STATION, lon, lat)
    if found.stations[0].reason == AT_SEA:
        assert found.stations[0].metres == pytest.approx(min(metres.values()), rel=0.02, abs=20)
        return
    got = {c.area: c.metres for c in found.stations}
    assert {k for k, m in metres.items() if m < 45.0} <= set(got)
    assert all(metres[k] < 75.0 for k in got)
    assert found.doubtful or metres[found.stations[0].area] == 0.0
    assert [c.metres for c in found.stations] == sorted(c.metres for c in found.stations)


def test_most_places_on_land_are_beyond_doubt(demo: City) -> None:
    points = [p for a in demo.areas.of_level(STATION) for p in inner_points(demo.areas.shape(a.key))]
    found = [demo.areas.locate(*p) for p in points]
    assert sum(f.doubtful for f in found) < 0.05 * len(found)


def inner_points(shape: Any) -> list[tuple[float, float]]:
    inner = shapely.buffer(shape, -0.002)
    return [(p.x, p.y) for p in [part.representative_point() for part in shapely.get_parts(inner)] if not p.is_empty]


@pytest.mark.parametrize(
    ("name", "level", "key"),
    [
        ("市南区", "", "370202"),
        ("市南", "", "370202"),
        ("胶州市", "", "370281"),
        ("灵山岛街道", "", "370211024"),
        ("灵山岛", "street", "370211024"),
        ("灵山岛派出所", "", "station.370211024"),
        ("黄岛区灵山岛街道", "", "370211024"),
        (" 黄岛 灵山岛 ", "station", "station.370211024"),
        ("望潮保税港区", "", "370211Z01"),
    ],
)
def test_by_name(demo: City, name: str, level: str, key: str) -> None:
    assert [a.key for a in demo.areas.by_name(name, level)] == [key]


def test_every_area_is_found_by_its_own_name_and_nonsense_is_not(demo: City) -> None:
    for area in demo.areas.by_key.values():
        if area.level != SEA:
            assert area in demo.areas.by_name(area.name)
    assert demo.areas.by_name("没有这个地方") == ()
    assert demo.areas.by_name("") == ()


def test_aliases_answer_and_unknown_keys_are_refused() -> None:
    index = squares()
    assert [a.key for a in index.by_name("丁新")] == ["d"]
    assert [a.key for a in index.by_name("丁新区")] == ["d"]
    with pytest.raises(CityError, match=r"area\.unknown"):
        index.shape("nowhere")


def test_locate_is_fast(demo: City) -> None:
    """Target: half of the look-ups within 50 µs; the limit here leaves room for a busy machine."""
    rng = np.random.default_rng(1)
    spent = []
    for lon, lat in rng.uniform((119.8, 35.9), (120.5, 36.9), (2000, 2)).tolist():
        start = time.perf_counter()
        try:
            demo.areas.locate(lon, lat)
        except CityError:
            continue
        spent.append(time.perf_counter() - start)
    assert np.median(spent) < 200e-6
