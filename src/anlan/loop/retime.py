"""Telling a clock's story again: another length (the matter was classified anew) or another calendar (a year came out).

What happened to the clock is read from its facts and folded once more in the order of time: started, held, resumed,
extended, stopped. Nothing is summed up, so a hold that under the new reckoning began after the due time moves nothing.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from anlan.loop import deadlines
from anlan.loop.deadlines import Clock, ClockSpec
from anlan.loop.fact import Fact
from anlan.loop.working_calendar import WorkingCalendar, minute_of

RETOLD = frozenset({"classified", "recalendared"})
"""Facts that carry a clock told again: nothing happened to it in their minute."""

Happened = tuple[Literal["hold", "resume", "extend", "stop"], int, int]
"""What, in which city minute, and for an extension how many days."""


class Story(msgspec.Struct, frozen=True):
    """A clock since it was last started: its length, the minute, and what happened to it since."""

    spec: ClockSpec
    start: int
    happened: tuple[Happened, ...] = ()


def story(facts: Iterable[Fact], key: str, calendar: WorkingCalendar) -> Story | None:
    """What the facts of one matter, in order, tell of its clock; None when they tell of none."""
    found: Story | None = None
    was: Clock | None = None
    past: dict[int, tuple[Story | None, Clock | None]] = {}
    for fact in facts:
        if fact.kind == "undone":
            found, was = past[fact.data["version"]]
            continue
        past[fact.version] = found, was
        told = fact.data.get("clocks", {}).get(key) if fact.version else None
        if told is None:
            continue
        now = msgspec.convert(told, Clock)
        if found is not None and fact.kind in RETOLD:
            found = msgspec.structs.replace(found, spec=ClockSpec(key, now.amount, now.unit, now.target))
        elif found is None or was is None or _started_anew(was, now):
            found = Story(_spec(key, now, calendar), now.began or now.since)
        else:
            happened = (*found.happened, *_happened(was, now, minute_of(fact.at)))
            found = msgspec.structs.replace(found, happened=happened)
        was = now
    return found


def retell(told: Story, calendar: WorkingCalendar) -> Clock:
    """The clock as it stands when all of that happens under this calendar. What was granted stays granted."""
    clock = deadlines.start(told.spec, told.start, calendar)
    for what, minute, days in told.happened:
        match what:
            case "hold":
                clock = deadlines.hold(clock, minute, calendar)
            case "resume":
                clock = deadlines.resume(clock, minute, calendar)
            case "extend":
                granted = clock.extended_days + days
                clock = deadlines.extend(clock, days, minute, calendar, days_max=granted, overseer=True)
            case "stop":
                clock = deadlines.stop(clock, minute)
    return clock


def _started_anew(was: Clock, now: Clock) -> bool:
    if now.extended_days < was.extended_days or (was.stopped is not None and now.stopped is None):
        return True
    if was.began or now.began:
        return was.began != now.began
    return not now.held and now.stopped is None and now.since != was.since and not (was.held and now.left == was.left)


def _spec(key: str, clock: Clock, calendar: WorkingCalendar) -> ClockSpec:
    """The length it was started with; facts from before `amount` tell it by what was left at the start."""
    derived = clock.left // calendar.day_minutes if clock.unit == "work_days" else clock.left
    return ClockSpec(key, clock.amount or derived, clock.unit, clock.target)


def _happened(was: Clock, now: Clock, minute: int) -> Iterable[Happened]:
    if was.held and now.due is not None:
        yield "resume", now.since, 0
    if now.held and not was.held:
        yield "hold", now.since, 0
    if now.extended_days > was.extended_days:
        yield "extend", minute, now.extended_days - was.extended_days
    if now.stopped is not None and was.stopped is None:
        yield "stop", now.stopped, 0
