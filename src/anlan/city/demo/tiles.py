"""Street polygons of the demo: small Voronoi cells joined, so that borders wander and the land is tiled."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from anlan.city.demo.outline import COAST, DISTRICTS, INLAND, ISLAND, District, Ring
from anlan.city.geo import Floats
from anlan.city.layers import DECIMALS

CELLS_PER_STREET: Final = 26
FLATTEN: Final = 0.807  # cosine of the city's latitude: degrees of longitude are this much shorter
CRUMB: Final = 1e-8  # square degrees, about 80 m²: what clipping leaves over


class Tile(NamedTuple):
    """One street's polygon, its seed point, and the index of its district in `DISTRICTS`."""

    district: int
    seed: tuple[float, float]
    shape: Any


def rough(ring: Ring, rng: np.random.Generator, depth: int, amplitude: float, closed: bool = False) -> Floats:
    """A hand-drawn line made natural by mid-point displacement, shape (n, 2). Ends stay where they are."""
    line = np.array(ring if not closed else (*ring, ring[0]))
    for _ in range(depth):
        step = np.diff(line, axis=0)
        across = np.column_stack([-step[:, 1], step[:, 0]])
        middle = line[:-1] + step / 2.0 + across * rng.uniform(-amplitude, amplitude, (len(step), 1))
        joined = np.empty((len(line) * 2 - 1, 2))
        joined[0::2], joined[1::2] = line, middle
        line = joined
    return line


def land(rng: np.random.Generator) -> tuple[Any, Any]:
    """Mainland and island as valid polygons."""
    outline = np.vstack([rough(COAST, rng, 3, 0.13), rough(INLAND, rng, 3, 0.10)[1:]])
    parts = shapely.get_parts(shapely.make_valid(shapely.Polygon(outline)))
    mainland = max((p for p in parts if p.geom_type == "Polygon"), key=lambda p: p.area)
    return mainland, shapely.Polygon(rough(ISLAND, rng, 2, 0.12, closed=True))


def tiles(rng: np.random.Generator) -> list[Tile]:
    """The streets of every district in the order of `DISTRICTS`; the island comes last."""
    mainland, island = land(rng)
    seeds, seed_district, points, owner = _seeded(mainland, rng)
    cells = _cells(points, mainland)
    owner = _one_piece(owner, cells)
    streets = [
        Tile(int(seed_district[s]), (float(seeds[s, 0]), float(seeds[s, 1])), _joined(cells[owner == s]))
        for s in range(len(seeds))
    ]
    middle = island.representative_point()
    huangdao = next(i for i, d in enumerate(DISTRICTS) if d.code == "370211")
    rounded = shapely.transform(island, lambda p: np.round(p, DECIMALS))
    return [*streets, Tile(huangdao, (middle.x, middle.y), rounded)]


