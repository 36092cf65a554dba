"""Recalendar: a year's calendar came out, and open matters whose clocks had leant on a guess are told again by a fact.

The pack is the caller's to save, before this: what is done already is found unchanged the second time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

import msgspec

from anlan.app.world import SYSTEM, World, calendar_of, year_of
from anlan.city.pack import City
from anlan.loop.case import as_data
from anlan.loop.deadlines import Clock
from anlan.loop.matter import Matter
from anlan.loop.retime import retell, story
from anlan.loop.working_calendar import EPOCH, WorkingCalendar
from anlan.store.commit import Change, Commit
from anlan.store.read import OPEN_KINDS, PAGE_MAX, Shape


class Moved(msgspec.Struct, frozen=True):
    """A matter with another due time (city minutes; None while held): its own clock's, before and after."""

    number: int
    was: int | None
    now: int | None


class Recalendared(msgspec.Struct, frozen=True):
    """How many open matters were looked at, how many got a fact, how many of those another due time; the first."""

    tried: int
    told: int
    moved: int
    examples: list[Moved]


def recalendar(
    world: World, changed: City, years: Collection[int], *, dry: bool = False, examples: int = 50
) -> Recalendared:
    """Tell the open matters' clocks again that touch these years, as `changed` has them: one fact for each matter."""
    calendar, tried, told, found = calendar_of(changed), 0, 0, list[Moved]()
    moved = 0
    for matters in _pages(world):
        commits = []
        for matter in matters:
            clocks = _told_again(world, matter, years, calendar)
            tried += 1
            if not clocks:
                continue
            told += 1
            if "matter" in clocks and (was := matter.clocks["matter"].due) != (now := clocks["matter"].due):
                moved += 1
                found += [Moved(matter.number, was, now)] if len(found) < examples else []
            draft = ("recalendared", {"years": sorted(years), "clocks": as_data(clocks)})
            change = Change(world.flow_of(matter), matter.ledger, [draft], base=matter)
            at = world.clock()
            commits.append(Commit(at=at, actor=SYSTEM.id, year=year_of(at), changes=[change]))
        if not dry:
            for outcome in world.store.writer.submit_many(commits):
                if isinstance(outcome, Exception):
                    raise outcome
    return Recalendared(tried, told, moved, found)


def _pages(world: World) -> Iterator[list[Matter]]:
    """Open matters, newest first, a page at a time: a fact moves due times but no number."""
    shape = Shape(kinds=OPEN_KINDS, order="new", limit=PAGE_MAX)
    while rows := world.store.read.rows(shape):
        yield [row.matter for row in rows]
        shape = msgspec.structs.replace(shape, after=(0, rows[-1].matter.number))


def _told_again(world: World, matter: Matter, years: Collection[int], calendar: WorkingCalendar) -> dict[str, Clock]:
    touched = [key for key, clock in matter.clocks.items() if _touches(clock, years)]
    facts = world.store.read.facts(matter.number) if touched else []
    stories = {key: told for key in touched if (told := story(facts, key, calendar))}
    clocks = {key: retell(told, calendar) for key, told in stories.items()}
    return {key: clock for key, clock in clocks.items() if clock != _comparable(matter.clocks[key], clock)}


def _touches(clock: Clock, years: Collection[int]) -> bool:
    """Whether a running or held clock that counts working time reaches into one of the years."""
    if clock.stopped is not None or clock.unit == "natural_minutes":
        return False
    first, last = (EPOCH + timedelta(minutes=m) for m in (clock.starts, clock.due or clock.since))
    return any(first.year <= year <= last.year for year in years)


def _comparable(clock: Clock, told: Clock) -> Clock:
    """A clock of before `began` and `amount` were kept, with them, so that only a difference in time counts."""
    return msgspec.structs.replace(clock, began=told.began, amount=told.amount)
