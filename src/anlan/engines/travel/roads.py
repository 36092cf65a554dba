"""The road graph as arrays, checked at the door: what would make a route wrong is refused. No routing here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.engines.errors import EngineError
from anlan.engines.travel.sphere import Floats

Ints = NDArray[np.int32]
Milliseconds = NDArray[np.int32]
CLOSED: Final = 2**31 - 1
"""Milliseconds of an arc that nobody may drive. No sum of open arcs reaches it: see ARC_MS_MAX."""
ARC_MS_MAX: Final = 86_400_000
"""One arc takes a day at most; more is a mistake in the unit."""


@dataclass(frozen=True, eq=False)
class Roads:
    """n nodes (`lon`, `lat`, WGS-84 degrees) and m directed arcs from node `tail` to node `head`.

    `metres` per arc; `seconds` per vehicle class and arc, `inf` for a closed one. Arrays become read-only.
    Parallel arcs and loops are allowed. Raises EngineError: `travel.empty`, `travel.lengths`, `travel.place`,
    `travel.arc_end`, `travel.metres`, `travel.seconds`.
    """

    lon: Floats
    lat: Floats
    tail: Ints
    head: Ints
    metres: Floats
    seconds: Mapping[str, Floats]

    def __post_init__(self) -> None:
        for name, dtype in (("lon", float), ("lat", float), ("tail", np.int32), ("head", np.int32), ("metres", float)):
            given = np.asarray(getattr(self, name))
            if dtype is np.int32 and not _whole_numbers(given):
                raise EngineError("travel.arc_end", nodes=len(self.lon))
            object.__setattr__(self, name, _frozen(given, dtype))
        _check(self)
        times = {vehicle: _frozen(seconds, np.float64) for vehicle, seconds in self.seconds.items()}
        for vehicle, seconds in times.items():
            milliseconds(seconds, len(self.tail), vehicle)
        object.__setattr__(self, "seconds", MappingProxyType(times))

    @property
    def nodes(self) -> int:
        """How many nodes."""
        return len(self.lon)

    @property
    def arcs(self) -> int:
        """How many arcs."""
        return len(self.tail)


def milliseconds(seconds: ArrayLike, arcs: int, vehicle: str = "") -> Milliseconds:
    """Seconds of every arc as whole milliseconds, at least 1; `inf` becomes CLOSED.

    Raises `travel.lengths`, and `travel.seconds` for zero, negative, missing or over-long times: a wrong time is a
    wrong rank.
    """
    given = np.asarray(seconds, np.float64)
    if given.shape != (arcs,):
        raise EngineError("travel.lengths", what=vehicle or "seconds", expected=arcs, found=given.size)
    closed = np.isposinf(given)
    bad = ~closed & ~((given > 0.0) & (given * 1000.0 <= ARC_MS_MAX))
    if bad.any():
        arc = int(np.flatnonzero(bad)[0])
        raise EngineError("travel.seconds", count=int(bad.sum()), arc=arc, value=float(given[arc]), vehicle=vehicle)
    whole = np.maximum(1.0, np.rint(np.where(closed, 0.0, given) * 1000.0))
    return np.where(closed, CLOSED, whole).astype(np.int32)


def against(roads: Roads, walked: NDArray[np.bool_]) -> Ints:
    """The arcs that may be walked and whose street has none the other way."""
    there = roads.tail.astype(np.int64) * roads.nodes + roads.head
    other = roads.head.astype(np.int64) * roads.nodes + roads.tail
    found: Ints = np.flatnonzero(walked & ~np.isin(other, there[walked])).astype(np.int32)
    return found


def turned(roads: Roads, back: Ints) -> Roads:
    """The same roads with these arcs also the other way, behind the others."""
    if not len(back):
        return roads
    tail, head = np.append(roads.tail, roads.head[back]), np.append(roads.head, roads.tail[back])
    seconds = {vehicle: np.append(given, given[back]) for vehicle, given in roads.seconds.items()}
    return replace(roads, tail=tail, head=head, metres=np.append(roads.metres, roads.metres[back]), seconds=seconds)


def strong_parts(roads: Roads, is_open: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The part of each node, and the size of each part: inside a part one can drive from anywhere to anywhere.

    A node that can be entered but not left (a one-way trap), or left but not entered, is a part of its own.
    """
    ends = (roads.tail[is_open], roads.head[is_open])
    from scipy.sparse import coo_array  # noqa: PLC0415 - 0.4 s of every start, which asks no way
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - the same

    matrix = coo_array((np.ones(int(is_open.sum()), np.int8), ends), shape=(roads.nodes, roads.nodes)).tocsr()
    _, label = connected_components(matrix, directed=True, connection="strong")
    return label.astype(np.int32), np.bincount(label)


def _check(roads: Roads) -> None:
    if not roads.nodes or not roads.arcs or not roads.seconds:
        raise EngineError("travel.empty")
    if len(roads.lat) != roads.nodes:
        raise EngineError("travel.lengths", what="lat", expected=roads.nodes, found=len(roads.lat))
    for name, column in (("head", roads.head), ("metres", roads.metres)):
        if len(column) != roads.arcs:
            raise EngineError("travel.lengths", what=name, expected=roads.arcs, found=len(column))
    if not (np.isfinite([roads.lon, roads.lat]).all() and abs(roads.lat).max() <= 90 and abs(roads.lon).max() <= 180):
        raise EngineError("travel.place")
    low, high = min(roads.tail.min(), roads.head.min()), max(roads.tail.max(), roads.head.max())
    if low < 0 or high >= roads.nodes:
        raise EngineError("travel.arc_end", nodes=roads.nodes)
    bad = ~(np.isfinite(roads.metres) & (roads.metres >= 0.0))
    if bad.any():
        raise EngineError("travel.metres", count=int(bad.sum()), arc=int(np.flatnonzero(bad)[0]))


def _whole_numbers(given: NDArray[np.generic]) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.array_equal(given, given.astype(np.int32)))


def _frozen(given: ArrayLike, dtype: type) -> NDArray[np.generic]:
    array: NDArray[np.generic] = np.array(given, dtype)
    if array.ndim != 1:
        raise EngineError("travel.lengths", what="columns", expected=1, found=array.ndim)
    array.setflags(write=False)
    return array
