"""Named places of the demo: communities, villages, schools, markets and what else a caller names."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from scipy.spatial import cKDTree

from anlan.city.demo.tiles import Tile
from anlan.city.demo.words import GARDEN_LAST, RURAL_LAST, URBAN_LAST, VILLAGE_FIRST, Coiner
from anlan.city.layers import Area
from anlan.city.places import Place
from anlan.city.roads import RoadGraph

URBAN: Final = (
    ("community", "{w}", GARDEN_LAST), ("community", "{w}花园", URBAN_LAST), ("community", "{w}小区", URBAN_LAST),
    ("community", "{w}社区", URBAN_LAST), ("school", "{s}小学", ""), ("school", "{w}中学", URBAN_LAST),
    ("kindergarten", "{w}幼儿园", URBAN_LAST), ("market", "{s}农贸市场", ""), ("mall", "{w}广场", URBAN_LAST),
    ("hospital", "{s}社区医院", ""), ("park", "{w}公园", URBAN_LAST),
)  # fmt: skip
RURAL: Final = (
    ("village", "{v}{w}村", RURAL_LAST), ("village", "{v}{w}村", RURAL_LAST), ("village", "{w}村", RURAL_LAST),
    ("village", "{w}村", RURAL_LAST), ("community", "{w}小区", URBAN_LAST), ("school", "{s}中心小学", ""),
    ("school", "{s}中学", ""), ("kindergarten", "{s}幼儿园", ""), ("market", "{s}大集", ""),
    ("hospital", "{s}卫生院", ""), ("factory", "{w}产业园", URBAN_LAST),
)  # fmt: skip
ISLAND: Final = (
    *(("village", "{w}村", RURAL_LAST),) * 13, ("harbour", "{s}码头", ""), ("school", "{s}学校", ""),
    ("hospital", "{s}卫生院", ""),
)  # fmt: skip


def sights(tiles: Sequence[Tile], streets: Sequence[Area], roads: RoadGraph, rng: random.Random) -> list[Place]:
    """About eleven places a street, each beside a junction and inside its street; then every named road and street."""
    coiner = Coiner(rng)
    nodes = np.column_stack([roads.lon, roads.lat])
    found: list[Place] = []
    for i, (tile, street) in enumerate(zip(tiles, streets, strict=True)):
        shapely.prepare(tile.shape)
        own = nodes[shapely.contains_xy(tile.shape, nodes)]
        own = own if len(own) else np.array([tile.seed])
        kinds = ISLAND if i == len(tiles) - 1 else URBAN if street.name.endswith("街道") else RURAL
        for kind, pattern, last in kinds:
            word = coiner.coin(last, street.district) if last else ""
            name = pattern.format(w=word, s=_plain(street.name), v=rng.choice(VILLAGE_FIRST))
            lon, lat = _beside(own, tile.shape, rng)
            found.append(Place(name, kind, lon, lat, street.district, street.key))
    return [*found, *_roads(roads, tiles, streets), *(_street(t, s) for t, s in zip(tiles, streets, strict=True))]


def _plain(name: str) -> str:
    return name.removesuffix("街道").removesuffix("镇")


def _beside(nodes: Any, shape: Any, rng: random.Random) -> tuple[float, float]:
    """A place within some 150 m of a junction, inside the street."""
    lon, lat = nodes[rng.randrange(len(nodes))].tolist()
    for _ in range(8):
        near = round(lon + rng.uniform(-0.0015, 0.0015), 5), round(lat + rng.uniform(-0.0012, 0.0012), 5)
        if shapely.contains_xy(shape, *near):
            return near
    return lon, lat


def _roads(roads: RoadGraph, tiles: Sequence[Tile], streets: Sequence[Area]) -> list[Place]:
    """Every named road at the middle one of its arcs, with the street whose seed is nearest."""
    nearest = cKDTree([t.seed for t in tiles])
    places = []
    order = np.argsort(roads.name[: len(roads.name) // 2], kind="stable")
    for arcs in np.split(order, np.flatnonzero(np.diff(roads.name[order])) + 1):
        arc = int(arcs[len(arcs) // 2])
        name = str(roads.names[roads.name[arc]])
        if name:
            lon, lat = float(roads.lon[roads.tail[arc]]), float(roads.lat[roads.tail[arc]])
            street = streets[int(nearest.query((lon, lat))[1])]
            places.append(Place(name, "road", lon, lat, street.district, street.key))
    return places


def _street(tile: Tile, street: Area) -> Place:
    return Place(street.name, "street", round(tile.seed[0], 5), round(tile.seed[1], 5), street.district, street.key)
