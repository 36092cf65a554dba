"""Where the units are now: the newest position of each, taken in at the door, kept in this process, and written to the
series beside the record.

A unit that has not reported stands at its home, or at its own house. Nothing here is a fact, and nothing waits for it.
"""

from __future__ import annotations

import msgspec
import numpy as np

from anlan.app.travel import network
from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.city.geo import convert
from anlan.domains.command.units import Unit, register
from anlan.engines.travel.network import Network
from anlan.engines.travel.snap import OFF_ROAD
from anlan.loop.errors import Refused
from anlan.store.series import Position

FUTURE_MS = 5_000
"""So far a tracker's clock may be before ours; a later position is refused."""
OLD_MS = 24 * 3_600_000
EVERY_MS = 900
"""One position a second and unit is kept; of more in a second the newest stays in this process only."""
BATCH_MAX = 5_000
ROAD_METRES_MAX = 1_500.0
E6 = 1_000_000


class Fix(msgspec.Struct, frozen=True):
    """A position as a tracker tells it: degrees in `system`, UTC milliseconds."""

    unit: str
    lon: float
    lat: float
    at: int
    system: str = "wgs84"


class Taken(msgspec.Struct):
    """What became of a batch: new, older than what is known, too many in a second, and what was refused with why."""

    taken: int = 0
    older: int = 0
    too_often: int = 0
    refused: list[tuple[int, str]] = []


class Spot(msgspec.Struct):
    """Where a unit is: degrees (WGS-84), when it was there (0: it is only taken to be at home), its node and the metres
    to it; `node` None until somebody asks."""

    lon: float
    lat: float
    at: int
    kept_at: int = 0
    node: int | None = None
    metres: float = 0.0


class Fleet:
    """The units' places in this process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._spots: dict[str, Spot] = {}
        self._unwritten: list[Position] = []
        self.roads: Network | None = network(world.city)
        self._read_at = 0
        self.catch_up()

    def take(self, fixes: list[Fix]) -> Taken:
        """Take a batch in: each position on its own merits. Raises Refused("position.too_many")."""
        if len(fixes) > BATCH_MAX:
            raise Refused("position.too_many", positions_max=BATCH_MAX)
        done, now, known = Taken(), self._world.clock(), register(self._world).rows()
        for n, fix in enumerate(fixes):
            try:
                lon, lat = self._checked(fix, now, fix.unit in known)
            except Refused as refused:
                done.refused.append((n, refused.code))
                continue
            self._place(fix.unit, lon, lat, fix.at, done)
        return done

    def spot(self, unit: Unit) -> Spot | None:
        """Where a unit is; None where nobody knows and it has no home."""
        found = self._spots.get(unit.key)
        if found is not None:
            return found
        place = unit.home or self._house(unit.organisation)
        return Spot(place[0] / E6, place[1] / E6, 0) if place else None

    def nodes(self, units: list[Unit]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each unit the node, the metres to it, and when its position was measured (UTC ms, 0 for never); OFF_ROAD
        where it is off the road, or nobody knows where it is."""
        assert self.roads is not None
        spots = [self.spot(unit) for unit in units]
        for unit, spot in zip(units, spots, strict=True):
            if spot is not None and unit.key not in self._spots:
                self._spots[unit.key] = spot
        asked = [spot for spot in spots if spot is not None and spot.node is None]
        if asked:
            nodes, metres = self.roads.nodes_at([s.lon for s in asked], [s.lat for s in asked], ROAD_METRES_MAX)
            for spot, node, far in zip(asked, nodes.tolist(), metres.tolist(), strict=True):
                spot.node, spot.metres = node, far
        at = np.array([spot.at if spot else 0 for spot in spots], np.int64)
        node = np.array([spot.node if spot and spot.node is not None else OFF_ROAD for spot in spots], np.int32)
        metres = np.array([spot.metres if spot and spot.node is not None else 0.0 for spot in spots])
        return node, np.where(node >= 0, metres, 0.0), at

    def write(self) -> int:
        """Write what is new to the series; answers how many. For a thread of its own."""
        some, self._unwritten = self._unwritten, []
        if some:
            self._world.store.series.add(some)
        return len(some)

    def catch_up(self) -> None:
        """Read what other processes, or this one before, were told."""
        since, self._read_at = self._read_at, self._world.clock() - 10_000
        after = max(since, self._world.clock() - OLD_MS)
        for key, at, lon, lat in self._world.store.series.newest(after):
            known = self._spots.get(key)
            if known is None or at > known.at:
                self._spots[key] = Spot(lon / E6, lat / E6, at, at)

    def moved_home(self, key: str) -> None:
        """Forget where a unit was taken to be, after it was given another home."""
        known = self._spots.get(key)
        if known is not None and not known.at:
            del self._spots[key]

    def _checked(self, fix: Fix, now: int, known: bool) -> tuple[float, float]:
        if not known:
            raise Refused("unit.unknown", unit=fix.unit)
        if fix.at > now + FUTURE_MS:
            raise Refused("position.future")
        if fix.at < now - OLD_MS:
            raise Refused("position.old")
        try:
            return convert(fix.lon, fix.lat, fix.system, "wgs84")
        except CityError as error:
            raise Refused(error.code, **error.params) from None

    def _place(self, key: str, lon: float, lat: float, at: int, done: Taken) -> None:
        known = self._spots.get(key)
        if known is not None and at <= known.at:
            done.older += 1
            return
        kept_at = known.kept_at if known is not None else 0
        if at - kept_at >= EVERY_MS:
            self._unwritten.append((key, at, round(lon * E6), round(lat * E6)))
            kept_at = at
            done.taken += 1
        else:
            done.too_often += 1
        self._spots[key] = Spot(lon, lat, at, kept_at)

    def _house(self, organisation: str) -> tuple[int, int] | None:
        house = self._world.city.organisation.units.get(organisation)
        if house is None or house.lon is None or house.lat is None:
            return None
        return round(house.lon * E6), round(house.lat * E6)


def fleet(world: World) -> Fleet:
    """The fleet of this process."""
    found = world.kept.get("command.fleet")
    if found is None:
        found = world.kept["command.fleet"] = Fleet(world)
    kept: Fleet = found
    return kept
