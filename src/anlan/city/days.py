"""Working-day tables: public holidays and make-up days (调休) of the years whose calendar has been published.

Years come from chinesecalendar and from the city's own file, which wins year by year. A year nobody has published is
not in `published_years`: whether to go on with Monday to Friday provisionally is the consumer's decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import chinese_calendar.constants as published
import msgspec

from anlan.city.errors import CityError

SATURDAY: Final = 5


@dataclass(frozen=True)
class DayTable:
    """Weekday holidays and weekend make-up days; weekends that are holidays and ordinary weekdays are not listed."""

    holidays: frozenset[date]
    makeup_days: frozenset[date]
    published_years: frozenset[int]


class Year(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One year in the city's calendar file."""

    holidays: tuple[date, ...] = ()
    makeup_days: tuple[date, ...] = ()


def national_days() -> DayTable:
    """What chinesecalendar knows; it raises for other years, so its own tables say which years are covered."""
    years = frozenset(day.year for day in published.holidays)
    return _table(published.holidays, published.workdays, years)


def read_calendar(text: bytes) -> dict[int, Year]:
    """The city's calendar file: {"2027": {"holidays": ["2027-01-01", …], "makeup_days": […]}}.

    Raises `calendar.not_json`, and `calendar.wrong_year` or `calendar.both` (date) for dates that contradict it.
    """
    try:
        raw = msgspec.json.decode(text, type=dict[str, Year])
        years = {int(year): days for year, days in raw.items()}
    except (msgspec.DecodeError, ValueError) as error:
        raise CityError("calendar.not_json", why=str(error)) from None
    for year, days in years.items():
        for day in (*days.holidays, *days.makeup_days):
            if day.year != year:
                raise CityError("calendar.wrong_year", year=year, date=day.isoformat())
        both = set(days.holidays) & set(days.makeup_days)
        if both:
            raise CityError("calendar.both", year=year, date=min(both).isoformat())
    return years


def write_calendar(years: dict[int, Year]) -> bytes:
    """The city's calendar file, as `read_calendar` reads it."""
    kept = {str(year): years[year] for year in sorted(years)}
    return msgspec.json.format(msgspec.json.encode(kept)) + b"\n"


def merge_days(nation: DayTable, city: dict[int, Year]) -> DayTable:
    """The national table with the years of the city's file put in place of the national ones."""

    def kept(days: Iterable[date]) -> list[date]:
        return [day for day in days if day.year not in city]

    return _table(
        [*kept(nation.holidays), *(day for year in city.values() for day in year.holidays)],
        [*kept(nation.makeup_days), *(day for year in city.values() for day in year.makeup_days)],
        nation.published_years | frozenset(city),
    )


def _table(holidays: Iterable[date], makeup_days: Iterable[date], years: frozenset[int]) -> DayTable:
    return DayTable(
        frozenset(day for day in holidays if day.weekday() < SATURDAY),
        frozenset(day for day in makeup_days if day.weekday() >= SATURDAY),
        years,
    )
