"""Clocks against a referee that counts minute by minute, and the rules of the house one by one."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import msgspec
import pytest

from anlan.cli.bench.deadline_oracle import Case, Days, Event, by_clocks, by_oracle, random_case
from anlan.loop.deadlines import Clock, ClockSpec, extend, hold, resume, start, stop
from anlan.loop.errors import Refused
from anlan.loop.working_calendar import EPOCH, WorkingCalendar

CALENDAR = WorkingCalendar(
    holidays=[date(2026, 10, day) for day in (1, 2, 5, 6, 7)],
    makeup_days=[date(2026, 9, 20), date(2026, 10, 10)],
    published_years=[2026],
)
DAYS_5 = ClockSpec("matter", 5, "work_days")
MINUTES_120 = ClockSpec("accept", 120, "work_minutes")


def at(text: str) -> int:
    return int((datetime.fromisoformat(text) - datetime(EPOCH.year, 1, 1)).total_seconds()) // 60  # noqa: DTZ001


def shown(minute: int | None) -> str:
    assert minute is not None
    return (datetime(EPOCH.year, 1, 1) + timedelta(minutes=minute)).isoformat(" ", "minutes")  # noqa: DTZ001


def more(clock: Clock, days: int, when: str, *, overseer: bool = False) -> Clock:
    return extend(clock, days, at(when), CALENDAR, days_max=10, overseer=overseer)


@pytest.mark.parametrize("part", range(10))
def test_clocks_agree_with_the_referee_on_1000_random_cases(part: int) -> None:
    rng = random.Random(20260729 + part)
    for _ in range(1000):
        case = random_case(rng)
        assert by_clocks(case) == by_oracle(case), case


def test_random_cases_reach_every_kind_of_answer() -> None:
    rng = random.Random(1)
    cases = [random_case(rng) for _ in range(1500)]
    answers = [by_clocks(case) for case in cases]
    assert {code for a in answers for _, code in a.refused} == {
        "clock.extension_after_due",
        "clock.extension_over_limit",
    }
    assert any(a.due is None for a in answers)
    assert {a.late for a in answers} == {a.provisional for a in answers} == {True, False}
    later = [(a, by_clocks(msgspec.structs.replace(c, published=None))) for c, a in zip(cases, answers, strict=True)]
    assert sum(now.due != before.due for now, before in later) > 50, "a calendar that comes out moves some due times"
    assert any(before.provisional and not now.provisional and now.due == before.due for now, before in later)
    assert {e.what for c in cases for e in c.events} == {
        "hold", "resume", "extend", "extend_by_overseer", "forward", "stop", "reopen",
    }  # fmt: skip


def test_the_referee_finds_a_planted_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Summing holds instead of folding them in time order is wrong; so is a due time one minute off."""
    rng = random.Random(2)
    cases = [random_case(rng) for _ in range(200)]
    monkeypatch.setattr(
        WorkingCalendar, "after", lambda self, worked, real=WorkingCalendar.after: real(self, worked) + 1
    )
    assert any(by_clocks(case) != by_oracle(case) for case in cases)


def test_the_referee_counts_a_case_done_by_hand() -> None:
    days = Days(
        ((540, 600),), frozenset({date(2026, 1, 1), date(2026, 1, 2)}), frozenset({date(2026, 1, 4)}), frozenset({2026})
    )
    hold_at, resume_at = at("2026-01-04 09:20"), at("2026-01-05 09:30")
    events = (Event(hold_at, "hold"), Event(resume_at, "resume"))
    answer = by_oracle(Case(True, "work_days", 1, at("2025-12-31 23:59"), events, at("2026-01-06 09:11"), days))
    assert shown(answer.due) == "2026-01-06 09:10"
    assert answer.late
    assert not answer.provisional


def test_days_count_from_the_next_working_day_and_skip_the_holiday() -> None:
    clock = start(DAYS_5, at("2026-09-29 10:00"), CALENDAR)
    assert shown(clock.starts) == "2026-09-30 08:30"
    assert shown(clock.due) == "2026-10-12 17:30", "30 September, 8, 9, make-up 10, then Monday 12 October"


