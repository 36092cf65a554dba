"""Roads from an OpenStreetMap extract (PBF, or any format osmium reads), every shape point a node: no geometry is lost.

Not read: turn restrictions, ferries (they go by timetable, so an island stays a part of its own), footpaths. Speeds are
assumptions by road class until the city re-weights with what its own vehicles drive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import osmium
from numpy.typing import NDArray

from anlan.engines.errors import EngineError
from anlan.engines.travel.roads import Roads
from anlan.engines.travel.sphere import metres_between

KM_H: Final = {
    "motorway": 90, "motorway_link": 50, "trunk": 65, "trunk_link": 45, "primary": 45, "primary_link": 35,
    "secondary": 40, "secondary_link": 32, "tertiary": 35, "tertiary_link": 30, "unclassified": 30,
    "residential": 25, "living_street": 10, "service": 15, "road": 20,
}  # fmt: skip
"""Typical driving speed in town by `highway`, crossings included; a tagged `maxspeed` below it counts instead."""
VEHICLES: Final = {"normal": 1.0, "lights": 1.4}
"""How much faster than traffic each class drives: with lights and siren about 1.4."""
MILE_KM: Final = 1.609344
METRES_MIN: Final = 0.1
"""Two shape points on one spot are this far apart, so that no time is zero."""
FORWARD, BACKWARD, BOTH = 1, -1, 0


@dataclass(frozen=True)
class Read:
    """The roads, each node's OSM id, how many ways were taken, and how many of their steps the extract cuts off."""

    roads: Roads
    osm_ids: NDArray[np.int64]
    ways: int
    steps_cut: int


def read_osm(data: bytes, suffix: str = "pbf") -> Read:
    """Raises `travel.osm_unreadable` for what is no OSM file, `travel.empty` where it holds no road."""
    try:
        tail, head, km_h, ways = _steps(data, suffix)
        ids = np.unique(np.concatenate([tail, head]))
        lon, lat = _places(data, suffix, ids)
    except RuntimeError as error:
        raise EngineError("travel.osm_unreadable", why=str(error)) from error
    known = np.isfinite(lon)
    index = np.cumsum(known) - 1
    tail_at, head_at = np.searchsorted(ids, tail), np.searchsorted(ids, head)
    whole = known[tail_at] & known[head_at]
    lon, lat, km_h = lon[known], lat[known], km_h[whole]
    tail_at, head_at = index[tail_at[whole]], index[head_at[whole]]
    if not tail_at.size:
        raise EngineError("travel.empty")
    metres = np.maximum(METRES_MIN, metres_between(lon[tail_at], lat[tail_at], lon[head_at], lat[head_at]))
    seconds = {vehicle: metres / (km_h / 3.6 * factor) for vehicle, factor in VEHICLES.items()}
    roads = Roads(lon, lat, tail_at.astype(np.int32), head_at.astype(np.int32), metres, seconds)
    return Read(roads, ids[known], ways, int((~whole).sum()))


def speed_km_h(tags: dict[str, str]) -> float:
    """Typical speed on a way, or 0 where a vehicle may not drive."""
    if tags.get("area") == "yes" or tags.get("motor_vehicle", tags.get("vehicle", "")) == "no":
        return 0.0
    if tags.get("access") in {"no", "private"} and tags.get("emergency") not in {"yes", "designated"}:
        return 0.0
    typical = float(KM_H.get(tags.get("highway", ""), 0))
    return min(typical, _limit_km_h(tags.get("maxspeed", "")) or typical)


def direction(tags: dict[str, str]) -> int:
    """FORWARD, BACKWARD or BOTH ways along the nodes."""
    said = tags.get("oneway", "")
    if said in {"yes", "true", "1"}:
        return FORWARD
    if said in {"-1", "reverse"}:
        return BACKWARD
    implied = tags.get("junction") in {"roundabout", "circular"} or tags.get("highway") == "motorway"
    return FORWARD if implied and said != "no" else BOTH


def _limit_km_h(said: str) -> float | None:
    number, _, unit = said.strip().partition(" ")
    try:
        value = float(number.removesuffix("mph"))
    except ValueError:
        return None  # "none", "signals", "CN:urban": the typical speed stands
    mph = unit == "mph" or number.endswith("mph")
    return (value * MILE_KM if mph else value) if np.isfinite(value) and value > 0 else None


def _steps(data: bytes, suffix: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], int]:
    """Node ids of both ends of every directed step, its speed, and how many ways there were."""
    tails, heads, speeds, ways = [], [], [], 0
    for refs, tags in _ways(data, suffix):
        km_h = speed_km_h(tags)
        if km_h <= 0.0 or len(refs) < 2:
            continue
        ways += 1
        towards = direction(tags)
        for there, back, wanted in ((refs[:-1], refs[1:], BACKWARD), (refs[1:], refs[:-1], FORWARD)):
            if towards != wanted:
                tails.append(there)
                heads.append(back)
                speeds.append(np.full(len(there), km_h))
    if not ways:
        raise EngineError("travel.empty")
    return np.concatenate(tails), np.concatenate(heads), np.concatenate(speeds), ways


def _ways(data: bytes, suffix: str) -> Iterator[tuple[NDArray[np.int64], dict[str, str]]]:
    file = osmium.FileProcessor(osmium.io.FileBuffer(data, suffix), osmium.osm.WAY)
    for way in file.with_filter(osmium.filter.KeyFilter("highway")):
        if isinstance(way, osmium.osm.Way):
            yield np.array([node.ref for node in way.nodes], np.int64), dict(way.tags)


def _places(data: bytes, suffix: str, ids: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of the nodes, NaN where the extract lacks one."""
    lon, lat = np.full(len(ids), np.nan), np.full(len(ids), np.nan)
    file = osmium.FileProcessor(osmium.io.FileBuffer(data, suffix), osmium.osm.NODE)
    for node in file.with_filter(osmium.filter.IdFilter(ids.tolist())):
        if isinstance(node, osmium.osm.Node) and node.location.valid():
            at = int(np.searchsorted(ids, node.id))
            lon[at], lat[at] = node.lon, node.lat
    return lon, lat
