"""Today: is it a usual day? What came in by the hour beside the days of its kind in the past four weeks, what stands
open in each district and how much of it is late. Counts of matters and places, never of persons."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import msgspec

from anlan.app.look import narrowed
from anlan.app.world import World
from anlan.loop.grants import Actor
from anlan.loop.working_calendar import DAY, WorkingCalendar, minute_of, ms_of
from anlan.store import points as sql
from anlan.store.read import Reader, Shape

PAST_DAYS = 28
DAYS_MIN = 4
"""Fewer days of the same kind than this make no usual range."""
HOURS = 24

Hours = dict[str, tuple[int, ...]]
"""By ledger, how many matters were opened in each hour of one day."""


class Band(msgspec.Struct, frozen=True):
    """Between which two numbers four days of five lie."""

    low: int
    high: int


class District(msgspec.Struct, frozen=True):
    """One ledger: opened today, usual up to this hour (None when too few days are known), open, late."""

    ledger: str
    today: int
    usual: Band | None
    open: int
    late: int


class Today(msgspec.Struct, frozen=True):
    """`hours`: opened in each hour so far. `usual`: the range for each of the 24; `so_far`: for their sum up to now,
    of this hour the part that has passed; both empty or None when fewer than DAYS_MIN `days` of this kind are known."""

    minute: int
    hours: tuple[int, ...]
    usual: list[Band]
    so_far: Band | None
    days: int
    districts: list[District]

    @property
    def opened(self) -> int:
        """How many came today."""
        return sum(self.hours)


def today(world: World, actor: Actor) -> Today:
    """As far as the actor may see."""
    leads = narrowed(world, actor, Shape()).leads
    minute = minute_of(world.clock())
    day, passed = minute // DAY, minute % DAY
    read = world.store.read
    now = _hours(read, leads, day, day + 1)[day]
    past = _past(read, world.calendar, leads, day, minute // 60)
    standing = {ledger: (n, late) for ledger, n, late in world.store.read.listed(sql.standing(leads, minute))}
    keys = sorted({*now, *standing, *(a.key for a in world.city.areas.of_level("district"))})
    districts = [
        District(
            key,
            sum(now.get(key, ())),
            _band([_up_to(_of(d, key), passed) for d in past]),
            *standing.get(key, (0, 0)),
        )
        for key in keys
    ]
    whole = [_whole(d) for d in past]
    usual = [_band([d[h] for d in whole]) for h in range(HOURS)]
    return Today(
        minute,
        _whole(now)[: passed // 60 + 1],
        [band for band in usual if band],
        _band([_up_to(d, passed) for d in whole]),
        len(past),
        districts,
    )


def _hours(read: Reader, leads: tuple[str, ...], first_day: int, end_day: int) -> dict[int, Hours]:
    """By day, then ledger, the hours of these days."""
    counted: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0] * HOURS))
    for hour, ledger, n in read.listed(sql.hourly(leads, ms_of(first_day * DAY), ms_of(end_day * DAY))):
        minute = minute_of(hour * sql.HOUR_MS)
        counted[minute // DAY][ledger][minute % DAY // 60] += n
    return defaultdict(dict, {day: {k: tuple(v) for k, v in of.items()} for day, of in counted.items()})


@lru_cache(maxsize=256)
def _past(read: Reader, calendar: WorkingCalendar, leads: tuple[str, ...], day: int, _hour: int) -> tuple[Hours, ...]:
    """The days of today's kind (working or not) in the past weeks on which this city already had Anlan. They are read
    once in an hour: the past changes only when an old table is loaded."""
    ((first,),) = read.listed((sql.FIRST, ()))
    if first is None:
        return ()
    working = calendar.is_working_day(day * DAY)
    begin = max(day - PAST_DAYS, minute_of(first) // DAY + 1)
    days = [d for d in range(begin, day) if calendar.is_working_day(d * DAY) == working]
    found = _hours(read, leads, begin, day)
    return tuple(found[d] for d in days)


def _of(day: Hours, ledger: str) -> tuple[int, ...]:
    return day.get(ledger, (0,) * HOURS)


def _whole(day: Hours) -> tuple[int, ...]:
    return tuple(sum(of[h] for of in day.values()) for h in range(HOURS))


def _up_to(hours: tuple[int, ...], passed: int) -> float:
    """How many came in the first so many minutes, the last hour taken as even."""
    return sum(hours[: passed // 60]) + hours[passed // 60] * (passed % 60) / 60


def _band(values: list[float] | list[int]) -> Band | None:
    """From the tenth to the ninetieth of a hundred, between the values that are there."""
    if len(values) < DAYS_MIN:
        return None
    ordered = sorted(values)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return Band(int(at(0.1)), -int(-at(0.9) // 1))