def test_working_minutes_count_from_the_next_open_minute() -> None:
    assert shown(start(MINUTES_120, at("2026-09-19 03:00"), CALENDAR).due) == "2026-09-20 10:30", "a make-up Sunday"
    assert shown(start(MINUTES_120, at("2026-09-21 11:00"), CALENDAR).due) == "2026-09-21 14:30", "over lunch"
    assert shown(start(MINUTES_120, at("2026-09-21 10:00"), CALENDAR).due) == "2026-09-21 12:00", "the end, not 13:30"


def test_the_due_minute_itself_is_in_time() -> None:
    clock = start(MINUTES_120, at("2026-09-21 08:30"), CALENDAR)
    assert not clock.is_late(at("2026-09-21 10:30"))
    assert clock.is_late(at("2026-09-21 10:31"))
    assert not stop(clock, at("2026-09-21 10:30")).is_late(at("2026-12-01 00:00")), "answered in time stays in time"
    assert stop(stop(clock, at("2026-09-21 10:31")), at("2026-09-21 09:00")).is_late(at("2026-12-01 00:00")), (
        "first stop"
    )


def test_a_held_clock_has_no_due_time_and_keeps_what_was_left() -> None:
    held = hold(start(MINUTES_120, at("2026-09-21 08:30"), CALENDAR), at("2026-09-21 09:00"), CALENDAR)
    assert held.held
    assert (held.due, held.left) == (None, 90)
    assert hold(held, at("2026-09-21 09:30"), CALENDAR) == held
    assert shown(resume(held, at("2026-09-25 08:30"), CALENDAR).due) == "2026-09-25 10:00"


def test_a_hold_after_the_due_time_does_not_move_it() -> None:
    clock = start(MINUTES_120, at("2026-09-21 08:30"), CALENDAR)
    assert hold(clock, at("2026-09-21 10:31"), CALENDAR) == clock
    assert resume(clock, at("2026-09-21 10:32"), CALENDAR) == clock


def test_an_extension_after_the_due_time_is_for_an_overseer_only() -> None:
    clock = start(DAYS_5, at("2026-09-20 10:00"), CALENDAR)
    assert shown(clock.due) == "2026-09-25 17:30"
    assert shown(more(clock, 1, "2026-09-25 17:30").due) == "2026-09-28 17:30"
    with pytest.raises(Refused, match=r"clock\.extension_after_due"):
        more(clock, 1, "2026-09-25 17:31")
    assert shown(more(clock, 1, "2026-09-25 17:31", overseer=True).due) == "2026-09-28 17:30"


def test_extensions_add_up_to_the_limit_and_no_further() -> None:
    clock = more(more(start(DAYS_5, at("2026-09-20 10:00"), CALENDAR), 6, "2026-09-21 09:00"), 4, "2026-09-21 09:00")
    assert clock.extended_days == 10
    for days in (1, 0, -1):
        with pytest.raises(Refused, match=r"clock\.extension_over_limit"):
            more(clock, days, "2026-09-21 09:00", overseer=True)


def test_an_extension_of_a_held_clock_is_there_when_it_runs_on() -> None:
    held = hold(start(DAYS_5, at("2026-09-20 10:00"), CALENDAR), at("2026-09-21 08:30"), CALENDAR)
    assert shown(resume(more(held, 1, "2026-09-21 09:00"), at("2026-09-21 08:30"), CALENDAR).due) == "2026-09-28 17:30"


def test_a_year_nobody_has_published_is_provisional_monday_to_friday() -> None:
    clock = start(DAYS_5, at("2026-12-30 10:00"), CALENDAR)
    assert clock.provisional
    assert shown(clock.due) == "2027-01-06 17:30", "31 December, then Friday 1 January counts until the list comes"
    assert not start(DAYS_5, at("2026-09-20 10:00"), CALENDAR).provisional
    assert not start(
        msgspec.structs.replace(DAYS_5, unit="natural_minutes"), at("2027-05-01 00:00"), CALENDAR
    ).provisional
