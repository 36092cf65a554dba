"""The demo city: same bytes from the same seed, land tiled without gap or overlap, names that can be looked up."""

from __future__ import annotations

import time

import numpy as np
import pytest
import shapely

from anlan.city.areas import AT_SEA
from anlan.city.catalogue import Catalogue, default_catalogue
from anlan.city.check import check_files
from anlan.city.demo import generate
from anlan.city.demo.outline import DISTRICTS
from anlan.city.demo.words import FIRST, GARDEN_LAST, PINYIN, RURAL_LAST, URBAN_LAST, VILLAGE_FIRST, pinyin
from anlan.city.errors import CityError
from anlan.city.layers import STREET, ZONE
from anlan.city.pack import City, build_city
from anlan.city.people import Officer


def test_same_seed_same_bytes_other_seed_other_city(demo_files: dict[str, bytes]) -> None:
    start = time.perf_counter()
    assert generate(2026) == demo_files
    assert time.perf_counter() - start < 10.0
    assert generate(7)["areas/streets.geojson"] != demo_files["areas/streets.geojson"]


@pytest.mark.parametrize("seed", [0, 7, 31337])
def test_any_seed_gives_a_sound_city(seed: int) -> None:
    files = generate(seed)
    assert check_files(files) == []
    city = build_city(files)
    assert shapely.coverage_is_valid([city.areas.shape(a.key) for a in city.areas.of_level(STREET)])


def test_loading_takes_less_than_a_second(demo_files: dict[str, bytes]) -> None:
    start = time.perf_counter()
    build_city(demo_files)
    assert time.perf_counter() - start < 1.0


def test_ten_real_districts_where_they_are(demo: City) -> None:
    assert len(DISTRICTS) == 10
    for district in DISTRICTS:
        assert demo.areas.locate(*district.centre).district == district.code
        assert demo.areas.by_name(district.name)[0].key == district.code


def test_streets_tile_the_land(demo: City) -> None:
    shapes = [demo.areas.shape(a.key) for a in demo.areas.of_level(STREET)]
    assert shapely.coverage_is_valid(shapes)
    assert sorted(p.area > 0.1 for p in shapely.get_parts(shapely.union_all(shapes))) == [False, True]  # and one island


def test_the_bay_and_the_open_sea_are_water(demo: City) -> None:
    for lon, lat in ((120.24, 36.11), (120.45, 36.0), (120.9, 36.2)):
        assert demo.areas.locate(lon, lat).stations[0].reason == AT_SEA
    with pytest.raises(CityError, match="outside_city"):
        demo.areas.locate(121.3, 35.5)


def test_the_island_answers_for_itself(demo: City) -> None:
    found = demo.areas.locate(120.167, 35.763)
    assert (found.station, found.district, found.doubtful) == ("station.370211024", "370211", False)
    assert len(demo.organisation.children(found.station)) == 2
    assert sum(p.kind == "village" and p.street == "370211024" for p in demo.places.places) == 13


def test_every_place_lies_in_the_street_it_names(demo: City) -> None:
    for place in demo.places.places:
        if place.kind not in {"road", "street"}:
            assert shapely.intersects_xy(demo.areas.shape(place.street), place.lon, place.lat), place


def test_places_are_found_by_their_name_and_by_part_of_it(demo: City) -> None:
    kinds = {p.kind for p in demo.places.places}
    assert {"community", "school", "market", "road", "village", "hospital"} <= kinds
    assert sum(p.kind not in {"road", "street"} for p in demo.places.places) >= 1400
    for place in demo.places.places[::17]:
        best = demo.places.find(place.name, district=place.district)
        assert (best[0].name, best[0].district, best[0].score) == (place.name, place.district, 1.0)
        if len(place.name) > 2:
            assert place.name in [f.name for f in demo.places.find(place.name[:-1], limit=2000)]
    assert demo.places.find("") == []
    assert demo.places.find("zzz") == []
    assert demo.places.find("小区", limit=0) == []
    scores = [f.score for f in demo.places.find("海云小区")]
    assert scores == sorted(scores, reverse=True)


def test_units_stand_in_their_own_street(demo: City) -> None:
    for station in demo.organisation.of_kind("station"):
        assert station.lon is not None
        assert station.lat is not None
        assert station.key in {c.unit for c in demo.areas.locate(station.lon, station.lat).stations}


def test_zones_have_no_polygon_and_a_station(demo: City) -> None:
    zones = demo.areas.of_level(ZONE)
    assert len(zones) == 3
    for zone in zones:
        assert demo.areas.shape(zone.key) is None
        assert demo.organisation[zone.unit].district == zone.district


def test_people_are_numbers_only() -> None:
    assert Officer.__struct_fields__ == ("number", "unit", "roles")


def test_every_word_can_be_said_in_latin_letters() -> None:
    assert set(FIRST + URBAN_LAST + RURAL_LAST + GARDEN_LAST + VILLAGE_FIRST) <= set(PINYIN)
    assert pinyin("望海") == "Wanghai"


def test_the_catalogue_covers_the_hotline_and_each_leaf_is_answered(demo: City) -> None:
    catalogue = Catalogue(default_catalogue())
    assert len(catalogue) >= 40
    assert {c.group for c in catalogue} == set(catalogue.groups)
    for category in catalogue:
        assert demo.organisation.of_kind(category.kind, line=category.line), category.key
    assert catalogue["traffic.modified_noise"] in catalogue.of_group("traffic")
    with pytest.raises(CityError, match=r"category\.unknown"):
        catalogue["weather.rain"]


def test_travel_times_make_sense(demo: City) -> None:
    assert demo.roads is not None
    speeds = demo.roads.metres / demo.roads.seconds * 3.6
    assert 2.0 < float(np.min(speeds)) < float(np.max(speeds)) < 85.0
