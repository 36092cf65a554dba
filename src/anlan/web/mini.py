"""The small map on a matter's page, drawn by the server: the place, its surroundings, the stations that may answer for
it and the matters that may be the same. It needs neither JavaScript nor WebGL; the large map is one link away."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import shapely

from anlan.app.world import World
from anlan.city.layers import DISTRICT, SEA, STATION
from anlan.city.roads import MAIN
from anlan.loop.matter import Matter
from anlan.web.visit import Visit

WIDTH, HEIGHT = 400, 220
SPAN_M, SPAN_MAX_M = 1_200.0, 12_000.0
MARGIN = 1.35
METRES_A_DEGREE = 111_195.0
SCALES = (100, 200, 500, 1_000, 2_000, 5_000)


class Mark(msgspec.Struct, frozen=True):
    """Something at a spot of the picture, with its words."""

    x: float
    y: float
    name: str


class Mini(msgspec.Struct, frozen=True):
    """A picture of WIDTH × HEIGHT: SVG paths, marks, and a bar of so many metres."""

    water: str
    land: str
    border: str
    minor: str
    main: str
    here: Mark
    stations: list[Mark]
    same: list[Mark]
    scale_m: int
    scale: float
    href: str


class _Window:
    """Degrees to picture, around a centre."""

    def __init__(self, lon: float, lat: float, span_m: float) -> None:
        self.per_lat = WIDTH / span_m * METRES_A_DEGREE
        self.per_lon = self.per_lat * math.cos(math.radians(lat))
        self.lon, self.lat = lon, lat
        across, up = WIDTH / 2 / self.per_lon, HEIGHT / 2 / self.per_lat
        self.box = (lon - across, lat - up, lon + across, lat + up)

    def at(self, lon: Any, lat: Any) -> tuple[Any, Any]:
        return (
            np.round(WIDTH / 2 + (lon - self.lon) * self.per_lon, 1),
            np.round(HEIGHT / 2 - (lat - self.lat) * self.per_lat, 1),
        )

    def mark(self, lon: float, lat: float, name: str) -> Mark:
        x, y = self.at(lon, lat)
        return Mark(float(x), float(y), name)


def mini(visit: Visit, matter: Matter, near: list[tuple[int, str]]) -> Mini | None:
    """The picture, wide enough for the stations and the other matters (`near`: number and title) as far as
    SPAN_MAX_M; None for a matter without a place."""
    if matter.place is None:
        return None
    world = visit.world
    lon, lat = matter.place.lon_e6 / 1e6, matter.place.lat_e6 / 1e6
    stations = [(u.lon, u.lat, visit.names.unit_short(u.key)) for u in _candidates(world, matter)]
    others = _others(world, near)
    span = _span(lon, lat, [(a, b) for a, b, _ in (*stations, *others)])
    window = _Window(lon, lat, span)
    scale_m = max((s for s in SCALES if s <= span / 4), default=SCALES[0])
    return Mini(
        *_ground(world, window),
        *_roads(world, window),
        window.mark(lon, lat, ""),
        [window.mark(*one) for one in stations],
        [window.mark(*one) for one in others],
        scale_m,
        round(WIDTH * scale_m / span, 1),
        f"/map#14/{lat:.5f}/{lon:.5f}",
    )


def _candidates(world: World, matter: Matter) -> list[Any]:
    """Units with a door: those a doubtful place left, else the one that leads."""
    route: dict[str, Any] = matter.route
    keys = [unit for unit, *_ in route.get("candidates", ())] if route.get("doubtful") else [matter.lead]
    units = world.city.organisation
    found = [units[key] for key in dict.fromkeys(keys) if key in units]
    return [unit for unit in found if unit.lon is not None and unit.lat is not None]


def _others(world: World, near: list[tuple[int, str]]) -> list[tuple[float, float, str]]:
    found = []
    for number, title in near:
        place = world.store.read.matter(number).place
        if place is not None:
            found.append((place.lon_e6 / 1e6, place.lat_e6 / 1e6, title))
    return found


def _span(lon: float, lat: float, points: list[tuple[float, float]]) -> float:
    """How many metres the picture is wide, so that the points lie in it."""
    per_lon = METRES_A_DEGREE * math.cos(math.radians(lat))
    across = [2 * abs(a - lon) * per_lon for a, _ in points]
    up = [2 * abs(b - lat) * METRES_A_DEGREE * WIDTH / HEIGHT for _, b in points]
    wanted = max([SPAN_M, *(m * MARGIN for m in (*across, *up) if m * MARGIN <= SPAN_MAX_M)])
    return min(wanted, SPAN_MAX_M)


def _ground(world: World, window: _Window) -> tuple[str, str, str]:
    """Water, land and station borders as paths."""
    paths = {SEA: "", DISTRICT: "", STATION: ""}
    for layer in world.city.areas.layers:
        if layer.level not in paths:
            continue
        shapes = np.array([s for s in layer.shapes if s is not None], dtype=object)
        west, south, east, north = shapely.bounds(shapes).T
        a, b, c, d = window.box
        inside = shapes[(west <= c) & (east >= a) & (south <= d) & (north >= b)]
        clipped = shapely.clip_by_rect(inside, *_wider(window.box))
        paths[layer.level] += "".join(_rings(window, shape) for shape in clipped)
    return paths[SEA], paths[DISTRICT], paths[STATION]


def _wider(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A little more than the picture, so that the cut itself is not seen as a border."""
    west, south, east, north = box
    more = (north - south) / 10
    return west - more, south - more, east + more, north + more


def _rings(window: _Window, shape: Any) -> str:
    parts = []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type != "Polygon":
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            points = shapely.get_coordinates(ring)
            parts.append(_path(window, points[:, 0], points[:, 1]) + "Z")
    return "".join(parts)


def _roads(world: World, window: _Window) -> tuple[str, str]:
    """Minor and main roads as paths."""
    graph = world.city.roads
    if graph is None:
        return "", ""
    west, south, east, north = window.box
    lon, lat = graph.lon, graph.lat
    tail, head = graph.tail, graph.head
    seen = (
        (tail < head)
        & (np.minimum(lon[tail], lon[head]) <= east)
        & (np.maximum(lon[tail], lon[head]) >= west)
        & (np.minimum(lat[tail], lat[head]) <= north)
        & (np.maximum(lat[tail], lat[head]) >= south)
    )
    drawn = []
    for kinds in (graph.kind < MAIN, graph.kind >= MAIN):
        ends = np.concatenate([tail[seen & kinds], head[seen & kinds]])
        x, y = window.at(lon[ends], lat[ends])
        lines = np.concatenate([x, y]).reshape(4, -1).T.tolist()  # from and to, each in x and y
        drawn.append("".join(f"M{a:g} {c:g}L{b:g} {d:g}" for a, b, c, d in lines))
    return drawn[0], drawn[1]


def _path(window: _Window, lon: Any, lat: Any) -> str:
    x, y = window.at(lon, lat)
    return "M" + "L".join(f"{a:g} {b:g}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
