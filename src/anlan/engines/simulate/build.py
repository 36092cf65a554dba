"""A simulated city from a road network: tables of times between points and stations, and the ways between them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from anlan.engines.errors import EngineError
from anlan.engines.simulate.world import City
from anlan.engines.travel.network import Network
from anlan.engines.travel.roads import Roads
from anlan.engines.travel.sphere import EARTH_RADIUS_M, on_sphere

CROSSING: Final = 3
CELLS_M: Final = (20.0, 50_000.0)
PARTS: Final = 12
"""A drive of twelve minutes can be broken off every minute."""


def city_on(
    network: Network,
    points: NDArray[np.int32],
    weights: NDArray[np.float64],
    stations: NDArray[np.int32],
    *,
    urgent: str,
    calm: str,
    cover_s: float,
) -> City:
    """`points`: nodes where calls happen, `weights` their demand; `stations`: nodes of the bases (added to the points
    where they are not among them, without demand). Response by the vehicle class `urgent`, bases by `calm`; a base
    covers what it reaches within `cover_s`. Raises `simulate.unreachable`.
    """
    nodes = np.concatenate([points, stations[~np.isin(stations, points)]])
    first = {node: n for n, node in reversed(list(enumerate(nodes.tolist())))}
    at = np.array([first[node] for node in stations.tolist()], np.int32)
    response = network.matrix(nodes, nodes, urgent)
    drive = network.matrix(nodes, stations, calm)
    if not (np.isfinite(response).all() and np.isfinite(drive).all()):
        lost = int((~np.isfinite(response).all(axis=1)).sum())
        raise EngineError("simulate.unreachable", count=lost)
    demand = np.concatenate([weights, np.zeros(len(nodes) - len(points))])
    return City(
        response_ms=np.rint(response * 1000.0).astype(np.int32),
        drive_ms=np.rint(drive * 1000.0).astype(np.int32),
        station=at,
        way=_ways(network, nodes, stations, at, calm),
        covers=response[at] <= cover_s,
        weights=demand,
    )


def demand_points(roads: Roads, usable: NDArray[np.bool_], count: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Nodes that stand for where people are, at most about `count`, each with the number of street crossings round it.

    Where no census is to be had, crossings stand for people: streets cross where people live, while shape points follow
    bends in empty country. Crossings (nodes with three neighbours or more; all nodes where there are fewer than
    `count`) are counted in square cells, and the one nearest to a cell's middle speaks for it.
    """
    ends = np.unique(np.sort(np.column_stack([roads.tail, roads.head]), axis=1), axis=0)
    ends = ends[ends[:, 0] != ends[:, 1]]
    degree = np.bincount(ends.ravel(), minlength=roads.nodes)
    some = np.flatnonzero(usable & (degree >= CROSSING))
    if len(some) < count:
        some = np.flatnonzero(usable)
    lat = np.radians(roads.lat[some])
    xy = np.column_stack([np.radians(roads.lon[some]) * np.cos(lat.mean()), lat]) * EARTH_RADIUS_M
    small, large = CELLS_M
    for _ in range(40):
        size = float(np.sqrt(small * large))
        cells = np.unique(np.floor(xy / size), axis=0)
        small, large = (size, large) if len(cells) > count else (small, size)
    _, cell, weight = np.unique(np.floor(xy / large), axis=0, return_inverse=True, return_counts=True)
    middle = np.column_stack([np.bincount(cell, column) for column in xy.T]) / weight[:, None]
    off = ((xy - middle[cell]) ** 2).sum(axis=1)
    order = np.lexsort((off, cell))
    chosen = order[np.searchsorted(cell[order], np.arange(len(weight)))]
    return some[chosen].astype(np.int32), weight.astype(np.float64)


def _ways(
    network: Network, nodes: NDArray[np.int32], stations: NDArray[np.int32], at: NDArray[np.int32], vehicle: str
) -> NDArray[np.int32]:
    """On every route, the points nearest to where the vehicle is after each of PARTS parts of the time."""
    roads, arc_s = network.roads, network.times(vehicle)
    tree = cKDTree(on_sphere(roads.lon[nodes], roads.lat[nodes]))
    _, near = tree.query(on_sphere(roads.lon, roads.lat))
    way = np.empty((len(nodes), len(stations), PARTS), np.int32)
    share = (np.arange(PARTS) + 1) / PARTS
    for row, node in enumerate(nodes.tolist()):
        for column, station in enumerate(stations.tolist()):
            route = network.route(node, station, vehicle)
            passed = np.concatenate([[0.0], np.cumsum(arc_s[route.arcs])])
            way[row, column] = near[route.nodes[np.searchsorted(passed, share * passed[-1] * (1 - 1e-9))]]
            way[row, column, -1] = at[column]
    return way
