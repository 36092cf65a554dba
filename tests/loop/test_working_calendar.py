"""Working minutes: sessions, weekends, holidays, make-up days, years nobody has published."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from anlan.loop.working_calendar import DAY, EPOCH, WorkingCalendar, minute_of, ms_of

SESSIONS = ((510, 720), (810, 1050))
CALENDAR = WorkingCalendar(SESSIONS, [date(2026, 10, 1), date(2026, 10, 2)], [date(2026, 10, 10)], [2026])


def on(day: date, of_day: int = 0) -> int:
    return (day - EPOCH).days * DAY + of_day


def test_a_minute_is_city_time_and_comes_back() -> None:
    assert minute_of(0) == 480
    assert ms_of(minute_of(1_795_525_434_163)) <= 1_795_525_434_163 < ms_of(minute_of(1_795_525_434_163) + 1)
    assert minute_of(0, 0) == 0


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
        (date(2026, 10, 3), False),
        (date(2026, 10, 10), True),
        (date(2026, 10, 11), False),
    ],
)
def test_holidays_rest_and_make_up_days_work(day: date, works: bool) -> None:
    assert CALENDAR.is_working_day(on(day)) == CALENDAR.is_working_day(on(day, DAY - 1)) == works


def test_worked_counts_every_minute_once() -> None:
    first = on(date(2026, 9, 28))
    counted = CALENDAR.worked(first)
    for minute in range(first, first + 14 * DAY):
        assert CALENDAR.worked(minute) == counted
        day = EPOCH + timedelta(days=minute // DAY)
        rests = day in {date(2026, 10, 1), date(2026, 10, 2)}
        works = day == date(2026, 10, 10) or (day.weekday() < 5 and not rests)
        counted += works and any(a <= minute % DAY < b for a, b in SESSIONS)


def test_after_is_the_end_of_the_minute_that_completes_it() -> None:
    rng = random.Random(5)
    for _ in range(300):
        minute = on(date(2026, 1, 1)) + rng.randrange(365 * DAY)
        wanted = CALENDAR.worked(minute) + rng.randint(1, 3000)
        end = CALENDAR.after(wanted)
        assert CALENDAR.worked(end) == wanted
        assert CALENDAR.worked(end - 1) == wanted - 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((date(2026, 9, 30), 600), (date(2026, 9, 30), 600)),
        ((date(2026, 9, 30), 0), (date(2026, 9, 30), 510)),
        ((date(2026, 9, 30), 720), (date(2026, 9, 30), 810)),
        ((date(2026, 9, 30), 1050), (date(2026, 10, 5), 510)),
        ((date(2026, 10, 9), 1439), (date(2026, 10, 10), 510)),
    ],
)
def test_the_next_open_minute(given: tuple[date, int], expected: tuple[date, int]) -> None:
    assert CALENDAR.next_open(on(*given)) == on(*expected)


def test_the_next_day_open_is_never_the_same_day() -> None:
    assert CALENDAR.next_day_open(on(date(2026, 9, 29), 0)) == on(date(2026, 9, 30), 510)
    assert CALENDAR.next_day_open(on(date(2026, 9, 30), 600)) == on(date(2026, 10, 5), 510)


def test_an_unpublished_year_is_provisional() -> None:
    assert not CALENDAR.is_provisional(on(date(2026, 1, 1)), on(date(2026, 12, 31), DAY - 1))
    assert CALENDAR.is_provisional(on(date(2026, 12, 31)), on(date(2027, 1, 1)))


@pytest.mark.parametrize("sessions", [(), ((600, 500),), ((0, 600), (500, 700)), ((-1, 5),), ((0, 1441),), ((5, 5),)])
def test_sessions_that_make_no_sense_are_refused(sessions: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="sessions"):
        WorkingCalendar(sessions)


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2070, 1, 1)])
def test_days_beyond_the_calendar_are_refused(day: date) -> None:
    with pytest.raises(ValueError, match="beyond"):
        CALENDAR.worked(on(day))


def test_more_work_than_the_calendar_has_is_refused() -> None:
    for worked in (0, -1, 10**9):
        with pytest.raises(ValueError, match="beyond"):
            CALENDAR.after(worked)
