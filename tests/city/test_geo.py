"""Coordinate systems: known values, round trips over all of China, refusals; distances against pyproj's ellipsoid."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from anlan.city.errors import CityError
from anlan.city.geo import BD09, CHINA_BOX, GCJ02, WGS84, convert, distance_m, mercator, system_of

PAIRS = [p for p in itertools.product((WGS84, GCJ02, BD09), repeat=2) if p[0] != p[1]]
LON, LAT = st.floats(73.4, 135.1), st.floats(3.4, 53.6)  # China, its islands included


def test_qingdao_is_shifted_east_as_the_formula_says() -> None:
    lon, lat = convert(120.38, 36.06, WGS84, GCJ02)
    assert distance_m(120.38, 36.06, lon, lat) == pytest.approx(462, abs=3)
    assert lon > 120.385
    assert lat > 36.06


def test_published_value_of_the_shift_in_beijing() -> None:
    """The pair used by coordtransform's own documentation: 116.404, 39.915."""
    assert convert(116.404, 39.915, WGS84, GCJ02) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-9)
    assert convert(116.404, 39.915, GCJ02, BD09) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-9)


@pytest.mark.parametrize(("source", "target"), PAIRS)
@given(lon=LON, lat=LAT)
def test_round_trip_is_within_a_millimetre(source: str, target: str, lon: float, lat: float) -> None:
    there = convert(lon, lat, source, target)
    assert distance_m(lon, lat, *convert(*there, target, source)) < 0.001


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_round_trip_on_a_grid_over_china(source: str, target: str) -> None:
    lon, lat = (a.ravel() for a in np.meshgrid(np.linspace(73.4, 135.1, 300), np.linspace(3.4, 53.6, 300)))
    back = convert(*convert(lon, lat, source, target), target, source)
    assert distance_m(lon, lat, *back).max() < 0.001


@given(lon=LON, lat=LAT, pair=st.sampled_from(PAIRS))
def test_arrays_and_scalars_agree(lon: float, lat: float, pair: tuple[str, str]) -> None:
    lons, lats = convert(np.array([lon, 10.0]), np.array([lat, 50.0]), *pair)
    assert (lons[0], lats[0]) == pytest.approx(convert(lon, lat, *pair), abs=1e-9)
    assert (lons[1], lats[1]) == (10.0, 50.0)


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), pair=st.sampled_from(PAIRS))
def test_nothing_is_shifted_outside_the_box(lon: float, lat: float, pair: tuple[str, str]) -> None:
    west, south, east, north = CHINA_BOX
    if not (west <= lon <= east and south <= lat <= north):
        assert convert(lon, lat, *pair) == (lon, lat)


def test_spellings_of_systems() -> None:
    assert [system_of(n) for n in ("wgs-84", "CGCS2000", "gcj_02", "Bd-09")] == [WGS84, WGS84, GCJ02, BD09]


@pytest.mark.parametrize(
    ("lon", "lat", "source", "code"),
    [
        (math.nan, 36.0, WGS84, "place.not_finite"),
        (120.0, math.inf, WGS84, "place.not_finite"),
        (181.0, 36.0, WGS84, "place.outside_earth"),
        (120.0, -90.5, WGS84, "place.outside_earth"),
        (120.0, 36.0, "Beijing54", "place.system_unknown"),
    ],
)
def test_what_is_no_place_is_refused(lon: float, lat: float, source: str, code: str) -> None:
    with pytest.raises(CityError) as scalar:
        convert(lon, lat, source, GCJ02)
    with pytest.raises(CityError) as array:
        convert(np.array([120.0, lon]), np.array([36.0, lat]), source, GCJ02)
    assert scalar.value.code == array.value.code == code
    if code != "place.system_unknown":
        assert array.value.params["index"] == 1


@given(lon_a=st.floats(119, 122), lat_a=st.floats(35, 38), lon_b=st.floats(119, 122), lat_b=st.floats(35, 38))
def test_distance_agrees_with_the_ellipsoid(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> None:
    metres = Geod(ellps="WGS84").inv(lon_a, lat_a, lon_b, lat_b)[2]
    assert distance_m(lon_a, lat_a, lon_b, lat_b) == pytest.approx(metres, rel=0.006, abs=0.01)


def test_the_plane_is_true_to_distance_near_a_place() -> None:
    a, b = mercator(120.38, 36.06), mercator(120.39, 36.07)
    ground = math.hypot(a[0] - b[0], a[1] - b[1]) * math.cos(math.radians(36.065))
    assert ground == pytest.approx(distance_m(120.38, 36.06, 120.39, 36.07), rel=1e-4)
