"""Checks a city pack and lists everything that is wrong with it, so that it can be mended in one sitting."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from anlan.city.borders import border_problems
from anlan.city.catalogue import CatalogueFile, catalogue_problems
from anlan.city.days import read_calendar
from anlan.city.errors import CityError
from anlan.city.geo import check_place
from anlan.city.layers import DISTRICT, SEA, STREET, ZONE, Layer, parse_layer
from anlan.city.mileposts import milepost_problems
from anlan.city.organisation import Unit, district_problems, problems_of
from anlan.city.pack import JSON_FILES, ORDER, CityFile, PackFiles, area_files, decoded, read_pack
from anlan.city.people import ROLES, Officer, roster_problems
from anlan.city.places import Place
from anlan.city.roads import load_roads, road_problems, with_order
from anlan.city.routing import NO_LIMIT, rule_problems, target_problems
from anlan.city.shifts import shift_problems

Found = Iterator[tuple[str, str, dict[str, object]]]
PLATFORM_ROLES: Final = frozenset(ROLES)


class Problem(NamedTuple):
    """`code` is stable ("unit.parent_unknown"), `where` the file, unit, area or rule, `params` the details."""

    code: str
    where: str
    params: dict[str, object]


def check_pack(
    path: str | Path, clocks: Collection[str] | None = None, longest: Mapping[str, int] = NO_LIMIT
) -> list[Problem]:
    """All problems of the pack in a folder, [] when there is none. Raises nothing for bad content.

    `clocks`: the names that flows have, `longest`: the longest length in each unit; targets are held against them when
    they are told.
    """
    try:
        return check_files(read_pack(path), clocks, longest)
    except CityError as error:
        return [Problem(error.code, str(path), error.params)]


def check_files(
    files: PackFiles, clocks: Collection[str] | None = None, longest: Mapping[str, int] = NO_LIMIT
) -> list[Problem]:
    """All problems of a pack in memory."""
    problems: list[Problem] = []

    def attempt(where: str, make: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return make()
        except CityError as error:
            problems.append(Problem(error.code, str(error.params.get("file", where)), error.params))
            return otherwise

    empty: dict[str, Any] = {"city.json": None, "catalogue.json": CatalogueFile((), ())}
    read = {name: attempt(name, partial(decoded, files, name), empty.get(name, ())) for name in JSON_FILES}
    layers: list[Layer] = []
    for name in attempt("areas", partial(area_files, files), []):
        layer, errors = attempt(name, partial(parse_layer, files[name]), (None, ()))
        problems += [Problem(error.code, name, error.params) for error in errors]
        layers += [layer] if layer else []
    attempt("calendar.json", lambda: read_calendar(files.get("calendar.json", b"{}")), None)
    roads = attempt("roads.npz", lambda: load_roads(files["roads.npz"]) if "roads.npz" in files else None, None)
    if roads and ORDER in files:
        attempt(ORDER, lambda: with_order(roads, files[ORDER]), None)
    districts = [a.key for layer in layers if layer.level == DISTRICT for a in layer.areas]
    units, catalogue = read["organisation.json"], read["catalogue.json"]
    found = chain(
        _about(read["city.json"]) if read["city.json"] else (),
        problems_of(units),
        district_problems(units, districts),
        _areas(layers, units, districts),
        border_problems(layers),
        roster_problems(read["people.json"]),
        _people(read["people.json"], units),
        catalogue_problems(catalogue),
        rule_problems(read["routing.json"], units, [c.key for c in catalogue.categories], districts),
        target_problems(read["clocks.json"], [c.key for c in catalogue.categories], clocks, longest),
        road_problems(roads) if roads else (),
        _places(read["places.json"], districts),
        milepost_problems(read["mileposts.json"]),
    )
    return problems + [Problem(*one) for one in found]


def _about(about: CityFile) -> Found:
    try:
        check_place(*about.centre)
    except CityError as error:
        yield error.code, "city.json", error.params
    try:
        ZoneInfo(about.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name too long for a file's is none either
        yield "city.timezone_unknown", "city.json", {"timezone": about.timezone}
    clock = [minute for session in about.sessions for minute in map(_minute, session)]
    if not clock or None in clock or clock != sorted(set(clock), key=lambda m: m or 0):
        yield "city.sessions", "city.json", {"sessions": [list(s) for s in about.sessions]}
    yield from shift_problems(about.shifts)


def _minute(text: str) -> int | None:
    """Minutes after midnight of "HH:MM", None when it is none."""
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        return None
    at = int(hours) * 60 + int(minutes)
    return at if int(minutes) < 60 and at <= 24 * 60 else None


def _areas(layers: Iterable[Layer], units: Iterable[Unit], districts: Iterable[str]) -> Found:
    """Keys, districts and units of areas; areas without a shape; stations without an area."""
    by_unit = {u.key: u for u in units}
    known = frozenset(districts)
    seen: set[str] = set()
    covered: set[str] = set()
    for layer in layers:
        for area, shape in zip(layer.areas, layer.shapes, strict=True):
            if area.key in seen:
                yield "area.twice", area.key, {"level": area.level}
            seen.add(area.key)
            if area.level == SEA:
                continue
            if area.district not in known:
                yield "area.district_unknown", area.key, {"district": area.district}
            if area.unit not in by_unit:
                yield "area.unit_unknown", area.key, {"unit": area.unit}
            if shape is None and not area.covers and area.level != ZONE:
                yield "area.no_shape", area.key, {"level": area.level}
            if area.level != STREET:
                covered.add(area.unit)
    for unit in by_unit.values():
        if unit.kind in {"station", "branch"} and unit.key not in covered:
            yield "unit.no_area", unit.key, {}


def _people(officers: Iterable[Officer], units: Iterable[Unit]) -> Found:
    """Officers in unknown units, stations and teams without a chief, platform roles nobody has."""
    known = {u.key: u for u in units}
    held: set[str] = set()
    led: set[str] = set()
    for officer in officers:
        if officer.unit not in known:
            yield "officer.unit_unknown", officer.number, {"unit": officer.unit}
        held.update(officer.roles)
        if "chief" in officer.roles:
            led.add(officer.unit)
    for unit in known.values():
        if unit.kind in {"station", "team", "branch"} and unit.key not in led:
            yield "unit.no_chief", unit.key, {}
    for role in sorted(PLATFORM_ROLES - held):
        yield "people.role_missing", "people.json", {"role": role}


def _places(places: Iterable[Place], districts: Iterable[str]) -> Found:
    known = frozenset(districts)
    for i, place in enumerate(places):
        try:
            check_place(place.lon, place.lat)
        except CityError as error:
            yield error.code, f"places.json:{i}", error.params
        if not place.name.strip():
            yield "place.unnamed", f"places.json:{i}", {}
        if place.district and place.district not in known:
            yield "place.district_unknown", f"places.json:{i}", {"district": place.district}
