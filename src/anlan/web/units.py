"""Units: the tree with what each answers for and its people by number, and who is on duty there now."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Template

from anlan.app import duties, people
from anlan.app.duties import Duty
from anlan.city.organisation import Unit
from anlan.loop.errors import Refused
from anlan.store import people as sql
from anlan.web.people import role_name
from anlan.web.visit import Visit

AREAS_SHOWN = 3


class Line(msgspec.Struct, frozen=True):
    """A unit in the tree: how deep, its areas in short, how many people, who leads the shift now."""

    unit: Unit
    depth: int
    areas: str
    count: int
    lead: str


class Member(msgspec.Struct, frozen=True):
    """Somebody of a unit: number, roles in words, whether there is an account."""

    number: str
    roles: str
    has_account: bool


@get("/units")
async def list_units(request: Request[Any, Any, Any]) -> Template:
    """The tree."""
    visit = Visit(request)
    world = visit.world
    leads = {d.unit: visit.names.staff(d.officer) for d in reversed(duties.on_duty(world)) if not d.place}
    counts = dict(world.store.read.listed(sql.UNITS))
    areas = areas_of(visit)
    units = world.city.organisation
    lines = [
        Line(
            u,
            len(units.above(u.key)),
            in_short(visit, areas.get(u.key, [])),
            counts.get(u.key, 0),
            leads.get(u.key, ""),
        )
        for u in (units.root, *units.below(units.root.key))
    ]
    return visit.page("units.html", lines=lines)


@get("/units/{key:str}")
async def one_unit(request: Request[Any, Any, Any], key: FromPath[str]) -> Template:
    """A unit: what it answers for, who is there, who is on duty."""
    visit = Visit(request)
    unit = unit_of(visit, key)
    units = visit.world.city.organisation
    return visit.page(
        "unit.html", unit=unit, above=list(reversed(units.above(key))), below=units.children(key),
        areas=areas_of(visit).get(key, []), members=members(visit, key), now=on_duty(visit, key),
        may_write=duties.may_write(visit.world, visit.actor, key),
    )  # fmt: skip


def unit_of(visit: Visit, key: str) -> Unit:
    """The unit of that key. Raises Refused("unit.unknown")."""
    unit = visit.world.city.organisation.units.get(key)
    if unit is None:
        raise Refused("unit.unknown", unit=key)
    return unit


def areas_of(visit: Visit) -> dict[str, list[tuple[str, str]]]:
    """By unit, the areas it answers for: level and name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for area in visit.world.city.areas.by_key.values():
        if area.unit and area.level != "station":
            found.setdefault(area.unit, []).append((area.level, visit.names.area(area.key)))
    return found


def in_short(visit: Visit, areas: list[tuple[str, str]]) -> str:
    """The first few areas, and how many more."""
    names = visit.t("rights.and").join(name for _, name in areas[:AREAS_SHOWN])
    more = len(areas) - AREAS_SHOWN
    return visit.t("units.and_more", names=names, n=more) if more > 0 else names


def members(visit: Visit, key: str) -> list[Member]:
    """Everybody of a unit by number: accounts that are switched on, and officers of the city pack without one."""
    world = visit.world
    found = {p.id: Member(p.id, in_words(visit, p.roles), has_account=True) for p in people.of_unit(world, key)}
    for officer in world.city.roster.of_unit(key):
        if officer.number not in found and not world.store.read.roles(officer.number):
            found[officer.number] = Member(officer.number, in_words(visit, officer.roles), has_account=False)
    return [found[number] for number in sorted(found)]


def in_words(visit: Visit, roles: tuple[str, ...]) -> str:
    """Roles in words."""
    return visit.t("rights.and").join(role_name(visit, role) for role in roles)


def on_duty(visit: Visit, key: str) -> list[tuple[str, str]]:
    """Who is on duty now: the shift with its times, and its people, the leader named first."""
    shifts: dict[str, list[Duty]] = {}
    for duty in duties.on_duty(visit.world, key):
        shifts.setdefault(duty.shift, []).append(duty)
    return [(shift_now(visit, of[0]), told(visit, of)) for of in shifts.values()]


def told(visit: Visit, of: list[Duty]) -> str:
    """People of one shift by number, who leads it first."""
    return visit.t("rights.and").join(
        visit.t("duty.lead", staff=visit.names.staff(d.officer)) if not d.place else visit.names.staff(d.officer)
        for d in of
    )


def shift_now(visit: Visit, duty: Duty) -> str:
    """夜班 00:00–08:00."""
    name = shift_name(visit, duty.shift)
    return f"{name} {visit.times.clock(duty.begins)}–{visit.times.clock(duty.ends)}"


def shift_name(visit: Visit, key: str) -> str:
    """A shift's name, its key for one the city no longer has."""
    shift = next((s for s in duties.shifts(visit.world) if s.key == key), None)
    return key if shift is None else shift.name_en if visit.language == "en" else shift.name


def duty_line(visit: Visit, key: str) -> str:
    """Who answers for a unit now, in one line: the people of the shift that runs; "" when no roster says."""
    return visit.t("rights.and").join(people for _, people in on_duty(visit, key))
