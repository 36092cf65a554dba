"""Working-day tables against chinesecalendar's own answers, and the city's file over them."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from anlan.city.days import SATURDAY, Year, merge_days, national_days, read_calendar
from anlan.city.errors import CityError


def test_every_published_day_agrees_with_the_library() -> None:
    table = national_days()
    day = date(min(table.published_years), 1, 1)
    while day.year <= max(table.published_years):
        weekday = day.weekday() < SATURDAY
        works = (weekday and day not in table.holidays) or day in table.makeup_days
        assert works == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_the_year_after_the_last_is_not_published_and_the_library_raises_for_it() -> None:
    last = max(national_days().published_years)
    with pytest.raises(NotImplementedError):
        chinese_calendar.is_workday(date(last + 1, 6, 1))


def test_the_citys_file_adds_a_year_and_replaces_another() -> None:
    nation = national_days()
    text = b"""{"2031": {"holidays": ["2031-01-01", "2031-02-01"], "makeup_days": ["2031-01-04"]},
                "2025": {"holidays": ["2025-01-01"]}}"""
    table = merge_days(nation, read_calendar(text))
    assert table.published_years == nation.published_years | {2031}
    assert {d for d in table.holidays if d.year == 2031} == {date(2031, 1, 1)}  # 1 February 2031 is a Saturday
    assert {d for d in table.makeup_days if d.year == 2031} == {date(2031, 1, 4)}
    assert {d for d in table.holidays if d.year == 2025} == {date(2025, 1, 1)}
    assert {d for d in table.holidays if d.year == 2024} == {d for d in nation.holidays if d.year == 2024}


def test_an_empty_file_changes_nothing() -> None:
    assert merge_days(national_days(), read_calendar(b"{}")) == national_days()
    assert Year().holidays == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"[]", "calendar.not_json"),
        (b'{"next":{}}', "calendar.not_json"),
        (b'{"2027":{"holiday":[]}}', "calendar.not_json"),
        (b'{"2027":{"holidays":["2027-02-30"]}}', "calendar.not_json"),
        (b'{"2027":{"holidays":["2028-01-03"]}}', "calendar.wrong_year"),
        (b'{"2027":{"holidays":["2027-01-02"],"makeup_days":["2027-01-02"]}}', "calendar.both"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(CityError) as error:
        read_calendar(text)
    assert error.value.code == code
