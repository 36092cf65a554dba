"""Small made-up road graphs, and a plain heap Dijkstra of our own as the referee of every router."""

from __future__ import annotations

import heapq
import math

import numpy as np

from anlan.engines.travel.network import Kind, Network
from anlan.engines.travel.roads import Roads


def grid_city(side: int = 12, seed: int = 1, vehicles: tuple[str, ...] = ("lights",)) -> Roads:
    """A jittered town of side × side crossings, about 200 m apart, one street in six one-way, all times different."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    lon = 120.3 + x.ravel() * 0.0022 + rng.normal(0, 2e-4, side * side)
    lat = 36.0 + y.ravel() * 0.0018 + rng.normal(0, 2e-4, side * side)
    node = np.arange(side * side).reshape(side, side)
    east = np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()])
    north = np.column_stack([node[:-1].ravel(), node[1:].ravel()])
    streets = np.concatenate([east, north])
    back = streets[rng.random(len(streets)) > 1 / 6][:, ::-1]
    ends = np.concatenate([streets, back])
    metres = np.hypot(np.diff(lon[ends])[:, 0] * 90_000, np.diff(lat[ends])[:, 0] * 111_000)
    base = metres / rng.uniform(6, 16, len(ends))
    seconds = {vehicle: base * (1 + 0.4 * n) for n, vehicle in enumerate(vehicles)}
    return Roads(lon, lat, ends[:, 0], ends[:, 1], metres, seconds)


def random_roads(seed: int) -> Roads:
    """Anything that is allowed: parallel arcs, loops, closed arcs, loose parts, dead ends, traps, equal times."""
    rng = np.random.default_rng(seed)
    nodes, arcs = int(rng.integers(1, 30)), int(rng.integers(1, 90))
    seconds = rng.choice([0.001, 0.5, 1.0, 1.0, 7.25, 40.0, np.inf], arcs)
    place = rng.uniform(0, 0.1, (2, nodes))
    ends = rng.integers(0, nodes, (2, arcs))
    return Roads(*place, *ends, np.ones(arcs), {"car": seconds})


def referee(roads: Roads, seconds: np.ndarray, source: int) -> np.ndarray:
    """Milliseconds from a node to all, by a heap, in Python integers; -1 where no road leads."""
    out: list[list[tuple[int, int]]] = [[] for _ in range(roads.nodes)]
    for tail, head, time in zip(roads.tail.tolist(), roads.head.tolist(), seconds.tolist(), strict=True):
        if math.isfinite(time):
            out[tail].append((head, max(1, round(time * 1000))))
    found = [-1] * roads.nodes
    heap = [(0, source)]
    while heap:
        time, node = heapq.heappop(heap)
        if found[node] >= 0:
            continue
        found[node] = time
        for head, more in out[node]:
            if found[head] < 0:
                heapq.heappush(heap, (time + more, head))
    return np.array(found)


def network(roads: Roads, kind: Kind = "hierarchy") -> Network:
    """Ready to be asked."""
    return Network(roads, kind)