def _seeded(mainland: Any, rng: np.random.Generator) -> tuple[Floats, NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Street seeds with their district, and cell points with the seed that owns each."""
    seeds, homes, points, owners = [], [], [], []
    taken = shapely.Polygon()
    count = 0
    for i, district in enumerate(DISTRICTS):
        ground = shapely.difference(shapely.intersection(shapely.Polygon(district.ring), mainland), taken)
        taken = shapely.union(taken, shapely.Polygon(district.ring))
        own = _spread(ground, district, rng)
        cloud = _scatter(ground, len(own) * CELLS_PER_STREET, rng)
        nearest = cKDTree(own * [FLATTEN, 1.0]).query(cloud * [FLATTEN, 1.0])[1]
        seeds.append(own)
        homes.append(np.full(len(own), i))
        points.append(cloud)
        owners.append(nearest + count)
        count += len(own)
    return np.vstack(seeds), np.concatenate(homes), np.vstack(points), np.concatenate(owners)


def _spread(ground: Any, district: District, rng: np.random.Generator) -> Floats:
    """Seeds well apart but denser near the district's centre: Lloyd's steps over a cloud that leans to the centre."""
    cloud = _scatter(ground, 3000, rng) * [FLATTEN, 1.0]
    away = np.hypot(*(cloud - np.array(district.centre) * [FLATTEN, 1.0]).T)
    weight = 1.0 / (0.15 * away.max() + away)
    seeds = cloud[rng.choice(len(cloud), district.streets, replace=False, p=weight / weight.sum())]
    for _ in range(12):
        nearest = cKDTree(seeds).query(cloud)[1]
        mass = np.bincount(nearest, weight, len(seeds))
        seeds = np.column_stack([np.bincount(nearest, weight * cloud[:, k], len(seeds)) / mass for k in (0, 1)])
    return seeds / [FLATTEN, 1.0]


def _scatter(ground: Any, count: int, rng: np.random.Generator) -> Floats:
    west, south, east, north = ground.bounds
    found = np.empty((0, 2))
    shapely.prepare(ground)
    while len(found) < count:
        draw = rng.uniform((west, south), (east, north), (count * 3, 2))
        found = np.vstack([found, draw[shapely.contains_xy(ground, draw)]])
    return found[:count]


def _cells(points: Floats, mainland: Any) -> Any:
    """Voronoi cells of the points, clipped to the land and rounded to the stored grid, in the points' order."""
    flat = shapely.multipoints(points * [FLATTEN, 1.0])
    stretched = shapely.transform(mainland, lambda p: p * [FLATTEN, 1.0])
    raw = shapely.get_parts(shapely.voronoi_polygons(flat, extend_to=stretched, ordered=True))
    unstretched = shapely.transform(raw, lambda p: np.round(p / [FLATTEN, 1.0], DECIMALS))
    return shapely.intersection(unstretched, mainland)


def _one_piece(owner: NDArray[np.intp], cells: Any) -> NDArray[np.intp]:
    """Cells cut off from the main body of their street go to the street they share the longest border with."""
    owner = owner.copy()
    tree = shapely.STRtree(cells)
    first, second = tree.query(cells, predicate="intersects")
    keep = first != second
    first, second = first[keep], second[keep]
    length = shapely.length(shapely.intersection(shapely.boundary(cells[first]), shapely.boundary(cells[second])))
    touching: dict[int, list[tuple[int, float]]] = {}
    for a, b, shared in zip(first.tolist(), second.tolist(), length.tolist(), strict=True):
        if shared > 0.0:
            touching.setdefault(a, []).append((b, shared))
    for _ in range(6):
        stray = _strays(owner, touching)
        if not stray:
            break
        for cell in stray:
            others = [(shared, int(owner[b])) for b, shared in touching.get(cell, []) if owner[b] != owner[cell]]
            if others:
                owner[cell] = max(others)[1]
    return owner


def _strays(owner: NDArray[np.intp], touching: dict[int, list[tuple[int, float]]]) -> list[int]:
    """Cells outside the largest connected part of their street."""
    seen: set[int] = set()
    parts: dict[int, list[list[int]]] = {}
    for start in range(len(owner)):
        if start in seen:
            continue
        part, stack = [], [start]
        seen.add(start)
        while stack:
            cell = stack.pop()
            part.append(cell)
            for b, _ in touching.get(cell, []):
                if b not in seen and owner[b] == owner[start]:
                    seen.add(b)
                    stack.append(b)
        parts.setdefault(int(owner[start]), []).append(part)
    return [cell for own in parts.values() for part in sorted(own, key=len)[:-1] for cell in part]


def _joined(cells: Any) -> Any:
    """One street from its cells, on the stored grid, without the crumbs of clipping."""
    whole = shapely.make_valid(shapely.transform(shapely.union_all(cells), lambda p: np.round(p, DECIMALS)))
    parts = [p for p in shapely.get_parts(whole) if p.geom_type == "Polygon" and p.area > CRUMB]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
