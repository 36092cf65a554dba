"""Posts along roads: interpolated as an independent walk along the ellipsoid finds them, never beyond the last, and
whatever is not one place says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from anlan.city.check import check_files
from anlan.city.geo import distance_m
from anlan.city.mileage import DOWN, UP, written
from anlan.city.mileposts import MilepostIndex, Road, Way, milepost_problems
from anlan.city.pack import City, build_city

GEOD = Geod(ellps="WGS84")
LINE = ((120.0, 36.0), (120.05, 36.0), (120.08, 36.03), (120.08, 36.07))
"""Eastwards, then north-eastwards, then northwards."""


def on_ground(metres: float) -> tuple[float, float]:
    """So many metres along LINE from its beginning, walked on the ellipsoid."""
    for (lon, lat), (lon_b, lat_b) in pairwise(LINE):
        azimuth, _, length = GEOD.inv(lon, lat, lon_b, lat_b)
        if metres <= length:
            there = GEOD.fwd(lon, lat, azimuth, metres)
            return there[0], there[1]
        metres -= length
    return LINE[-1]


def post(mark: int, metres: float) -> tuple[int, float, float]:
    return mark, *on_ground(metres)


EVEN = tuple(post(m, m) for m in (0, 1000, 2000, 5000, 6000, 9000, 12_000))
STRETCHED = (post(10_000, 0), post(11_000, 1100), post(12_000, 2100), post(13_000, 3050))
SHORT = (EVEN[:3], tuple(post(m + 400, m) for m in (2000, 3000, 4000)))
LONG = (EVEN[:3], tuple(post(m - 300, m) for m in (2000, 3000, 4000)))


def road(*runs: tuple[tuple[int, float, float], ...], number: str = "G1", name: str = "甲乙高速") -> Road:
    return Road(number, name, name, (Way(LINE, runs),))


def two(**changes: Any) -> Road:
    """A road of two carriageways, eastwards with the mileage and back against it."""
    apart = tuple((lon, lat + 0.0003) for lon, lat in LINE)
    back = Way(apart, (tuple((m, lon, lat + 0.0003) for m, lon, lat in EVEN),), DOWN, ("甲城",), falling=True)
    return Road("G1", "甲乙高速", "A–B", (Way(LINE, (EVEN,), UP, ("乙城", "丙县")), back), ("甲乙线",))


def only(index: MilepostIndex, text: str) -> tuple[float, float]:
    answer = index.find(text)
    assert answer is not None
    assert (answer.why, len(answer.found)) == ("", 1)
    return answer.found[0].lon, answer.found[0].lat


def why(index: MilepostIndex, text: str) -> tuple[str, int]:
    answer = index.find(text)
    assert answer is not None
    return answer.why, len(answer.found)


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(GEOD.inv(*one, *other)[2])


@given(st.integers(0, 12_000))
def test_a_mileage_is_where_a_walk_on_the_ellipsoid_ends(metres: int) -> None:
    assert metres_between(only(MilepostIndex([road(EVEN)]), f"G1 {written(metres)}"), on_ground(metres)) < 1.5


@given(st.integers(0, 1000), st.sampled_from([(0, 0.0, 1100.0), (1, 1100.0, 2100.0), (2, 2100.0, 3050.0)]))
def test_between_posts_that_are_not_a_thousand_metres_apart_the_mileage_stretches(
    part: int, between: tuple[int, float, float]
) -> None:
    n, start, end = between
    found = only(MilepostIndex([road(STRETCHED)]), f"G1 {written(10_000 + n * 1000 + part)}")
    assert metres_between(found, on_ground(start + (end - start) * part / 1000)) < 1.5


def test_beyond_the_last_post_and_in_a_jump_there_is_nothing_and_it_is_said() -> None:
    short = MilepostIndex([road(*SHORT)])
    assert only(short, "G1 K2+000")
    assert only(short, "G1 K2+400")
    answer = short.find("G1 K2+100")
    assert answer is not None
    assert (answer.found, answer.why) == ((), "milepost.gap")
    assert answer.params == {"road": "G1", "post": "K2+100", "before": "K2+000", "after": "K2+400"}
    for text in ("G1 K4+401", "G1 K99"):
        answer = short.find(text)
        assert answer is not None
        assert (answer.found, answer.why, answer.params["last"]) == ((), "milepost.beyond", "K4+400")


def test_a_mileage_that_comes_twice_is_two_places() -> None:
    answer = MilepostIndex([road(*LONG)]).find("G1 K1+800")
    assert answer is not None
    assert (answer.why, len(answer.found)) == ("milepost.twice", 2)
    first, second = ((m.lon, m.lat) for m in answer.found)
    assert metres_between(first, on_ground(1800)) < 1.5
    assert metres_between(second, on_ground(2100)) < 1.5


@pytest.mark.parametrize(
    "text", ["G1 K3 往乙城", "甲乙高速公路3公里丙县方向", "甲乙线 K3 往东", "g1 k3 上行", "G1 西向东 K3上行"]
)
def test_a_direction_picks_the_carriageway(text: str) -> None:
    answer = MilepostIndex([two()]).find(text)
    assert answer is not None
    assert [m.way.side for m in answer.found] == [UP]
    assert answer.why == ""
    assert answer.found[0].bearing == pytest.approx(90.0, abs=0.5)


@pytest.mark.parametrize("text", ["G1 K3 往甲城", "G1 K3+000往西", "G1下行K3", "由东向西 G1 K3"])
def test_the_other_direction_picks_the_other(text: str) -> None:
    answer = MilepostIndex([two()]).find(text)
    assert answer is not None
    assert [m.way.side for m in answer.found] == [DOWN]
    assert answer.why == ""


def test_what_is_open_is_said_and_nothing_is_picked() -> None:
    index = MilepostIndex([two(), road(EVEN, number="S2", name="丁路")])
    assert why(index, "G1 K3") == ("milepost.which_way", 2)
    assert why(index, "G1 K3 往北") == ("milepost.direction_unknown", 2)
    assert why(index, "G1 K3 往戊城") == ("milepost.direction_unknown", 2)
    assert why(index, "G1 K3 往甲城方向上行") == ("milepost.direction_unknown", 2)
    assert why(index, "K3") == ("milepost.which_road", 3)
    assert why(index, "丁路 G1 K3 上行") == ("milepost.which_road", 2)
    assert why(index, "望海路K3") == ("milepost.which_road", 3)
    assert why(index, "S2 K3+5") == ("milepost.which_reading", 2)
    assert why(index, "S9 K3") == ("milepost.road_unknown", 0)
    assert why(index, "K99+000") == ("milepost.nowhere", 0)
    assert why(index, "S2 K3 往东") == ("", 1)


def test_a_distance_in_a_description_is_no_post() -> None:
    index = MilepostIndex([two()])
    assert index.find("距甲城3公里的饭店") is None
    assert why(index, "3公里") == ("milepost.which_road", 2)
    assert why(index, "甲乙高速3公里") == ("milepost.which_way", 2)
    assert MilepostIndex([]).find("G1 K3") is None


def test_a_name_within_another_name_is_not_that_road() -> None:
    index = MilepostIndex([road(EVEN, name="甲乙线"), road(EVEN, number="G2", name="新甲乙线")])
    answer = index.find("新甲乙线 K3")
    assert answer is not None
    assert [m.road.number for m in answer.found] == ["G2"]


def test_the_demo_has_a_motorway_a_provincial_road_and_an_expressway_with_their_posts(demo: City) -> None:
    roads = demo.mileposts.roads
    assert {r.number[:1] for r in roads} == {"G", "S", ""}
    for one in roads:
        for way in one.ways:
            for run in way.runs:
                for mark, lon, lat in run[1:-1]:
                    answer = demo.mileposts.find(
                        f"{one.number}{one.name} {written(mark)} {'' if not way.side else way.towards[0]}方向"
                    )
                    assert answer is not None
                    near = [float(distance_m(lon, lat, m.lon, m.lat)) for m in answer.found]
                    assert min(near) < 25.0, (one.name, mark)  # a post stands at the middle between carriageways
    nodes = np.column_stack([demo.roads.lon, demo.roads.lat])
    line = np.array(roads[-1].ways[0].line)
    assert all(np.abs(nodes - spot).max(axis=1).min() < 1e-5 for spot in line)


def test_a_pack_without_posts_has_none(demo_files: dict[str, bytes]) -> None:
    city = build_city({k: v for k, v in demo_files.items() if k != "mileposts.json"})
    assert city.mileposts.find("G20 K3") is None


def swap(run: list[Any]) -> None:
    run[3], run[4] = run[4], run[3]


def unmarked(runs: list[Any]) -> None:
    runs[:] = [runs[0][:-1] + runs[1][1:]]


FAULTS: list[tuple[str, Callable[[Any], object]]] = [
    ("milepost.road", lambda r: r[0].update(name=" ")),
    ("milepost.road_twice", lambda r: r.append(r[0])),
    ("milepost.sides", lambda r: r[0]["ways"][0].update(side="down")),
    ("milepost.sides", lambda r: r[0]["ways"][0].pop("side")),
    ("milepost.line", lambda r: r[0]["ways"][0].update(line=[[120.0, 36.0]])),
    ("milepost.few", lambda r: r[0]["ways"][0].update(runs=[])),
    ("milepost.few", lambda r: r[0]["ways"][0]["runs"].append([[99_000, 120.0, 36.0]])),
    ("milepost.off_road", lambda r: r[0]["ways"][0]["runs"][0][3].__setitem__(2, 35.9)),
    ("milepost.order", lambda r: swap(r[0]["ways"][0]["runs"][0])),
    ("milepost.order", lambda r: r[0]["ways"][0]["runs"].reverse()),
    ("pack.not_json", lambda r: r[0]["ways"][0]["runs"][0][0].__setitem__(0, -5)),
    ("pack.not_json", lambda r: r[0]["ways"][0]["runs"][0][0].__setitem__(0, 10**400)),
    ("milepost.jump", lambda r: unmarked(r[0]["ways"][0]["runs"])),
    ("place.outside_earth", lambda r: r[0]["ways"][0]["runs"][0][0].__setitem__(2, 120.0)),
    ("pack.not_json", lambda r: r[0].pop("number")),
]


@pytest.mark.parametrize(("code", "change"), FAULTS, ids=[f"{c}-{i}" for i, (c, _) in enumerate(FAULTS)])
def test_each_planted_fault_is_listed(code: str, change: Callable[[Any], object], demo_files: dict[str, bytes]) -> None:
    raw = json.loads(demo_files["mileposts.json"])
    change(raw)
    assert code in {p.code for p in check_files({**demo_files, "mileposts.json": json.dumps(raw).encode()})}


def test_sound_roads_have_no_problem() -> None:
    assert list(milepost_problems([two(), road(*SHORT, number="G2"), road(*LONG, number="G3")])) == []
