"""The reachable area (isochrone): what a vehicle can reach in a time, as times, road pieces and an outline."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from anlan.engines.errors import EngineError
from anlan.engines.travel.network import Network
from anlan.engines.travel.sphere import EARTH_RADIUS_M, Floats

BESIDE_M: Final = 60.0
"""The outline runs this far beside the last metre driven: a street's width and its front doors."""
Ring = Floats
"""Corners in order, shape (corners, 2), WGS-84 degrees; the last is the first."""


def seconds_to_nodes(network: Network, source: int, seconds_max: float, vehicle: str) -> Floats:
    """Seconds from the source to every node, `inf` beyond `seconds_max`; shape (nodes,)."""
    if not seconds_max > 0.0:
        raise EngineError("travel.seconds_max", seconds=seconds_max)
    found = network.seconds_from(source, np.arange(network.roads.nodes), vehicle)
    return np.where(found <= seconds_max, found, np.inf)


def pieces(network: Network, source: int, seconds_max: float, vehicle: str) -> NDArray[np.float64]:
    """The roads driven within the time, the last ones in part: shape (pieces, 2 ends, 2), WGS-84 degrees."""
    reached = seconds_to_nodes(network, source, seconds_max, vehicle)
    roads, (tail, head, arc_seconds) = network.roads, network.ways(vehicle)
    arcs = np.flatnonzero(np.isfinite(reached[tail]) & np.isfinite(arc_seconds))
    tail, head = tail[arcs], head[arcs]
    share = np.minimum(1.0, (seconds_max - reached[tail]) / arc_seconds[arcs])
    begin = np.column_stack([roads.lon[tail], roads.lat[tail]])
    end = np.column_stack([roads.lon[head], roads.lat[head]])
    return np.stack([begin, begin + share[:, None] * (end - begin)], axis=1)


def outline(network: Network, source: int, seconds_max: float, vehicle: str) -> list[list[Ring]]:
    """The area as polygons, each a list of rings, the outer one first: what a map draws.

    The roads driven, widened by BESIDE_M. It is drawn in a plane through the source, true to 0.1 % up to some 100 km.
    """
    at = np.array([network.roads.lon[source], network.roads.lat[source]])
    scale = np.radians(1.0) * EARTH_RADIUS_M * np.array([np.cos(np.radians(at[1])), 1.0])
    lines = (pieces(network, source, seconds_max, vehicle) - at) * scale
    ends = np.array([[[0.0, 0.0], [0.0, 0.1]]])
    area = shapely.union_all(shapely.buffer(shapely.linestrings(np.concatenate([ends, lines])), BESIDE_M, quad_segs=2))
    found = []
    for polygon in shapely.get_parts(area):
        rings = [polygon.exterior, *(hole for hole in polygon.interiors if shapely.Polygon(hole).area > BESIDE_M**2)]
        found.append([shapely.get_coordinates(ring.simplify(BESIDE_M / 4)) / scale + at for ring in rings])
    return found
