"""Shifts of a duty day, as the city pack says (`city.json`, `shifts`), else three of 8 hours.

Times are of the roster's day and may go past its midnight, as in timetables: 24:00–32:00 is 0:00–8:00 of the next day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

CLOCK: Final = re.compile(r"(\d\d):([0-5]\d)")
DAYS_MINUTES: Final = 48 * 60


class Shift(msgspec.Struct, frozen=True):
    """One shift: `begins` and `ends` as "HH:MM" after the midnight on which the roster's day begins, to 48:00."""

    key: str
    name: str
    name_en: str
    begins: str
    ends: str


DEFAULT: Final = (
    Shift("day", "日班", "Day", "08:00", "16:00"),
    Shift("evening", "中班", "Evening", "16:00", "24:00"),
    Shift("night", "夜班", "Night", "24:00", "32:00"),
)


def minutes(shift: Shift) -> tuple[int, int]:
    """When it begins and ends, in minutes after the day's midnight; (-1, -1) for times that are none."""
    begins, ends = _minute(shift.begins), _minute(shift.ends)
    return (begins, ends) if 0 <= begins < ends <= DAYS_MINUTES else (-1, -1)


def shift_problems(shifts: Iterable[Shift]) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Keys given twice, no names, times that are none, shifts that overlap or are not in order."""
    seen: set[str] = set()
    last = 0
    for shift in shifts:
        begins, ends = minutes(shift)
        if shift.key in seen or not shift.key.isidentifier() or not (shift.name and shift.name_en):
            yield "city.shift_unnamed", "city.json", {"shift": shift.key}
        if begins < last:
            yield "city.shift_times", "city.json", {"shift": shift.key}
        seen.add(shift.key)
        last = max(last, ends)


def _minute(text: str) -> int:
    found = CLOCK.fullmatch(text)
    return int(found[1]) * 60 + int(found[2]) if found else -1
