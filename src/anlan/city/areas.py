"""Where a place belongs: districts, streets, station jurisdictions, the sea, and zones that have no polygon.

Borders on real maps disagree by hundreds of metres, so the answer near a border is a list of candidates, each with
its reason, and `doubtful` is set; a silent wrong station is never given. All coordinates are WGS84 degrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from anlan.city.errors import CityError
from anlan.city.geo import GCJ02, WGS84, check_place, convert, mercator
from anlan.city.layers import DISTRICT, LEVELS, SEA, STATION, ZONE, Area, Layer, on_plane, pieces_of
from anlan.city.names import stem, tidy

INSIDE, NEAR, OTHER_MAP, AT_SEA, UNMAPPED = "inside", "near", "other_map", "at_sea", "unmapped"
UNKNOWN_M: Final = -1.0
TERRITORIAL_SEA_M: Final = 12 * 1852.0  # law of 1992 on the territorial sea, article 3: 12 nautical miles


class Candidate(msgspec.Struct, frozen=True):
    """An area a place may belong to, and why.

    "inside": within its drawn border; "near": outside by `metres`, less than the border is sure of, or the nearest
    there is; "other_map": near, and inside if the border was really drawn in GCJ02; "at_sea": the coast is `metres`
    away; "unmapped": a zone of this district whose border nobody has drawn (`metres` is -1), so it may be this one.
    """

    area: str
    unit: str
    reason: str
    metres: float


class Location(msgspec.Struct, frozen=True):
    """Candidates, best first. `doubtful` when a person should look: several stations or districts, or none inside."""

    districts: tuple[Candidate, ...]
    stations: tuple[Candidate, ...]
    doubtful: bool

    @property
    def district(self) -> str:
        """Key of the likeliest district, "" when there is none."""
        return self.districts[0].area if self.districts else ""

    @property
    def station(self) -> str:
        """Unit key of the likeliest station, "" when there is none."""
        return self.stations[0].unit if self.stations else ""


class AreaIndex:
    """Look-up of areas by place and by name. Immutable after it is built; safe to share between threads."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers: Final = tuple(layers)
        self.by_key: Final[Mapping[str, Area]] = {a.key: a for layer in self.layers for a in layer.areas}
        self._names = _names_of(self.by_key.values())
        located = [layer for layer in self.layers if layer.level in {DISTRICT, STATION}]
        self._owners: list[Area] = []
        self._reach: list[float] = []
        shapes: list[Any] = []
        for layer in located:
            for area, shape in zip(layer.areas, layer.shapes, strict=True):
                for piece in () if shape is None else pieces_of(on_plane(shape)):
                    shapes.append(piece)
                    self._owners.append(area)
                    self._reach.append(layer.border_uncertainty_m)
        self._pieces = np.array(shapes, dtype=object)
        self._tree = shapely.STRtree(shapes)
        self._reach_max = max(self._reach, default=0.0)
        self._redrawn = {layer.level for layer in located if layer.also_drawn_in == GCJ02}
        own = [i for i, area in enumerate(self._owners) if area.level == STATION]
        self._station_pieces = np.array(own, dtype=np.intp)
        self._station_tree = shapely.STRtree(self._pieces[self._station_pieces])
        self._unmapped = _unmapped_of(self.layers)
        seas = [s for layer in self.layers if layer.level == SEA for s in layer.shapes if s is not None]
        self._sea = shapely.union_all([on_plane(s) for s in seas])
        shapely.prepare(self._sea)

    def locate(self, lon: float, lat: float) -> Location:
        """Districts and stations that may answer for a place (WGS84 degrees).

        Raises `place.not_finite`, `place.outside_earth`, and `place.outside_city` with the metres to the city's border.
        At sea, up to 12 nautical miles out, the nearest coastal stations answer with the reason "at_sea".
        """
        check_place(lon, lat)
        if abs(lat) > 89.0:
            raise CityError("place.outside_city", metres=UNKNOWN_M)
        scale = math.cos(math.radians(lat))
        point = shapely.points(*mercator(lon, lat))
        found = self._within(point, scale)
        if not found:
            return self._offshore(point, scale)
        if len(found) > 2 and self._redrawn:
            self._mark_other_map(found, lon, lat)
        districts = _ranked(c for c, level in found.values() if level == DISTRICT)
        stations = _ranked(c for c, level in found.values() if level == STATION)
        if not stations:
            unmapped = (self._unmapped.get(c.area, ()) for c in districts)
            stations = (*self._nearest(point, scale, NEAR), *(zone for zones in unmapped for zone in zones))
        if not districts:
            districts = self._districts_of(stations)
        sure = len(stations) == len(districts) == 1 and stations[0].reason == districts[0].reason == INSIDE
        return Location(districts, stations, not (sure and self.by_key[stations[0].area].district == districts[0].area))

    def by_name(self, name: str, level: str = "") -> tuple[Area, ...]:
        """Areas called `name`: exactly, else without 区/街道/镇/派出所, else behind a leading district name.

        Zones without a polygon are found like any other. Several answers mean the name is ambiguous; none, unknown.
        """
        wanted = tidy(name)
        for key in (wanted, stem(wanted)):
            found = tuple(a for a in self._names.get(key, ()) if level in {"", a.level})
            if found:
                return found
        for area in self.by_key.values():
            if area.level != DISTRICT:
                continue
            for prefix in (area.name, *area.aliases, stem(area.name)):
                rest = wanted.removeprefix(prefix)
                if rest and rest != wanted:
                    inside = tuple(a for a in self.by_name(rest, level) if a.district == area.key)
                    if inside:
                        return inside
        return ()

    def shape(self, key: str) -> Any:
        """The (multi)polygon of an area in WGS84 degrees, None for a zone without one. Raises `area.unknown`."""
        for layer in self.layers:
            for area, shape in zip(layer.areas, layer.shapes, strict=True):
                if area.key == key:
                    return shape
        raise CityError("area.unknown", area=key)

    def of_level(self, level: str) -> tuple[Area, ...]:
        """All areas of one level, in the pack's order."""
        return tuple(a for a in self.by_key.values() if a.level == level)

    def _within(self, point: Any, scale: float) -> dict[str, tuple[Candidate, str]]:
        hits = self._tree.query(point, predicate="dwithin", distance=self._reach_max / scale)
        found: dict[str, tuple[Candidate, str]] = {}
        for i, plane in zip(hits.tolist(), shapely.distance(self._pieces[hits], point).tolist(), strict=True):
            metres = plane * scale
            area = self._owners[i]
            if metres > self._reach[i] or (area.key in found and found[area.key][0].metres <= metres):
                continue
            found[area.key] = (Candidate(area.key, area.unit, NEAR if metres else INSIDE, round(metres, 1)), area.level)
        return found

    def _mark_other_map(self, found: dict[str, tuple[Candidate, str]], lon: float, lat: float) -> None:
        """Near a border, say which candidates hold the place if the border was really drawn in GCJ02."""
        point = shapely.points(*mercator(*convert(lon, lat, WGS84, GCJ02)))
        for i in self._tree.query(point, predicate="intersects").tolist():
            area = self._owners[i]
            if area.level in self._redrawn and area.key in found:
                candidate, level = found[area.key]
                if candidate.reason == NEAR:
                    found[area.key] = (msgspec.structs.replace(candidate, reason=OTHER_MAP), level)

    def _offshore(self, point: Any, scale: float) -> Location:
        stations = self._nearest(point, scale, AT_SEA)
        if not stations:
            raise CityError("place.outside_city", metres=UNKNOWN_M)
        if stations[0].metres > TERRITORIAL_SEA_M or not shapely.contains(self._sea, point):
            raise CityError("place.outside_city", metres=stations[0].metres)
        return Location(self._districts_of(stations), stations, True)

    def _nearest(self, point: Any, scale: float, reason: str) -> tuple[Candidate, ...]:
        """The nearest station and those that are as near within the border uncertainty."""
        if not len(self._station_pieces):
            return ()
        nearest = self._station_pieces[self._station_tree.nearest(point)]
        reach = float(shapely.distance(self._pieces[nearest], point)) + self._reach_max / scale
        hits = self._station_pieces[self._station_tree.query(point, predicate="dwithin", distance=reach)]
        best: dict[str, Candidate] = {}
        for i, plane in zip(hits.tolist(), shapely.distance(self._pieces[hits], point).tolist(), strict=True):
            area, metres = self._owners[i], round(plane * scale, 1)
            if area.key not in best or metres < best[area.key].metres:
                best[area.key] = Candidate(area.key, area.unit, reason, metres)
        return _ranked(best.values())

    def _districts_of(self, stations: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """The districts of stations, each for the reason of its best one."""
        best: dict[str, Candidate] = {}
        for station in stations:
            district = self.by_key.get(self.by_key[station.area].district)
            if district is not None and district.key not in best:
                best[district.key] = Candidate(district.key, district.unit, station.reason, station.metres)
        return tuple(best.values())


def _ranked(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Inside first, then nearest; the key breaks ties so that the order never depends on the file."""
    return tuple(sorted(candidates, key=lambda c: (c.metres, c.area)))


def _names_of(areas: Iterable[Area]) -> dict[str, tuple[Area, ...]]:
    order = {level: i for i, level in enumerate(LEVELS)}
    names: dict[str, list[Area]] = {}
    for area in sorted(areas, key=lambda a: (order.get(a.level, len(order)), a.key)):
        if area.level == SEA:
            continue
        for name in (area.name, *area.aliases):
            for key in dict.fromkeys((tidy(name), stem(tidy(name)))):
                if area not in names.setdefault(key, []):
                    names[key].append(area)
    return {key: tuple(found) for key, found in names.items()}


def _unmapped_of(layers: Iterable[Layer]) -> dict[str, tuple[Candidate, ...]]:
    """Zones without a polygon, by district."""
    found: dict[str, tuple[Candidate, ...]] = {}
    for layer in layers:
        for area, shape in zip(layer.areas, layer.shapes, strict=True):
            if layer.level == ZONE and shape is None:
                zone = Candidate(area.key, area.unit, UNMAPPED, UNKNOWN_M)
                found[area.district] = (*found.get(area.district, ()), zone)
    return found
