"""Duty rosters (值班表): who of a unit is on duty in which shift, a week at a time; the first of a shift leads it.

Nobody is on duty twice at the same time, in whatever unit, and between two duties lie 8 hours of rest. What is wrong
with a week is told in full; then nothing of it is written. People stand here by number, in the roster's own order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import msgspec

from anlan.app import people
from anlan.app.world import World, year_of
from anlan.city.shifts import Shift, minutes
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.working_calendar import DAY, minute_of
from anlan.store import duties as sql
from anlan.store.commit import Commit

WEEK = 7
SHIFT_PEOPLE_MAX = 20
MONDAY = 4
"""1970-01-05, as a day."""

Cells = Mapping[tuple[int, str], tuple[str, ...]]
"""By day and shift, the numbers of who is on duty, the leader first."""


class Duty(msgspec.Struct, frozen=True):
    """Somebody's duty. City minutes; `place` 0 leads the shift."""

    unit: str
    day: int
    shift: str
    place: int
    officer: str
    begins: int
    ends: int


class Week(msgspec.Struct, frozen=True):
    """A unit's week from its Monday on, and how often it was written."""

    unit: str
    monday: int
    version: int
    cells: dict[tuple[int, str], tuple[str, ...]]


def monday_of(day: int) -> int:
    """The Monday of a day's week; both as days since 1970-01-01."""
    return day - (day - MONDAY) % WEEK


def shifts(world: World) -> tuple[Shift, ...]:
    """The city's shifts, in the order of the day."""
    return world.city.about.shifts


def may_write(world: World, actor: Actor, unit: str) -> bool:
    """Whether the actor may write this unit's roster."""
    relations = world.grants.relations(actor, "roster")
    return "foreign" in relations or world.relation(actor.unit, unit) in relations


def week(world: World, unit: str, monday: int) -> Week:
    """A unit's week as it stands."""
    cells: dict[tuple[int, str], tuple[str, ...]] = {}
    for row in world.store.read.listed(sql.week(unit, monday)):
        duty = Duty(*row)
        cells[duty.day, duty.shift] = (*cells.get((duty.day, duty.shift), ()), duty.officer)
    written = world.store.read.listed(sql.version(unit, monday))
    return Week(unit, monday, written[0][0] if written else 0, cells)


def on_duty(world: World, unit: str = "") -> list[Duty]:
    """Who is on duty now, of one unit or of all, leaders first in each."""
    return [Duty(*row) for row in world.store.read.listed(sql.at(minute_of(world.clock()), unit))]


def problems(world: World, unit: str, monday: int, cells: Cells) -> list[Refused]:
    """Everything that is wrong with a week as it would be written."""
    found: list[Refused] = []
    known = {shift.key for shift in shifts(world)}
    for (day, shift), officers in sorted(cells.items()):
        if shift not in known or not monday <= day < monday + WEEK:
            found.append(Refused("duty.no_shift", shift=shift))
        elif len(officers) > SHIFT_PEOPLE_MAX:
            found.append(Refused("duty.too_many", day=day, shift=shift, people_max=SHIFT_PEOPLE_MAX))
        found += [
            Refused("duty.named_twice", officer=officer, day=day, shift=shift)
            for officer in sorted({o for o in officers if officers.count(o) > 1})
        ]
    if found:
        return found
    mine = _duties(world, unit, cells)
    return [*_strangers(world, unit, {duty.officer for duty in mine}), *_too_near(world, unit, monday, mine)]


