"""The demo's road network: a Gabriel graph of junctions, main roads, two crossings of the bay, one ferry."""

from __future__ import annotations

import random
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay, cKDTree

from anlan.city.demo.outline import BRIDGES, DISTRICTS
from anlan.city.demo.outline import FERRY as FERRY_LINE
from anlan.city.demo.tiles import FLATTEN, Tile
from anlan.city.demo.words import URBAN_LAST, Coiner
from anlan.city.geo import Floats, distance_m
from anlan.city.roads import EXPRESSWAY, FERRY, MAIN, MINOR, RoadGraph

Edges = NDArray[np.int32]
JUNCTIONS_PER_STREET: Final = 30
WINDING: Final = 1.12  # a road is this much longer than the straight line
SPEED_KM_H: Final = {MINOR: 28.0, MAIN: 45.0, EXPRESSWAY: 80.0, FERRY: 20.0}
FERRY_BOARDING_S: Final = 900.0
STRAIGHT_COSINE: Final = 0.75  # a named road bends by at most 41° at a junction
ROAD_EDGES_MIN: Final = 3


def roads(tiles: list[Tile], rng: np.random.Generator, coin: random.Random) -> RoadGraph:
    """A strongly connected graph over all streets of the city, the island included."""
    points = _junctions(tiles, rng)
    plane = points * [FLATTEN, 1.0]
    edges = _gabriel(plane)
    edges = edges[_dry(points, edges, tiles)]
    edges, kind = _joined(points, edges)
    kind = _main(points, edges, kind, tiles)
    name, names = _names(plane, edges, kind, coin)
    metres = np.maximum(_lengths(points, edges) * np.where(kind >= EXPRESSWAY, 1.02, WINDING), 12.0)
    seconds = metres / (np.array([SPEED_KM_H[k] for k in range(4)])[kind] / 3.6) + np.where(kind == MAIN, 6.0, 3.0)
    seconds += np.where(kind == FERRY, FERRY_BOARDING_S, 0.0)
    both = np.concatenate([edges, edges[:, ::-1]])
    return RoadGraph(
        lon=points[:, 0].copy(),
        lat=points[:, 1].copy(),
        tail=both[:, 0].astype(np.int32),
        head=both[:, 1].astype(np.int32),
        metres=np.tile(metres, 2).round(1).astype(np.float32),
        seconds=np.tile(seconds, 2).round(1).astype(np.float32),
        kind=np.tile(kind, 2).astype(np.int8),
        name=np.tile(name, 2).astype(np.int32),
        names=np.array(names),
    )


def _junctions(tiles: list[Tile], rng: np.random.Generator) -> Floats:
    """Random places in every street pushed apart once, so that junctions neither cluster nor form a grid."""
    found = []
    for tile in tiles:
        west, south, east, north = tile.shape.bounds
        shapely.prepare(tile.shape)
        cloud = rng.uniform((west, south), (east, north), (JUNCTIONS_PER_STREET * 40, 2))
        cloud = cloud[shapely.contains_xy(tile.shape, cloud)]
        centres = cloud[:JUNCTIONS_PER_STREET]
        for _ in range(3):
            nearest = cKDTree(centres * [FLATTEN, 1.0]).query(cloud * [FLATTEN, 1.0])[1]
            mass = np.bincount(nearest, minlength=len(centres))
            centres = np.column_stack([np.bincount(nearest, cloud[:, k], len(centres)) / mass for k in (0, 1)])
        found.append(centres[shapely.contains_xy(tile.shape, centres)])
    return np.round(np.vstack(found), 5)


def _gabriel(plane: Floats) -> Edges:
    """Edges whose diameter circle holds no other point: a connected planar graph that looks like a road map."""
    simplices = Delaunay(plane).simplices
    pairs = np.unique(
        np.sort(np.vstack([simplices[:, [0, 1]], simplices[:, [1, 2]], simplices[:, [0, 2]]]), axis=1), axis=0
    )
    middle = (plane[pairs[:, 0]] + plane[pairs[:, 1]]) / 2.0
    half = np.hypot(*(plane[pairs[:, 0]] - plane[pairs[:, 1]]).T) / 2.0
    nearest = cKDTree(plane).query(middle)[0]
    kept: Edges = pairs[nearest >= half * (1.0 - 1e-9)].astype(np.int32)
    return kept


def _dry(points: Floats, edges: Edges, tiles: list[Tile]) -> Any:
    """Which edges stay on land (a few metres of quay allowed)."""
    ground = shapely.union_all([t.shape for t in tiles]).buffer(0.0004)
    shapely.prepare(ground)
    return shapely.covers(ground, shapely.linestrings(points[edges]))


