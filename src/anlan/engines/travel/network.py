"""What the rest of Anlan asks about roads: nodes of places, times, routes. Answers are exact, or refused.

A Network never changes: traffic and closures make a new one, which shares the roads and the order of the nodes, so that
a question under way keeps the times it began with. No turn costs and no turn bans.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.engines.archive import packed, unpacked
from anlan.engines.errors import EngineError
from anlan.engines.travel.roads import CLOSED, Ints, Milliseconds, Roads, against, milliseconds, turned
from anlan.engines.travel.router import Router, Times
from anlan.engines.travel.snap import SNAP_M, Snap
from anlan.engines.travel.sphere import Floats

VERSION: Final = 1
COLUMNS: Final = ("lon", "lat", "tail", "head", "metres")
CELLS_MAX: Final = 50_000_000
"""The largest matrix: 400 MB."""
Kind = Literal["hierarchy", "dijkstra"]


@dataclass(frozen=True, eq=False)
class Route:
    """A fastest route: arcs and nodes in driving order (one node more than arcs), seconds and metres in all. An
    arc that is walked against its direction has its own number."""

    arcs: Ints
    nodes: Ints
    seconds: float
    metres: float


class Network:
    """Roads ready to be asked. `kind` says which router answers: `dijkstra` where the fast one is not installed.

    Nodes are numbers of the road graph. Every method raises `travel.node_unknown` for a number that is none (OFF_ROAD
    among them) and `travel.vehicle_unknown`; unreachable is `inf`, never a large number.
    """

    def __init__(
        self,
        roads: Roads,
        kind: Kind = "hierarchy",
        order: NDArray[np.int32] | None = None,
        walks: Collection[str] = (),
    ) -> None:
        """`walks`: the classes that go against one-way streets too, in the same time."""
        self.roads, self.walks = roads, frozenset(walks)
        self._times = {v: milliseconds(s, roads.arcs, v) for v, s in roads.seconds.items()}
        self._back = against(roads, np.any([self._times[v] != CLOSED for v in self.walks], axis=0))
        self._walked = turned(roads, self._back)
        self.kind, self.order, self._make = _router(self._walked, kind, order)
        self._routers = {vehicle: self._routed(vehicle, times) for vehicle, times in self._times.items()}
        self._snap = Snap(roads, np.any([times != CLOSED for times in self._times.values()], axis=0))

    @property
    def vehicles(self) -> tuple[str, ...]:
        """The vehicle classes."""
        return tuple(self._times)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """The nodes that places are taken to: see Snap."""
        return self._snap.usable

    @property
    def part(self) -> Ints:
        """The strongly connected part of each node."""
        return self._snap.part

    def nodes_at(self, lon: ArrayLike, lat: ArrayLike, metres_max: float = SNAP_M) -> tuple[Ints, Floats]:
        """The usable node nearest to each place and the metres to it; OFF_ROAD beyond `metres_max`."""
        return self._snap.nodes(lon, lat, metres_max)

    def node_at(self, lon: float, lat: float, metres_max: float = SNAP_M) -> tuple[int, float]:
        """The same for one place that must be on the road network. Raises `travel.off_road`."""
        nodes, metres = self._snap.nodes(lon, lat, metres_max)
        if nodes[0] < 0:
            raise EngineError("travel.off_road", metres=round(float(metres[0])), metres_max=round(metres_max))
        return int(nodes[0]), float(metres[0])

    def seconds_to(self, sources: ArrayLike, target: int, vehicle: str) -> Floats:
        """Seconds from each source to the target (many to one), shape (sources,)."""
        return _seconds(self._router(vehicle).to_one(self.known(sources), int(self.known(target)[0])))

    def seconds_from(self, source: int, targets: ArrayLike, vehicle: str) -> Floats:
        """Seconds from the source to each target (one to many), shape (targets,)."""
        return _seconds(self._router(vehicle).from_one(int(self.known(source)[0]), self.known(targets)))

    def matrix(self, sources: ArrayLike, targets: ArrayLike, vehicle: str) -> Floats:
        """Seconds, shape (sources, targets). Raises `travel.matrix_too_large`."""
        rows, columns = self.known(sources), self.known(targets)
        if len(rows) * len(columns) > CELLS_MAX:
            raise EngineError("travel.matrix_too_large", cells=len(rows) * len(columns), cells_max=CELLS_MAX)
        return _seconds(self._router(vehicle).matrix(rows, columns))

    def route(self, source: int, target: int, vehicle: str) -> Route:
        """A fastest route. Raises `travel.unreachable`."""
        ends = self.known([source, target])
        arcs = self._router(vehicle).route(int(ends[0]), int(ends[1]))
        if arcs is None:
            raise EngineError("travel.unreachable", source=int(ends[0]), target=int(ends[1]), vehicle=vehicle)
        nodes = np.concatenate([ends[:1], self._walked.head[arcs]])
        arcs = np.concatenate([np.arange(self.roads.arcs, dtype=np.int32), self._back])[arcs]
        seconds = self._times[vehicle][arcs].sum(dtype=np.int64) / 1000.0
        return Route(arcs, nodes, float(seconds), float(self.roads.metres[arcs].sum()))

    def reweighted(self, vehicle: str, seconds: ArrayLike) -> Network:
        """The same roads with other times for a class: traffic, or `inf` for a closure. Raises `travel.seconds`."""
        self._router(vehicle)
        times = milliseconds(seconds, self.roads.arcs, vehicle)
        other = object.__new__(Network)
        other.__dict__ = self.__dict__ | {
            "_times": self._times | {vehicle: times},
            "_routers": self._routers | {vehicle: self._routed(vehicle, times)},
        }
        return other

    def times(self, vehicle: str) -> Floats:
        """Seconds of each arc as they are driven now, `inf` where closed."""
        self._router(vehicle)
        now = self._times[vehicle]
        return np.where(now == CLOSED, np.inf, now / 1000.0)

    def ways(self, vehicle: str) -> tuple[Ints, Ints, Floats]:
        """Tail, head and seconds of each arc as the class goes it: behind the others those walked against one-way
        streets."""
        seconds = self.times(vehicle)
        back = self._back if vehicle in self.walks else self._back[:0]
        arcs = self.roads.arcs + len(back)
        return self._walked.tail[:arcs], self._walked.head[:arcs], np.append(seconds, seconds[back])

    def save(self) -> bytes:
        """Roads, times now and node order; equal networks give equal bytes."""
        arrays = {f"roads_{name}": getattr(self.roads, name) for name in COLUMNS}
        arrays |= {f"ms{n}": times for n, times in enumerate(self._times.values())}
        arrays |= {"order": self.order} if self.order is not None else {}
        return packed({"version": VERSION, "vehicles": list(self._times), "walks": sorted(self.walks)}, arrays)

    @staticmethod
    def load(data: bytes, kind: Kind = "hierarchy") -> Network:
        """The inverse. Raises ValueError for anything else, EngineError for a graph that does not hold."""
        head, arrays = unpacked(data, "road network", VERSION)
        try:
            times = {v: arrays[f"ms{n}"] for n, v in enumerate(head["vehicles"])}
            columns = {name: arrays[f"roads_{name}"] for name in COLUMNS}
        except KeyError as error:
            raise ValueError(f"not a road network: {error} is missing") from error
        seconds = {v: np.where(ms == CLOSED, np.inf, ms / 1000.0) for v, ms in times.items()}
        return Network(Roads(**columns, seconds=seconds), kind, arrays.get("order"), head.get("walks", ()))

    def _routed(self, vehicle: str, times: Milliseconds) -> Router:
        """A router for these times, which hold against one-way streets where the class walks."""
        back = times[self._back] if vehicle in self.walks else np.full(len(self._back), CLOSED, np.int32)
        return self._make(np.concatenate([times, back]))

    def _router(self, vehicle: str) -> Router:
        found = self._routers.get(vehicle)
        if found is None:
            raise EngineError("travel.vehicle_unknown", vehicle=vehicle, known=", ".join(self._routers))
        return found

    def known(self, nodes: ArrayLike) -> Ints:
        """These nodes, checked."""
        given = np.atleast_1d(np.asarray(nodes))
        if given.size and (given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= self.roads.nodes):
            raise EngineError("travel.node_unknown", nodes=self.roads.nodes)
        return given.astype(np.int32)


def _router(
    roads: Roads, kind: Kind, order: NDArray[np.int32] | None
) -> tuple[Kind, NDArray[np.int32] | None, Callable[[Milliseconds], Router]]:
    if kind == "hierarchy":
        try:
            from anlan.engines.travel.hierarchy import Hierarchy, Topology  # noqa: PLC0415 - a wheel not every machine has
        except ImportError:
            return _router(roads, "dijkstra", order)
        if order is not None and not np.array_equal(np.sort(order), np.arange(roads.nodes)):
            raise EngineError("travel.order")
        topology = Topology(roads, order)
        return kind, topology.order, lambda times: Hierarchy(topology, times)
    from anlan.engines.travel.dijkstra import Dijkstra  # noqa: PLC0415 - scipy takes 0.4 s of every start

    return kind, order, lambda times: Dijkstra(roads, times)


def _seconds(times: Times) -> Floats:
    return np.where(times < 0, np.inf, times / 1000.0)
