"""Clocks: what is due when, and why then. Pure functions of what happened, folded in time order.

Rules (each tested against a minute-stepping oracle):
- a clock in days counts whole working days from the next one (the day of the start is not counted) and ends at the
  close of the last; a clock in working minutes counts from the next working minute; a natural clock counts every one;
- the due minute itself still counts: late begins with the minute after it;
- while held, a clock has no due time; a hold that begins after the due time does not move it;
- an extension adds working days to what is left; asked after the due time it is refused, except to an overseer;
- forwarding restarts the stage's clock, never the matter's; re-opening starts a fresh matter clock.

Source of the default lengths: Shandong's rules for government hotlines (2020): answer within 5 working days, extension
of at most 10, return within 2 with a reason.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import msgspec

from anlan.loop.errors import Refused
from anlan.loop.working_calendar import WorkingCalendar

Unit = Literal["work_days", "work_minutes", "natural_minutes"]
LONGEST: dict[str, int] = {"work_days": 2_500, "work_minutes": 1_200_000, "natural_minutes": 5_256_000}
"""Ten years: what is longer is no deadline, and may lie beyond the calendar."""


class ClockSpec(msgspec.Struct, frozen=True):
    """A clock as a flow declares it. Exactly one unit: working days, working minutes or natural minutes.

    `target` names the city's own rule when the length is that and not the flow's.
    """

    key: str
    amount: int
    unit: Unit = "work_days"
    target: str = ""


class Clock(msgspec.Struct, frozen=True, omit_defaults=True):
    """A running, held or stopped clock. Minutes are city minutes; `left` is what remained at `since`.

    It was started in minute `began`, for `amount` of its unit, by the city's rule `target` when there is one.
    """

    unit: Unit
    starts: int
    since: int
    left: int
    due: int | None
    provisional: bool = False
    extended_days: int = 0
    stopped: int | None = None
    began: int = 0
    amount: int = 0
    target: str = ""

    @property
    def held(self) -> bool:
        """Whether the clock stands still, so that nobody can say when it is due."""
        return self.due is None and self.stopped is None

    @property
    def is_given(self) -> bool:
        """Whether its due time came with the matter, and no rule of ours."""
        return self.unit == "natural_minutes" and not self.amount

    def is_late(self, minute: int) -> bool:
        """Whether the clock ran out before `minute` (a stopped clock: before it was stopped)."""
        return self.due is not None and min(minute, self.stopped or minute) > self.due


@lru_cache(maxsize=4096)
def start(spec: ClockSpec, minute: int, calendar: WorkingCalendar) -> Clock:
    """A fresh clock, started in `minute`."""
    begins, left = minute, spec.amount
    if spec.unit == "work_minutes":
        begins = calendar.next_open(minute)
    elif spec.unit == "work_days":
        begins, left = calendar.next_day_open(minute), spec.amount * calendar.day_minutes
    fresh = Clock(spec.unit, begins, minute, left, None, began=minute, amount=spec.amount, target=spec.target)
    return _run(fresh, minute, calendar)


def hold(clock: Clock, minute: int, calendar: WorkingCalendar) -> Clock:
    """The clock stopped in `minute`, keeping what is left; unchanged when already held, stopped or past due."""
    if clock.stopped is not None or clock.due is None or minute > clock.due:
        return clock
    return msgspec.structs.replace(
        clock, since=minute, left=_left(clock, minute, calendar), due=None, provisional=False
    )


def resume(clock: Clock, minute: int, calendar: WorkingCalendar) -> Clock:
    """The clock running again from `minute`; unchanged when it was not held."""
    return _run(clock, minute, calendar) if clock.held else clock


def extend(clock: Clock, days: int, minute: int, calendar: WorkingCalendar, *, days_max: int, overseer: bool) -> Clock:
    """The clock with `days` more working days. Refused past the due time (but for an overseer) or over `days_max`."""
    if days < 1 or clock.extended_days + days > days_max:
        raise Refused("clock.extension_over_limit", days=days, days_max=days_max, extended=clock.extended_days)
    if clock.is_late(minute) and not overseer:
        raise Refused("clock.extension_after_due", due=clock.due)
    more = days * (1440 if clock.unit == "natural_minutes" else calendar.day_minutes)
    if clock.due is None:
        return msgspec.structs.replace(clock, left=clock.left + more, extended_days=clock.extended_days + days)
    due = _add(clock.unit, clock.due, more, calendar)
    return msgspec.structs.replace(
        clock,
        due=due,
        left=clock.left + more,
        extended_days=clock.extended_days + days,
        provisional=_provisional(clock.unit, clock.starts, due, calendar),
    )


def stop(clock: Clock, minute: int) -> Clock:
    """The clock answered in `minute`: it keeps its due time for the record."""
    return clock if clock.stopped is not None else msgspec.structs.replace(clock, stopped=minute)


def _run(clock: Clock, minute: int, calendar: WorkingCalendar) -> Clock:
    due = _add(clock.unit, max(minute, clock.starts), clock.left, calendar)
    provisional = _provisional(clock.unit, clock.starts, due, calendar)
    return msgspec.structs.replace(clock, since=minute, due=due, provisional=provisional)


def _add(unit: Unit, minute: int, amount: int, calendar: WorkingCalendar) -> int:
    if unit == "natural_minutes" or amount == 0:
        return minute + amount
    return calendar.after(calendar.worked(minute) + amount)


def _left(clock: Clock, minute: int, calendar: WorkingCalendar) -> int:
    assert clock.due is not None
    begins = max(minute, clock.starts)
    if clock.unit == "natural_minutes":
        return clock.due - begins
    return calendar.worked(clock.due) - calendar.worked(begins)


def _provisional(unit: Unit, begins: int, due: int, calendar: WorkingCalendar) -> bool:
    return unit != "natural_minutes" and calendar.is_provisional(begins, due)


SOON_MINUTES = 60
SOON_SHARE = 0.1


def soon_from(due: int, starts: int) -> float:
    """The minute after which a clock is due soon: under an hour, or a tenth of its whole length, is left."""
    return due - max(SOON_MINUTES, (due - starts) * SOON_SHARE)
