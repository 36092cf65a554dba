"""Working time to the minute: weekends, holidays, make-up days (调休) and office sessions.

Minutes are counted from 1970-01-01 00:00 in the city's own time (China: UTC+8, no summer time). A year whose holiday
list is not published yet is *provisional*: Monday to Friday, and `is_provisional` says so, so that due times that touch
it can be recomputed when the list comes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from itertools import accumulate

DAY = 1440
EPOCH = date(1970, 1, 1)
YEAR_FIRST, YEAR_LAST = 2000, 2069
SATURDAY = 5


def minute_of(at_ms: int, utc_offset_minutes: int = 480) -> int:
    """The city minute that a UTC millisecond falls in."""
    return at_ms // 60_000 + utc_offset_minutes


def ms_of(minute: int, utc_offset_minutes: int = 480) -> int:
    """The UTC millisecond at which a city minute begins."""
    return (minute - utc_offset_minutes) * 60_000


class WorkingCalendar:
    """Counts working minutes. `sessions` are (from, to) minutes of the day, ascending and disjoint."""

    def __init__(
        self,
        sessions: Sequence[tuple[int, int]] = ((510, 720), (810, 1050)),
        holidays: Collection[date] = (),
        makeup_days: Collection[date] = (),
        published_years: Collection[int] = (),
    ) -> None:
        flat = [edge for session in sessions for edge in session]
        if not flat or flat != sorted(set(flat)) or flat[0] < 0 or flat[-1] > DAY:
            raise ValueError("sessions must be ascending, disjoint and inside one day")
        self.sessions = tuple((a, b) for a, b in sessions)
        self.day_minutes = sum(b - a for a, b in self.sessions)
        self.published_years = frozenset(published_years)
        first = date(YEAR_FIRST, 1, 1)
        self._first_day = (first - EPOCH).days
        days = (date(YEAR_LAST, 12, 31) - EPOCH).days - self._first_day + 1
        week = bytes(weekday < SATURDAY for weekday in range(7))
        self._working = bytearray((week * (days // 7 + 2))[first.weekday() :][:days])
        for off, works in ((holidays, 0), (makeup_days, 1)):
            for day in off:
                if YEAR_FIRST <= day.year <= YEAR_LAST:
                    self._working[(day - EPOCH).days - self._first_day] = works
        self._before = list(accumulate((self.day_minutes * works for works in self._working), initial=0))

    def is_working_day(self, minute: int) -> bool:
        """Whether the day that `minute` falls in is worked."""
        return bool(self._working[self._index(minute)])

    def is_provisional(self, *minutes: int) -> bool:
        """Whether any of the minutes falls in a year whose holidays are not published."""
        return any((EPOCH + timedelta(minutes=m)).year not in self.published_years for m in minutes)

    def worked(self, minute: int) -> int:
        """Working minutes from the calendar's first day up to, not including, `minute`."""
        i = self._index(minute)
        done = self._before[i]
        if not self._working[i]:
            return done
        of_day = minute % DAY
        return done + sum(min(of_day, b) - a for a, b in self.sessions if of_day > a)

    def after(self, worked: int) -> int:
        """The earliest minute by which `worked` working minutes have passed: the end of the last of them."""
        if not 0 < worked <= self._before[-1]:
            raise ValueError("beyond the calendar")
        i = bisect_right(self._before, worked - 1) - 1
        left = worked - self._before[i]
        start = (self._first_day + i) * DAY
        for a, b in self.sessions:
            if left <= b - a:
                return start + a + left
            left -= b - a
        raise AssertionError("a working day has day_minutes minutes")

    def next_open(self, minute: int) -> int:
        """`minute` itself when worked, else the next minute that is."""
        return self.after(self.worked(minute) + 1) - 1

    def next_day_open(self, minute: int) -> int:
        """The first working minute of the next working day after the day of `minute`."""
        return self.next_open((minute // DAY + 1) * DAY)

    def _index(self, minute: int) -> int:
        i = minute // DAY - self._first_day
        if not 0 <= i < len(self._working):
            raise ValueError("beyond the calendar")
        return i
