"""From a place to the nearest node a vehicle can both reach and leave. Off the road is said, never guessed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.engines.errors import EngineError
from anlan.engines.travel.roads import Ints, Roads, strong_parts
from anlan.engines.travel.sphere import Floats, arc_metres, on_sphere

OFF_ROAD: Final = -1
SNAP_M: Final = 1_000.0
"""A place farther than this from every usable node is off the road: at sea, on a mountain, in another city."""
PART_MIN: Final = 20
"""Nodes in a smaller strongly connected part are no places to wait or to be called to: car parks, traps, map errors."""


class Snap:
    """`usable` marks the nodes that places are taken to; an island of PART_MIN nodes or more keeps its own."""

    def __init__(self, roads: Roads, is_open: NDArray[np.bool_]) -> None:
        self.part, sizes = strong_parts(roads, is_open)
        self.usable = sizes[self.part] >= min(PART_MIN, int(sizes.max()))
        self._nodes = np.flatnonzero(self.usable).astype(np.int32)
        from scipy.spatial import cKDTree  # noqa: PLC0415 - 0.4 s of every start, which asks no way

        self._tree = cKDTree(on_sphere(roads.lon[self._nodes], roads.lat[self._nodes]))

    def nodes(self, lon: ArrayLike, lat: ArrayLike, metres_max: float = SNAP_M) -> tuple[Ints, Floats]:
        """The node of each place and the metres to it; OFF_ROAD where none is within `metres_max`.

        Raises `travel.place` for what is no place on earth.
        """
        east, north = np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
        if east.shape != north.shape or east.ndim != 1:
            raise EngineError("travel.lengths", what="lat", expected=east.size, found=north.size)
        if not (np.isfinite([east, north]).all() and (abs(north) <= 90).all() and (abs(east) <= 180).all()):
            raise EngineError("travel.place")
        if not east.size:
            return np.empty(0, np.int32), np.empty(0)
        chord, found = self._tree.query(on_sphere(east, north))
        metres = np.asarray(arc_metres(chord), np.float64)
        return np.where(metres <= metres_max, self._nodes[found], OFF_ROAD).astype(np.int32), metres
