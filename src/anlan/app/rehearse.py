"""Rehearse: what changed rules or targets would have done to past matters. A dry run; nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import msgspec

from anlan.app.route import Asked, route
from anlan.app.world import World, check_targets, target_of
from anlan.city.errors import CityError
from anlan.city.pack import City
from anlan.loop.deadlines import Clock
from anlan.loop.matter import Matter
from anlan.loop.retime import retell, story
from anlan.loop.working_calendar import minute_of
from anlan.store.read import OPEN_KINDS, PAGE_MAX, Shape


class Moved(msgspec.Struct, frozen=True):
    """A matter that the changed rules would have sent elsewhere."""

    number: int
    was: str
    would_be: str
    rule: str


class Rehearsal(msgspec.Struct, frozen=True):
    """How many matters were tried, how many would go elsewhere, and the first of them; counts by rule."""

    tried: int
    moved: int
    examples: list[Moved]
    by_rule: dict[str, int]


class Retimed(msgspec.Struct, frozen=True):
    """An open matter that the changed targets would have given another due time (city minutes; None while held)."""

    number: int
    category: str
    was: int | None
    would_be: int | None
    target: str


class Retiming(msgspec.Struct, frozen=True):
    """How many open matters were tried, how many would be due otherwise, how many of those late now; the first."""

    tried: int
    moved: int
    late: int
    examples: list[Retimed]


def rehearse(world: World, changed: City, matters_max: int = 10_000, examples: int = 50) -> Rehearsal:
    """Route the newest matters again by the rules of `changed`. Keywords see no text: that stays in the vault."""
    tried, moved, found = 0, 0, list[Moved]()
    rules: Counter[str] = Counter()
    for matter in islice(_newest(world, Shape(order="new", limit=PAGE_MAX)), matters_max):
        answer = route(changed, _asked(changed, matter))
        would_be, rule = (answer.lead, answer.rule) if answer else ("", "")
        rules[rule] += 1
        tried += 1
        if would_be != matter.lead and matter.route.get("rule") != "human":
            moved += 1
            if len(found) < examples:
                found.append(Moved(matter.number, matter.lead, would_be, rule))
    return Rehearsal(tried, moved, found, dict(rules))


def rehearse_targets(world: World, changed: City, matters_max: int = 10_000, examples: int = 50) -> Retiming:
    """Tell the clocks of the newest open matters again by the targets of `changed`. Raises CityError for one that is
    no length."""
    check_targets(changed)
    tried, moved, late, found = 0, 0, 0, list[Retimed]()
    now = minute_of(world.clock())
    for matter in islice(_newest(world, Shape(kinds=OPEN_KINDS, order="new", limit=PAGE_MAX)), matters_max):
        tried += 1
        was = matter.clocks["matter"]
        clock = _told_again(world, changed, matter)
        if clock.due == was.due:
            continue
        moved += 1
        late += clock.is_late(now)
        if len(found) < examples:
            found.append(Retimed(matter.number, matter.category, was.due, clock.due, clock.target))
    return Retiming(tried, moved, late, found)


def _told_again(world: World, changed: City, matter: Matter) -> Clock:
    clock = matter.clocks["matter"]
    spec = target_of(changed, matter.category, "matter") or world.flow_of(matter).clock("matter")
    if clock.stopped is not None or clock.is_given or (spec.target == clock.target and spec.amount == clock.amount):
        return clock
    told = story(world.store.read.facts(matter.number), "matter", world.calendar)
    return retell(msgspec.structs.replace(told, spec=spec), world.calendar) if told else clock


def _newest(world: World, shape: Shape) -> Iterator[Matter]:
    while rows := world.store.read.rows(shape):
        yield from (row.matter for row in rows)
        shape = msgspec.structs.replace(shape, after=(0, rows[-1].matter.number))


def _asked(city: City, matter: Matter) -> Asked:
    location = None
    if matter.place:
        try:
            location = city.areas.locate(matter.place.lon_e6 / 1e6, matter.place.lat_e6 / 1e6)
        except CityError:
            location = None
    return Asked(matter.category, matter.channel, matter.district, location, "")
