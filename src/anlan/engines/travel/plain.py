"""Roads where none are known: a lattice with sixteen directions; a way is at most 3 % longer than a straight line.

It knows no water, no hill and no one-way street: whoever uses it says so beside every answer.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from anlan.engines.errors import EngineError
from anlan.engines.travel.roads import Roads
from anlan.engines.travel.sphere import EARTH_RADIUS_M, Floats, metres_between

STEPS: Final = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
"""Rows and columns to a neighbour; the other eight are these turned round."""
NODES_MAX: Final = 250_000


def plain_roads(lon: Floats, lat: Floats, m_s: float, vehicle: str, spacing_m: float = 200.0) -> Roads:
    """A lattice over these places and `spacing_m` around them, driven at `m_s` everywhere.

    Raises `travel.place` for no places at all or too large an area, and what Roads does.
    """
    if not (lon.size and np.isfinite([lon, lat]).all()) or abs(lat).max() > 85:
        raise EngineError("travel.place")
    up = np.degrees(spacing_m / EARTH_RADIUS_M)
    side = up / np.cos(np.radians(lat.mean()))
    rows, columns = (int(np.ceil((axis.max() - axis.min()) / step)) + 5 for axis, step in ((lat, up), (lon, side)))
    if rows * columns > NODES_MAX:
        raise EngineError("travel.place")
    row, column = (part.ravel() for part in np.mgrid[0:rows, 0:columns])
    east, north = lon.min() + (column - 2) * side, lat.min() + (row - 2) * up
    tail, head = [], []
    for down, along in STEPS:
        fits = (row + down < rows) & (column + along >= 0) & (column + along < columns)
        here = np.flatnonzero(fits)
        tail.append(here)
        head.append(here + down * columns + along)
    ends = np.concatenate([np.concatenate(tail + head), np.concatenate(head + tail)]).reshape(2, -1)
    metres = metres_between(east[ends[0]], north[ends[0]], east[ends[1]], north[ends[1]])
    return Roads(east, north, ends[0].astype(np.int32), ends[1].astype(np.int32), metres, {vehicle: metres / m_s})
