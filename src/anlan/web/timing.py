"""Times as the interface writes them: today without a date, spans in short units, what is left or late.

City minutes in, words out. Rules of wording: docs, interface.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from anlan.loop.deadlines import soon_from
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import DAY, WorkingCalendar, minute_of
from anlan.web.language import Strings

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - city minutes carry no zone: they are the city's own time
DAYS_LEFT_FROM = 2 * DAY


class Due(msgspec.Struct, frozen=True):
    """When something is due: `state` is late, soon, ok, held or none; `text` what is left; `when` the moment."""

    state: str
    text: str
    when: str
    minutes: int | None = None


class Times:
    """Words for times, as seen at city minute `now`."""

    def __init__(self, now: int, strings: Strings, calendar: WorkingCalendar) -> None:
        self.now, self.t, self.calendar = now, strings, calendar

    def day(self, minute: int) -> str:
        """11月8日 / Nov 8; with the year when it is another."""
        at = _at(minute)
        key = "time.day" if at.year == _at(self.now).year else "time.day_year"
        return self.t(key, y=at.year, m=at.month, d=at.day, mon=self.t(f"time.month_{at.month}"))

    @property
    def date(self) -> date:
        """Today."""
        return date_of(self.now)

    def weekday(self, minute: int) -> str:
        """周四 / Thu."""
        return self.t(f"time.weekday_{_at(minute).weekday()}")

    def day_number(self, minute: int) -> int:
        """The day of the month."""
        return _at(minute).day

    def clock(self, minute: int) -> str:
        """15:00."""
        return f"{_at(minute):%H:%M}"

    def moment(self, minute: int) -> str:
        """今天15:00, 昨天23:10, 11月8日17:30."""
        day, today = minute // DAY, self.now // DAY
        near = {today: "time.today", today - 1: "time.yesterday", today + 1: "time.tomorrow"}.get(day)
        return self.t("time.moment", day=self.t(near) if near else self.day(minute), clock=self.clock(minute))

    def entry(self, minute: int) -> str:
        """As a line of a timeline begins: 今天22:00, 昨天23:10, 11-05 10:12."""
        if self.now // DAY - minute // DAY in {0, 1}:
            return self.moment(minute)
        at = _at(minute)
        return f"{at:%m-%d %H:%M}" if at.year == _at(self.now).year else f"{at:%Y-%m-%d %H:%M}"

    def stamp(self, minute: int) -> str:
        """2026-11-24 15:00, for tables that leave the house: the same in every language and on every day."""
        return f"{_at(minute):%Y-%m-%d %H:%M}"

    def of(self, at_ms: int) -> str:
        """A UTC millisecond as a moment."""
        return self.moment(minute_of(at_ms))

    def short(self, minute: int) -> str:
        """Under a due time: today's clock, else the day."""
        return self.clock(minute) if minute // DAY == self.now // DAY else self.day(minute)

    def span(self, minutes: int) -> str:
        """34分, 2时06分, 1天3时, 5天."""
        if minutes < 60:
            return self.t("time.minutes", m=minutes)
        if minutes < DAY:
            return self.t("time.hours", h=minutes // 60, m=f"{minutes % 60:02d}")
        days, hours = minutes // DAY, minutes % DAY // 60
        if days >= 2 or not hours:
            return self.t("time.day_count" if days == 1 else "time.days", d=days)
        return self.t("time.day_hours", d=days, h=hours)

    def left(self, minute: int) -> str:
        """What is left until `minute`: from two days on, in working days."""
        minutes = minute - self.now
        if minutes < DAYS_LEFT_FROM:
            return self.t("time.left", span=self.span(minutes))
        days = self.working_days(self.now, minute)
        return self.t("time.left_work_days" if days != 1 else "time.left_work_day", d=days)

    def working_days(self, first: int, last: int) -> int:
        """Working days after the day of `first` up to and including that of `last`."""
        days = range(first // DAY + 1, last // DAY + 1)
        return sum(self.calendar.is_working_day(day * DAY) for day in days)

    def due(self, matter: Matter, waiting: str, closed: str = "closed") -> Due:
        """What a list says of a matter: late, time left, or that its clock stands still."""
        if matter.stage == closed:
            return Due(
                "done", self.t("time.closed"), self.short(minute_of(matter.closed_at)) if matter.closed_at else ""
            )
        due = matter.due_minute(waiting)
        if due is None:
            held = [c.since for c in matter.clocks.values() if c.held]
            if not held:
                return Due("none", self.t("time.no_due"), "")
            return Due("held", self.t("time.held"), self.t("time.held_for", span=self.span(self.now - min(held))))
        if self.now > due:
            late = self.now - due
            return Due("late", self.t("time.late", span=self.span(late)), self.short(due), -late)
        starts = max((c.starts for c in matter.clocks.values() if c.due == due), default=due)
        return Due(self.state(due, starts), self.left(due), self.short(due), due - self.now)

    def state(self, due: int, starts: int) -> str:
        """late, soon (under an hour, or a tenth of the whole time, is left) or ok."""
        if due < self.now:
            return "late"
        return "soon" if self.now > soon_from(due, starts) else "ok"


def _at(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


def date_of(minute: int) -> date:
    """The city day of a city minute."""
    return _at(minute).date()
