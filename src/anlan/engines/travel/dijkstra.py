"""Dijkstra by scipy: slow and plain. The referee of the benches, and the router where no other is to be had."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from anlan.engines.travel.roads import CLOSED, Ints, Milliseconds, Roads
from anlan.engines.travel.router import UNREACHABLE, Times

NOBODY = -9999
"""scipy's mark for "no predecessor"."""


class Dijkstra:
    """A Router. Sums of whole milliseconds are exact in float64 below 2**53."""

    def __init__(self, roads: Roads, times: Milliseconds) -> None:
        order = np.lexsort((times, roads.head, roads.tail))
        order = order[times[order] != CLOSED]
        pairs = np.column_stack([roads.tail[order], roads.head[order]])
        first = np.ones(len(order), np.bool_)
        first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)  # of parallel arcs the fastest: scipy would add them up
        self._arc = order[first]
        ends = (roads.tail[self._arc], roads.head[self._arc])
        shape = (roads.nodes, roads.nodes)
        self._there = csr_array((times[self._arc].astype(np.float64), ends), shape=shape)
        self._back = csr_array((times[self._arc].astype(np.float64), ends[::-1]), shape=shape)
        self._arc_of = csr_array((self._arc + 1, ends), shape=shape)

    def to_one(self, sources: Ints, target: int) -> Times:
        """See Router."""
        return _whole(dijkstra(self._back, indices=target)[sources])

    def from_one(self, source: int, targets: Ints) -> Times:
        """See Router."""
        return _whole(dijkstra(self._there, indices=source)[targets])

    def matrix(self, sources: Ints, targets: Ints) -> Times:
        """See Router."""
        return np.array([self.from_one(int(s), targets) for s in sources], np.int64).reshape(len(sources), len(targets))

    def route(self, source: int, target: int) -> Ints | None:
        """See Router."""
        seconds, before = dijkstra(self._there, indices=source, return_predecessors=True)
        if not np.isfinite(seconds[target]):
            return None
        arcs, node = [], target
        while node != source:
            arcs.append(int(self._arc_of[before[node], node]) - 1)
            node = int(before[node])
        return np.array(arcs[::-1], np.int32)


def _whole(seconds: np.ndarray) -> Times:
    return np.where(np.isfinite(seconds), seconds, UNREACHABLE).astype(np.int64)
