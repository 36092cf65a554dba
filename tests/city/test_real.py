"""A pack from the real, mixed-up public borders of Qingdao: loads, finds zones by name, doubts near borders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anlan.city.areas import OTHER_MAP
from anlan.city.check import check_files
from anlan.city.errors import CityError
from anlan.city.layers import DISTRICT, STATION, STREET, ZONE
from anlan.city.pack import City, build_city
from anlan.city.real import city_from_geojson

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def files(real_paths: tuple[Path, Path]) -> dict[str, bytes]:
    return city_from_geojson(*real_paths)


@pytest.fixture(scope="module")
def real(files: dict[str, bytes]) -> City:
    return build_city(files)


def test_all_districts_streets_and_zones_are_there(real: City) -> None:
    counts = [len(real.areas.of_level(level)) for level in (DISTRICT, STREET, ZONE)]
    assert counts == [10, 135, 6]
    assert len(real.organisation.of_kind("station")) == 141


def test_zones_without_a_polygon_are_routable_by_name(real: City) -> None:
    for zone in real.areas.of_level(ZONE):
        assert real.areas.shape(zone.key) is None
        assert real.areas.by_name(zone.name) == (zone,)
        assert real.organisation[zone.unit].district == zone.district


def test_every_street_is_found_by_name_and_by_its_own_middle(real: City) -> None:
    for place in real.places.places:
        assert place.street in [a.key for a in real.areas.by_name(place.name, STREET)]
        found = real.areas.locate(place.lon, place.lat)
        assert f"station.{place.street}" in {c.unit for c in found.stations if c.metres == 0.0}


def test_the_only_problems_are_gaps_wider_than_the_borders_are_sure_of(files: dict[str, bytes]) -> None:
    assert {p.code for p in check_files(files)} == {"area.gap"}


def test_a_gcj_shift_never_hides_the_other_station(real: City) -> None:
    """Half a kilometre is within the uncertainty: who holds the shifted place is a candidate, or it is doubted."""
    rng = np.random.default_rng(5)
    other = 0
    for lon, lat in rng.uniform((120.30, 36.06), (120.50, 36.20), (400, 2)).tolist():
        try:
            here, there = real.areas.locate(lon, lat), real.areas.locate(lon + 462 / 89_900, lat + 30 / 111_000)
        except CityError:
            continue
        other += any(c.reason == OTHER_MAP for c in here.stations)
        if not here.doubtful:
            assert here.station in {c.unit for c in there.stations}
    assert other > 0


def test_progress_and_refusals(real_paths: tuple[Path, Path], tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    city_from_geojson(*real_paths, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 146) for i in range(1, 147)]
    bad = tmp_path / "bad"
    bad.write_text("code,name\n1,x\n", "utf-8")
    with pytest.raises(CityError, match=r"real\.no_column"):
        city_from_geojson(real_paths[0], bad)
    with pytest.raises(CityError, match=r"real\.not_geojson"):
        city_from_geojson(bad, real_paths[1])


def test_the_stations_cover_what_the_streets_cover(real: City) -> None:
    for station in real.areas.of_level(STATION):
        assert real.areas.shape(station.key) is real.areas.shape(station.covers[0])
