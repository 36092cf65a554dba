"""A customisable contraction hierarchy by routingkit-cch, behind the four questions of a Router.

The order of the nodes depends on the topology only and is what costs time; it is computed once and saved. Arc times
come later ("customising", some milliseconds), so traffic and closures never touch the order. Nothing else imports the
library. Method: Dibbelt, Strasser, Wagner, "Customizable Contraction Hierarchies", ACM JEA 21 (2016).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from routingkit_cch import CCH, CCHManyToOne, CCHMetric, CCHOneToMany, CCHQuery, compute_order_inertial

from anlan.engines.travel.roads import Ints, Milliseconds, Roads
from anlan.engines.travel.router import UNREACHABLE, Times


class Topology:
    """Which nodes are contracted in which order, and what follows from it. Shared by all sets of arc times."""

    def __init__(self, roads: Roads, order: NDArray[np.int32] | None = None) -> None:
        tail, head = roads.tail.tolist(), roads.head.tolist()
        if order is None:
            lat, lon = roads.lat.tolist(), roads.lon.tolist()
            order = np.array(compute_order_inertial(roads.nodes, tail, head, lat, lon), np.int32)
        self.order = order
        self.cch = CCH(order.tolist(), tail, head, False)


class Hierarchy:
    """A Router for one set of arc times on a topology."""

    def __init__(self, topology: Topology, times: Milliseconds) -> None:
        self._metric = CCHMetric(topology.cch, times.tolist())

    def to_one(self, sources: Ints, target: int) -> Times:
        """See Router."""
        return _whole(CCHManyToOne(self._metric, sources.tolist()).distances_to(target))

    def from_one(self, source: int, targets: Ints) -> Times:
        """See Router."""
        return _whole(CCHOneToMany(self._metric, targets.tolist()).distances_from(source))

    def matrix(self, sources: Ints, targets: Ints) -> Times:
        """See Router."""
        found = np.empty((len(sources), len(targets)), np.int64)
        if len(sources) <= len(targets):
            pinned = CCHOneToMany(self._metric, targets.tolist())
            for row, source in enumerate(sources.tolist()):
                found[row] = _whole(pinned.distances_from(source))
        else:
            turned = CCHManyToOne(self._metric, sources.tolist())
            for column, target in enumerate(targets.tolist()):
                found[:, column] = _whole(turned.distances_to(target))
        return found

    def route(self, source: int, target: int) -> Ints | None:
        """See Router."""
        found = CCHQuery(self._metric).run(source, target)
        return None if found.distance is None else np.array(found.arc_path, np.int32)


def _whole(times: Sequence[int | None]) -> Times:
    return np.array([UNREACHABLE if time is None else time for time in times], np.int64)