def set_week(world: World, actor: Actor, seen: Week, cells: Cells) -> Commit:
    """The commit of a unit's week. Raises Refused: access.denied, duty.over for a week that is past, what is wrong with
    it, and (in the writer) duty.changed when somebody else wrote it since it was `seen`."""
    if seen.unit not in world.city.organisation:
        raise Refused("field.unknown_unit", field="unit", unit=seen.unit)
    if not may_write(world, actor, seen.unit):
        raise Refused("access.denied", action="roster")
    now = world.clock()
    if seen.monday != monday_of(seen.monday):
        raise Refused("duty.not_monday")
    if seen.monday + WEEK <= minute_of(now) // DAY:
        raise Refused("duty.over")
    if wrong := problems(world, seen.unit, seen.monday, cells):
        raise wrong[0]
    told = [{"day": day, "shift": shift, "officers": list(o)} for (day, shift), o in sorted(cells.items()) if o]
    data = {"unit": seen.unit, "monday": seen.monday, "version": seen.version + 1, "duties": told}
    reading = (int(world.ledger), world.ledger, ("duties_set", data))
    commit = Commit(at=now, actor=actor.id, year=year_of(now), readings=[reading])
    _rows(commit, seen, _duties(world, seen.unit, cells))
    return commit


def _rows(commit: Commit, seen: Week, mine: list[Duty]) -> None:
    key = (seen.unit, seen.monday)
    commit.checks.append((sql.STANDS, (*key, seen.version), Refused("duty.changed")))
    span = (seen.unit, seen.monday, seen.monday + WEEK - 1)
    commit.rows.append(("DELETE FROM duties WHERE unit = ? AND day BETWEEN ? AND ?", span))
    for duty in mine:
        near = (duty.ends + sql.REST_MINUTES, duty.begins - sql.SHIFT_MINUTES_MAX - sql.REST_MINUTES)
        values = (duty.officer, *near, duty.begins - sql.REST_MINUTES, *span)
        commit.checks.append((sql.FREE, values, Refused("duty.elsewhere", officer=duty.officer)))
        commit.rows.append(("INSERT INTO duties VALUES (?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(duty)))
    commit.rows.append((sql.SET_WEEK, (*key, seen.version + 1)))


def _duties(world: World, unit: str, cells: Cells) -> list[Duty]:
    times = {shift.key: minutes(shift) for shift in shifts(world)}
    return [
        Duty(unit, day, shift, place, officer, day * DAY + times[shift][0], day * DAY + times[shift][1])
        for (day, shift), officers in sorted(cells.items())
        for place, officer in enumerate(officers)
    ]


def _strangers(world: World, unit: str, officers: Iterable[str]) -> list[Refused]:
    """People who are nobody, are switched off, or belong neither to the unit nor to one below it."""
    found = []
    for officer in sorted(officers):
        of = people.unit_of(world, officer)
        if of is None:
            found.append(Refused("duty.nobody", officer=officer))
        elif world.relation(unit, of) not in {"own", "below"}:
            found.append(Refused("duty.stranger", officer=officer, unit=unit))
    return found


def _too_near(world: World, unit: str, monday: int, mine: list[Duty]) -> list[Refused]:
    """Pairs of duties of one person that overlap or leave too little rest, here and beside other weeks and units."""
    if not mine:
        return []
    first = min(duty.begins for duty in mine) - sql.REST_MINUTES
    last = max(duty.ends for duty in mine) + sql.REST_MINUTES
    names = sorted({duty.officer for duty in mine})
    others = [Duty(*row) for row in world.store.read.listed(sql.of_officers(names, first, last))]
    every = mine + [d for d in others if not (d.unit == unit and monday <= d.day < monday + WEEK)]
    by_officer: dict[str, list[Duty]] = {}
    for duty in sorted(every, key=lambda d: (d.officer, d.begins, d.ends)):
        by_officer.setdefault(duty.officer, []).append(duty)
    found = []
    for officer, duties in by_officer.items():
        for one, two in pairwise(duties):
            rest = two.begins - one.ends
            if rest >= sql.REST_MINUTES or (one not in mine and two not in mine):
                continue
            params = {"officer": officer, "day": one.day, "shift": one.shift, "unit": one.unit,
                      "day2": two.day, "shift2": two.shift, "unit2": two.unit}  # fmt: skip
            found.append(
                Refused("duty.twice", **params) if rest < 0 else Refused("duty.no_rest", **params, hours=rest // 60)
            )
    return found
