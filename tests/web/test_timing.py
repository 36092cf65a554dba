"""Times and the waterline as the reference writes and draws them."""

from __future__ import annotations

import pytest

from anlan import main
from anlan.loop.working_calendar import WorkingCalendar
from anlan.web.language import strings
from anlan.web.timing import Times
from anlan.web.waterline import NOW_X, bar, place

MINUTE = 20_034 * 1440 + 14 * 60 + 26  # 2024-11-07 14:26, the reference's Thursday


@pytest.fixture(params=["zh", "en"])
def times(request: pytest.FixtureRequest) -> Times:
    return Times(MINUTE, strings(request.param, tuple(main.discover())), WorkingCalendar())


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (34, "34分", "34 min"),
        (126, "2时06分", "2 h 06 min"),
        (27 * 60, "1天3时", "1 day 3 h"),
        (5 * 1440, "5天", "5 days"),
    ],
)
def test_spans(times: Times, minutes: int, zh: str, en: str) -> None:
    assert times.span(minutes) == (zh if times.t.language == "zh" else en)


def test_moments_leave_out_what_is_plain(times: Times) -> None:
    zh = times.t.language == "zh"
    assert times.short(MINUTE + 34) == "15:00"
    assert times.moment(MINUTE + 34) == ("今天15:00" if zh else "today 15:00")
    assert times.moment(MINUTE - 1440) == ("昨天14:26" if zh else "yesterday 14:26")
    assert times.moment(MINUTE + 4 * 1440) == ("11月11日14:26" if zh else "Nov 11 14:26")
    assert times.entry(MINUTE - 3 * 1440) == "11-04 14:26"


def test_from_two_days_on_working_days_are_counted(times: Times) -> None:
    zh = times.t.language == "zh"
    assert times.left(MINUTE + 4 * 1440) == ("剩2个工作日" if zh else "2 work days left")


@pytest.mark.parametrize(
    ("minutes", "x"), [(12, 62.5), (34, 70.6), (114, 86.3), (184, 94.0), (-41, 44.9), (-126, 34.8)]
)
def test_waterline_matches_the_reference_page(minutes: int, x: float) -> None:
    assert place(minutes) == pytest.approx(x, abs=0.15)


def test_bar_starts_or_ends_at_now() -> None:
    assert bar(34).x == NOW_X
    late = bar(-41)
    assert late.x + late.width == pytest.approx(NOW_X)
    assert bar(10**7).mark <= 168
    assert bar(-(10**7)).mark >= 0