def _joined(points: Floats, edges: Edges) -> tuple[Edges, NDArray[np.int8]]:
    """Crossings and the ferry added; what is still apart is tied to the main body by its shortest link."""
    tree = cKDTree(points * [FLATTEN, 1.0])
    kind = np.zeros(len(edges), np.int8)
    for (_, start, end), sort in [*((b, EXPRESSWAY) for b in BRIDGES), (FERRY_LINE, FERRY)]:
        link = [int(tree.query(np.array(p) * [FLATTEN, 1.0])[1]) for p in (start, end)]
        edges, kind = np.vstack([edges, np.array([link], np.int32)]), np.append(kind, np.int8(sort))
    while True:
        count, part = _parts(len(points), edges)
        if count == 1:
            return edges, kind
        main = np.bincount(part).argmax()
        inside, outside = np.flatnonzero(part == main), np.flatnonzero(part != main)
        away, nearest = cKDTree(points[inside]).query(points[outside])
        first = int(away.argmin())
        link = [int(inside[nearest[first]]), int(outside[first])]
        edges, kind = np.vstack([edges, np.array([link], np.int32)]), np.append(kind, np.int8(MINOR))


def _parts(nodes: int, edges: Edges) -> tuple[int, Any]:
    matrix = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(nodes, nodes))
    count, part = connected_components(matrix.tocsr(), directed=False)
    return int(count), part


def _lengths(points: Floats, edges: Edges) -> Floats:
    start, end = points[edges[:, 0]], points[edges[:, 1]]
    lengths: Floats = distance_m(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    return lengths


def _main(points: Floats, edges: Edges, kind: NDArray[np.int8], tiles: list[Tile]) -> NDArray[np.int8]:
    """Edges on the shortest ways between neighbouring street centres and from each to its district's centre."""
    tree = cKDTree(points * [FLATTEN, 1.0])
    seats = np.array([t.seed for t in tiles])
    centres = np.array([d.centre for d in DISTRICTS])
    stops = tree.query(np.vstack([seats, centres]) * [FLATTEN, 1.0])[1]
    targets = [len(seats) + t.district for t in tiles]
    near = cKDTree(seats * [FLATTEN, 1.0]).query(seats * [FLATTEN, 1.0], k=4)[1]
    lengths = _lengths(points, edges)
    cost = coo_array((lengths, (edges[:, 0], edges[:, 1])), shape=(len(points), len(points)))
    came = dijkstra(cost.tocsr(), directed=False, indices=stops, return_predecessors=True)[1]
    index = {(int(a), int(b)): i for i, (a, b) in enumerate(np.sort(edges, axis=1))}
    kind = kind.copy()
    for i in range(len(seats)):
        for goal in {targets[i], *(int(n) for n in near[i])} - {i}:
            node = int(stops[goal])
            while came[i, node] >= 0:
                before = int(came[i, node])
                edge = index[min(before, node), max(before, node)]
                kind[edge] = max(kind[edge], MAIN)
                node = before
    return kind


def _names(plane: Floats, edges: Edges, kind: NDArray[np.int8], rng: random.Random) -> tuple[Edges, list[str]]:
    """Roads as straight-on runs of edges of one kind; short ones stay nameless (index 0 is "")."""
    coiner = Coiner(rng)
    names = [""]
    name = np.zeros(len(edges), np.int32)
    for edge, title in zip(np.flatnonzero(kind >= EXPRESSWAY), [*(b[0] for b in BRIDGES), FERRY_LINE[0]], strict=True):
        names.append(title)
        name[edge] = len(names) - 1
    for run, sort in _runs(plane, edges, kind):
        if len(run) >= ROAD_EDGES_MIN:
            size = len(run) >= 8
            names.append(
                coiner.coin(URBAN_LAST) + ("大道" if sort == MAIN and size else "路" if sort == MAIN else "街")
            )
            name[run] = len(names) - 1
    return name, names


def _runs(plane: Floats, edges: Edges, kind: NDArray[np.int8]) -> list[tuple[list[int], int]]:
    at: dict[int, list[int]] = {}
    for i, (a, b) in enumerate(edges.tolist()):
        at.setdefault(a, []).append(i)
        at.setdefault(b, []).append(i)
    free = set(range(len(edges)))
    runs = []
    for start in np.argsort(-kind, kind="stable").tolist():
        if kind[start] >= EXPRESSWAY or start not in free:
            continue
        free.discard(start)
        a, b = edges[start].tolist()
        ahead = _follow(start, a, b, plane, edges, kind, at, free)
        behind = _follow(start, b, a, plane, edges, kind, at, free)
        runs.append(([*behind[::-1], start, *ahead], int(kind[start])))
    return runs


def _follow(
    edge: int, tail: int, head: int, plane: Floats, edges: Edges, kind: Any, at: dict[int, list[int]], free: set[int]
) -> list[int]:
    """Straight on from `head` while an unused edge of the same kind bends little enough."""
    run: list[int] = []
    while True:
        step = plane[head] - plane[tail]
        best, turn = -1, STRAIGHT_COSINE
        for other in at[head]:
            if other in free and kind[other] == kind[edge]:
                ahead = plane[int(edges[other].sum()) - head] - plane[head]
                cosine = float(step @ ahead / (np.hypot(*step) * np.hypot(*ahead)))
                if cosine > turn:
                    best, turn = other, cosine
        if best < 0:
            return run
        free.discard(best)
        run.append(best)
        tail, head = head, int(edges[best].sum()) - head
