"""The referee of deadlines: steps one city minute at a time and shares no arithmetic with `loop.deadlines`.

A `Case` is one clock and what happens to it. `by_oracle` counts minutes off one by one, from its own reading of
weekdays, holidays and make-up days; `by_clocks` asks the kernel. Tests and the bench compare the two.

In a part of the cases a calendar comes out at the end: the kernel tells the clock again from its facts, the referee
counts all of it again by the new days. What was granted stays granted, what had no effect then has none now.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import cache
from typing import Literal

import msgspec

from anlan.loop import deadlines
from anlan.loop.errors import Refused
from anlan.loop.fact import Fact
from anlan.loop.retime import retell, story
from anlan.loop.working_calendar import WorkingCalendar, ms_of

DAY_MINUTES = 1440
FIRST = date(1970, 1, 1)
EXTENSION_DAYS_MAX = 10
YEARS = (2025, 2026, 2027)
What = Literal["hold", "resume", "extend", "extend_by_overseer", "forward", "stop", "reopen"]


class Days(msgspec.Struct, frozen=True):
    """A calendar as data: office sessions (minutes of the day), holidays, make-up days, years that are published."""

    sessions: tuple[tuple[int, int], ...]
    holidays: frozenset[date]
    makeup_days: frozenset[date]
    published_years: frozenset[int]


class Event(msgspec.Struct, frozen=True):
    """What happens to the clock in `minute`; `days` for an extension."""

    minute: int
    what: What
    days: int = 0


class Case(msgspec.Struct, frozen=True):
    """One clock: the matter's (which a forwarding does not touch) or a stage's (which it starts afresh)."""

    of_matter: bool
    unit: Literal["work_days", "work_minutes", "natural_minutes"]
    amount: int
    start: int
    events: tuple[Event, ...]
    asked_at: int
    days: Days
    published: Days | None = None


class Answer(msgspec.Struct, frozen=True):
    """Due when (None while held), late in `asked_at` or not, which events were refused and why, provisional or not."""

    due: int | None
    late: bool
    refused: list[tuple[int, str]]
    provisional: bool


def random_case(rng: random.Random) -> Case:
    """A clock of a few days that starts anywhere in three years, often beside holidays and the turn of a year."""
    days = _DAYS[rng.randrange(len(_DAYS))]
    unit: Literal["work_days", "work_minutes", "natural_minutes"] = rng.choice(
        ("work_days", "work_days", "work_minutes", "work_minutes", "natural_minutes")
    )
    amount = rng.randint(1, 4) if unit == "work_days" else rng.choice((rng.randint(1, 120), rng.randint(1, 1500)))
    start = _start(rng, days)
    minute, events = start, []
    for _ in range(rng.choice((0, 1, 1, 2, 3, 4, 6))):
        minute += rng.choice((0, 1, rng.randint(0, 300), rng.randint(0, 2000), rng.randint(0, 9000)))
        events.append(_event(rng, minute))
    asked_at, published = minute + rng.randint(0, 4000), rng.choice((None, _PUBLISHED[days]))
    return Case(rng.random() < 0.6, unit, amount, start, tuple(events), asked_at, days, published)


def by_clocks(case: Case) -> Answer:
    """What the kernel says."""
    calendar = _calendar(case.days)
    spec = deadlines.ClockSpec("clock", case.amount, case.unit)
    clock = deadlines.start(spec, case.start, calendar)
    refused: list[tuple[int, str]] = []
    facts = [_fact(case.start, clock)]
    for i, event in enumerate(case.events):
        try:
            clock = _after(clock, event, spec, calendar, of_matter=case.of_matter)
        except Refused as no:
            refused.append((i, no.code))
        facts.append(_fact(event.minute, clock))
    if case.published and clock.stopped is None:
        told = story(facts, "clock", calendar)
        assert told is not None
        clock = retell(told, _calendar(case.published))
    return Answer(clock.due, clock.is_late(case.asked_at), refused, clock.provisional)


def by_oracle(case: Case) -> Answer:
    """What counting minute by minute says."""
    counter, refused = _Counter(case, case.days, case.start), []
    start, effective = case.start, list[Event]()
    for i, event in enumerate(case.events):
        counter.run(event.minute)
        restarts = not case.of_matter and counter.stopped is None if event.what == "forward" else counter.stopped
        if event.what in {"forward", "reopen"}:
            if restarts not in {None, False}:
                counter, start, effective = _Counter(case, case.days, event.minute), event.minute, []
            continue
        if counter.would_change(event):
            effective.append(event)
        if (code := counter.happens(event)) is not None:
            refused.append((i, code))
            effective.pop()
    if case.published and counter.stopped is None:
        counter = _Counter(case, case.published, start)
        for event in effective:
            counter.run(event.minute)
            granted = event.what.startswith("extend")
            counter.happens(Event(event.minute, "extend_by_overseer", event.days) if granted else event)
    counter.run(case.asked_at)
    late = counter.ran_out_before(case.asked_at)
    due = counter.due()
    return Answer(due, late, refused, counter.provisional(due))


def _after(
    clock: deadlines.Clock, event: Event, spec: deadlines.ClockSpec, calendar: WorkingCalendar, *, of_matter: bool
) -> deadlines.Clock:
    minute = event.minute
    if event.what == "reopen":
        return clock if clock.stopped is None else deadlines.start(spec, minute, calendar)
    if clock.stopped is not None:
        return clock
    match event.what:
        case "hold":
            return deadlines.hold(clock, minute, calendar)
        case "resume":
            return deadlines.resume(clock, minute, calendar)
        case "forward":
            return clock if of_matter else deadlines.start(spec, minute, calendar)
        case "stop":
            return deadlines.stop(clock, minute)
        case _:
            overseer = event.what == "extend_by_overseer"
            return deadlines.extend(clock, event.days, minute, calendar, days_max=EXTENSION_DAYS_MAX, overseer=overseer)


def _fact(minute: int, clock: deadlines.Clock) -> Fact:
    return Fact("told", 1, 1, ms_of(minute), "referee", {"clocks": {"clock": msgspec.to_builtins(clock)}})


class _Counter:
    """Counts a clock's minutes off. `at` is the next minute to look at; `end` the end of the last one needed."""

    def __init__(self, case: Case, days: Days, start: int) -> None:
        self._days, self._natural = days, case.unit == "natural_minutes"
        self._open = _open_minutes(days.sessions)
        a_day = DAY_MINUTES if self._natural else sum(self._open)
        self._a_day = a_day
        self.left = case.amount * a_day if case.unit == "work_days" else case.amount
        self.at = (start // DAY_MINUTES + 1) * DAY_MINUTES if case.unit == "work_days" else start
        self._begun = self.at
        self.end: int | None = None
        self.held = False
        self.stopped: int | None = None
        self._extended = 0

    def run(self, until: int) -> None:
        """Count the minutes before `until`."""
        if self.held or self.stopped is not None:
            return
        while self.left and self.at < until:
            if self._counts(self.at):
                self.left -= 1
                self.end = self.at + 1
            self.at += 1

    def would_change(self, event: Event) -> bool:
        """Whether the event does anything to the clock, or is refused for what it would do."""
        if self.stopped is not None:
            return False
        if event.what == "hold":
            return not self.held and not self.ran_out_before(event.minute)
        return self.held if event.what == "resume" else True

    def happens(self, event: Event) -> str | None:
        """Hold, resume, extend or stop; the code of a refusal."""
        if self.stopped is not None:
            return None
        if event.what == "hold":
            self.held = self.held or not self.ran_out_before(event.minute)
        elif event.what == "resume":
            if self.held:
                self.held, self.at = False, max(event.minute, self.at)
                self.end = self.at if not self.left else self.end
        elif event.what == "stop":
            self.stopped = event.minute
        else:
            return self._extend(event)
        return None

    def ran_out_before(self, minute: int) -> bool:
        """Whether nothing was left and the last minute had passed before `minute` (or before the clock was stopped)."""
        if self.held or self.left or self.end is None:
            return False
        return self.end < (minute if self.stopped is None else min(minute, self.stopped))

    def due(self) -> int | None:
        """Go on to the end, whatever happens to the clock by now."""
        if self.held:
            return None
        while self.left:
            if self._counts(self.at):
                self.left -= 1
                self.end = self.at + 1
            self.at += 1
        return self.end

    def provisional(self, due: int | None) -> bool:
        """Whether it begins or ends in a year whose holidays nobody has published."""
        if due is None or self._natural:
            return False
        first = self._begun
        while not self._counts(first):
            first += 1
        return any(_date(minute).year not in self._days.published_years for minute in (first, due))

    def _extend(self, event: Event) -> str | None:
        if self._extended + event.days > EXTENSION_DAYS_MAX:
            return "clock.extension_over_limit"
        if self.ran_out_before(event.minute) and event.what != "extend_by_overseer":
            return "clock.extension_after_due"
        self._extended += event.days
        if not self.left and self.end is not None and not self.held:
            self.at = self.end
        self.left += event.days * self._a_day
        self.run(event.minute)
        return None

    def _counts(self, minute: int) -> bool:
        return self._natural or (self._open[minute % DAY_MINUTES] == 1 and _works(self._days, minute // DAY_MINUTES))


@cache
def _works(days: Days, day: int) -> bool:
    on = FIRST + timedelta(days=day)
    return on in days.makeup_days or (on.isoweekday() <= 5 and on not in days.holidays)


@cache
def _open_minutes(sessions: tuple[tuple[int, int], ...]) -> bytes:
    return bytes(any(a <= minute < b for a, b in sessions) for minute in range(DAY_MINUTES))


@cache
def _calendar(days: Days) -> WorkingCalendar:
    return WorkingCalendar(days.sessions, days.holidays, days.makeup_days, days.published_years)


def _date(minute: int) -> date:
    return FIRST + timedelta(days=minute // DAY_MINUTES)


def _start(rng: random.Random, days: Days) -> int:
    near = rng.choice((*sorted(days.holidays), *sorted(days.makeup_days), date(2025, 12, 31), date(2026, 12, 31)))
    on = near + timedelta(days=rng.randint(-6, 3))
    edge = rng.choice(rng.choice(days.sessions)) + rng.randint(-1, 1)
    of_day = rng.choice((rng.randrange(DAY_MINUTES), edge % DAY_MINUTES, 0, DAY_MINUTES - 1))
    return (on - FIRST).days * DAY_MINUTES + of_day


def _event(rng: random.Random, minute: int) -> Event:
    kinds: tuple[What, ...] = (
        "hold",
        "resume",
        "hold",
        "resume",
        "extend",
        "extend_by_overseer",
        "forward",
        "stop",
        "reopen",
    )
    what = rng.choice(kinds)
    return Event(minute, what, rng.choice((1, 1, 2, 3, 9)) if what.startswith("extend") else 0)


def _random_days(rng: random.Random) -> Days:
    sessions = rng.choice(
        (((510, 720), (810, 1050)), ((540, 600), (840, 900), (1000, 1003)), ((0, 1440),), ((480, 490),))
    )
    holidays: set[date] = set()
    makeup_days: set[date] = set()
    for year in YEARS:
        for _ in range(4):
            first = date(year, rng.randint(1, 12), rng.randint(1, 28))
            holidays |= {d for i in range(rng.randint(1, 8)) if (d := first + timedelta(days=i)).isoweekday() <= 5}
            makeup_days |= {d for i in (-2, -1, 8, 9) if (d := first + timedelta(days=i)).isoweekday() > 5}
    published = frozenset(rng.choice(((2025, 2026), (2025, 2026, 2027), (2026,))))
    return Days(sessions, frozenset(holidays), frozenset(makeup_days), published)


def _later(days: Days, rng: random.Random) -> Days:
    """The same calendar when every year is out: the holidays of those that were not are new."""
    new, out = _random_days(rng), days.published_years
    kept = [frozenset(d for d in some if d.year in out) for some in (days.holidays, days.makeup_days)]
    come = [frozenset(d for d in some if d.year not in out) for some in (new.holidays, new.makeup_days)]
    return Days(days.sessions, kept[0] | come[0], kept[1] | come[1], frozenset(YEARS))


_DAYS = tuple(_random_days(random.Random(seed)) for seed in range(12))  # noqa: S311 - a generator of cases
_PUBLISHED = {days: _later(days, random.Random(seed)) for seed, days in enumerate(_DAYS, 100)}  # noqa: S311 - the same
