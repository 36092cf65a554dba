"""The demo's numbered roads: a motorway, a provincial road and an urban expressway over junctions of the network.

Their numbers and names are real or likely, their courses and posts are made. Two of them have a jump of the mileage.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from anlan.city.demo.outline import DISTRICTS
from anlan.city.geo import Floats, degrees, distance_m, mercator_array
from anlan.city.layers import DECIMALS
from anlan.city.mileage import DOWN, UP
from anlan.city.mileposts import Post, Road, Way
from anlan.city.roads import EXPRESSWAY, MAIN, RoadGraph

POST_M: Final = 1000
APART_M: Final = 12.0
"""From the middle to each carriageway."""
EXPRESSWAY_KM_H: Final = 80.0


class Course(NamedTuple):
    """A road through districts' centres. `begins`: the mileage where it enters the city. `jump`: after so many metres
    in the city the mileage goes on by so many (less than nothing: some comes twice)."""

    number: str
    name: str
    name_en: str
    aliases: tuple[str, ...]
    through: tuple[str, ...]
    rising: tuple[str, ...]
    falling: tuple[str, ...]
    kind: int
    begins: int = 0
    jump: tuple[int, int] | None = None


COURSES: Final = (
    Course("G20", "青银高速", "Qingdao–Yinchuan Expressway", ("青银",), ("370212", "370214", "370281", "370283"),
           ("平度", "银川", "济南"), ("青岛", "崂山", "市区"), EXPRESSWAY, jump=(23_400, 640)),
    Course("", "环湾快速路", "Bay Ring Expressway", ("环湾路",), ("370202", "370213", "370214"),
           ("城阳", "机场"), ("市南", "栈桥"), EXPRESSWAY),
    Course("S212", "即莱路", "Jimo–Laixi Road", ("即莱线",), ("370215", "370285"), (), (), MAIN, 31_000,
           (17_300, -420)),
)  # fmt: skip


def numbered(network: RoadGraph) -> tuple[RoadGraph, list[Road]]:
    """The network with the courses' names (and speeds) on their arcs, and the roads with their posts."""
    kind, name, seconds = network.kind.copy(), network.name.copy(), network.seconds.copy()
    names, found = network.names.tolist(), []
    taken = np.zeros(len(kind), np.bool_)
    arcs = {pair: i for i, pair in enumerate(zip(network.tail.tolist(), network.head.tolist(), strict=True))}
    for course in COURSES:
        nodes = _through(network, course, taken)
        own = [arcs[pair] for a, b in pairwise(nodes) for pair in ((a, b), (b, a))]
        names.append(course.name)
        taken[own], name[own] = True, len(names) - 1
        if course.kind == EXPRESSWAY:
            kind[own] = EXPRESSWAY
            seconds[own] = (network.metres[own] / (EXPRESSWAY_KM_H / 3.6) + 3.0).round(1)
        found.append(_road(course, np.column_stack([network.lon[nodes], network.lat[nodes]])))
    return replace(network, kind=kind, name=name, seconds=seconds, names=np.array(names)), found


def _through(network: RoadGraph, course: Course, taken: Any) -> list[int]:
    """Junctions from centre to centre, along main roads where there are some, apart from other courses."""
    cost = network.metres * np.where(network.kind == MAIN, 1.0, 1.3) * np.where(taken, 8.0, 1.0)
    some = network.kind < EXPRESSWAY
    ends = (network.tail[some], network.head[some])
    graph = coo_array((cost[some], ends), shape=(len(network.lon),) * 2).tocsr()
    centres = {d.code: d.centre for d in DISTRICTS}
    stops = [network.nearest_node(*centres[code])[0] for code in course.through]
    nodes = stops[:1]
    for stop in stops[1:]:
        came = dijkstra(graph, indices=nodes[-1], return_predecessors=True)[1]
        leg = [stop]
        while leg[-1] != nodes[-1]:
            leg.append(int(came[leg[-1]]))
        nodes += leg[-2::-1]
    return _without_spurs(nodes)


def _without_spurs(nodes: list[int]) -> list[int]:
    """A course that comes back to a junction does not go there twice."""
    kept: list[int] = []
    for node in nodes:
        if node in kept:
            del kept[kept.index(node) + 1 :]
        else:
            kept.append(node)
    return kept


def _road(course: Course, middle: Floats) -> Road:
    ground = np.concatenate([[0.0], np.cumsum(distance_m(*middle[:-1].T, *middle[1:].T))])
    runs = [[(mark, _at(middle, ground, metres)) for mark, metres in run] for run in _marks(course, float(ground[-1]))]
    if not course.rising:
        return _named(course, Way(_rounded(middle), _posts(runs)))
    plane = shapely.LineString(mercator_array(middle))
    scale = 1.0 / np.cos(np.radians(middle[:, 1].mean()))
    ways = []
    for side, towards, away in ((UP, course.rising, -APART_M), (DOWN, course.falling, APART_M)):
        line = plane.offset_curve(away * scale, join_style="mitre")  # right of the middle as one drives
        degreed = np.array([degrees(x, y) for x, y in line.coords])
        ways.append(Way(_rounded(degreed), _posts(runs), side, towards, falling=side == DOWN))
    return _named(course, *ways)


def _named(course: Course, *ways: Way) -> Road:
    return Road(course.number, course.name, course.name_en, ways, course.aliases)


def _marks(course: Course, length: float) -> list[list[tuple[int, float]]]:
    """Mileage and metres from the course's beginning of every post, in runs: one each kilometre, and at a jump's both
    sides."""
    at, by = course.jump or (int(length), 0)
    runs = []
    for start, end, mark in ((0, min(at, int(length)), course.begins), (at, int(length), course.begins + at + by)):
        if end > start:
            last = mark + end - start
            whole = range(-(-mark // POST_M) * POST_M, last + 1, POST_M)
            marks = sorted({*whole, *([mark] if start else []), *([last] if course.jump and not start else [])})
            runs.append([(m, float(start + m - mark)) for m in marks])
    return runs


def _at(middle: Floats, ground: Floats, metres: float) -> tuple[float, float]:
    lon, lat = (float(np.interp(metres, ground, middle[:, k])) for k in (0, 1))
    return round(lon, DECIMALS), round(lat, DECIMALS)


def _posts(runs: list[list[tuple[int, tuple[float, float]]]]) -> tuple[tuple[Post, ...], ...]:
    return tuple(tuple((mark, *place) for mark, place in run) for run in runs)


def _rounded(line: Floats) -> tuple[tuple[float, float], ...]:
    return tuple((round(lon, 6), round(lat, 6)) for lon, lat in line.tolist())
