"""Cover (覆盖): the city as zones with their demand, and which zones a unit at a place reaches in time.

Zones are squares of the road network, weighted by past calls drawn towards how built up each is. A zone is covered by a
unit whose own zone's centre reaches its centre in time; that is known for all pairs once, so it costs nothing to ask.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.domains.command.fleet import E6, fleet
from anlan.engines.dispatch.cover import loss_ppm, rows
from anlan.engines.travel.network import Network
from anlan.engines.travel.sphere import on_sphere

WITHIN_S = 600.0
"""Ten minutes: the public limit outside the city, and the map's "cannot be reached"."""
BUSY = 0.3
"""How busy a unit is taken to be."""
ZONES_MAX = 600
CELL_E6 = 8_000
"""Squares of about 900 m, larger where that makes too many."""
PRIOR_CALLS = 200.0
"""So many calls' worth of weight is shared out by how built up the zones are."""
FRESH_MS = 3_600_000
DAYS = 28
NAMED = 2
DRIVES = "car"


class Zones(msgspec.Struct):
    """z zones: their central nodes, names' places (degrees), shares of demand (sum 1), the pairs in time (z, z), and
    the zone of every node of the network."""

    node: NDArray[np.int32]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    built: NDArray[np.float64]
    weight: NDArray[np.float64]
    reached: NDArray[np.bool_]
    of_node: NDArray[np.int32]


class Standing:
    """What is covered while certain units stand by."""

    def __init__(self, zones: Zones, nodes: NDArray[np.int32], standing: NDArray[np.bool_]) -> None:
        at = zones.of_node[np.where(nodes >= 0, nodes, 0)]
        self._covered = zones.reached[at] & (nodes >= 0)[:, None]
        self._standing, self._zones = standing & (nodes >= 0), zones
        self.times: NDArray[np.int64] = self._covered[self._standing].sum(axis=0)

    def loss_ppm(self) -> NDArray[np.int64]:
        """Millionths of all demand lost by sending each unit."""
        if not self._standing.any():
            return np.zeros(len(self._standing), np.int64)
        return loss_ppm(self._covered, self._standing, self._zones.weight, BUSY)

    def alone(self, unit: int) -> NDArray[np.intp]:
        """The zones that nobody else would reach, heaviest first."""
        if not self._standing[unit]:
            return np.empty(0, np.intp)
        only = np.flatnonzero(self._covered[unit] & (self.times == 1) & (self._zones.weight > 0.0))
        return only[np.argsort(-self._zones.weight[only], kind="stable")]

    def share(self) -> float:
        """The share of demand that at least one standing unit reaches in time."""
        return float(self._zones.weight[self.times > 0].sum())


class Cover:
    """The zones of a world, their demand as of some time."""

    def __init__(self, world: World, network: Network) -> None:
        self.network = network
        self.zones = _zones(network)
        self.weighed_at = 0
        self.weigh(world)

    def weigh(self, world: World) -> None:
        """Weigh the zones by the calls of the last four weeks."""
        self.weighed_at = world.clock()
        calls = _calls(world, self.zones, self.weighed_at - DAYS * 86_400_000)
        weight = calls + PRIOR_CALLS * self.zones.built
        self.zones.weight = weight / weight.sum()

    def standing(self, nodes: NDArray[np.int32], standing: NDArray[np.bool_]) -> Standing:
        """What units at nodes cover, those of them that stand by."""
        return Standing(self.zones, nodes, standing)

    def names(self, world: World, zones: NDArray[np.intp]) -> tuple[str, ...]:
        """The stations (by key) in whose areas the heaviest of these zones lie, each once."""
        found: dict[str, None] = {}
        for zone in zones[:20].tolist():
            try:
                place = world.city.areas.locate(float(self.zones.lon[zone]), float(self.zones.lat[zone]))
            except CityError:
                continue
            if place.stations:
                found[place.stations[0].unit] = None
            if len(found) == NAMED:
                break
        return tuple(found)


def cover(world: World) -> Cover | None:
    """The cover of this process's city, weighed at most an hour ago; None where its roads are not known."""
    roads = fleet(world).roads
    if roads is None:
        return None
    found: Cover | None = world.kept.get("command.cover")
    if found is None or found.network is not roads:
        found = world.kept["command.cover"] = Cover(world, roads)
    elif world.clock() - found.weighed_at > FRESH_MS:
        found.weigh(world)
    return found


def _zones(network: Network) -> Zones:
    roads = network.roads
    usable = np.flatnonzero(network.usable)
    cell = CELL_E6
    while True:
        square = _squares(roads.lon, roads.lat, cell)
        keys = np.unique(square[usable])
        if len(keys) <= ZONES_MAX:
            break
        cell = round(cell * 1.25)
    built = np.zeros(len(keys))
    np.add.at(built, np.searchsorted(keys, square[usable]), 1.0)
    node = np.empty(len(keys), np.int32)
    for zone, key in enumerate(keys):
        mine = usable[square[usable] == key]
        middle = (roads.lon[mine].mean(), roads.lat[mine].mean())
        node[zone] = mine[np.argmin((roads.lon[mine] - middle[0]) ** 2 + (roads.lat[mine] - middle[1]) ** 2)]
    reached = rows(network, node, node, WITHIN_S, DRIVES)
    nearest = _nearest(roads.lon[node], roads.lat[node], roads.lon, roads.lat)
    share = built / built.sum()
    return Zones(node, roads.lon[node], roads.lat[node], share, share, reached, nearest)


def _squares(lon: NDArray[np.float64], lat: NDArray[np.float64], cell: int) -> NDArray[np.int64]:
    column = np.floor(lon * E6 * np.cos(np.radians(float(np.median(lat)))) / cell)
    row = np.floor(lat * E6 / cell)
    return np.asarray(column * 1_000_000 + row, np.int64)


def _nearest(
    lon: NDArray[np.float64], lat: NDArray[np.float64], to_lon: NDArray[np.float64], to_lat: NDArray[np.float64]
) -> NDArray[np.int32]:
    """The index of the first places nearest to each of the others."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - 0.4 s of every start, which asks no way

    index = cKDTree(on_sphere(lon, lat)).query(on_sphere(to_lon, to_lat))[1]
    found: NDArray[np.int32] = np.asarray(index, np.int32)
    return found


def _calls(world: World, zones: Zones, since: int) -> NDArray[np.float64]:
    sql = (
        "SELECT lon_e6, lat_e6 FROM matters WHERE domain = 'command' AND flow = 'incident' AND opened_at >= ?"
        " AND lon_e6 IS NOT NULL"
    )
    places = world.store.read.listed((sql, (since,)))
    counts = np.zeros(len(zones.node))
    if places:
        lon, lat = (np.array(column, np.float64) / E6 for column in zip(*places, strict=True))
        zone = _nearest(zones.lon, zones.lat, lon, lat)
        np.add.at(counts, zone, 1.0)
    return counts
