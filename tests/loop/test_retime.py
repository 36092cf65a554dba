"""A clock told again: classified anew it has its category's length, from its own start, and keeps what happened."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from anlan.loop.deadlines import Clock, ClockSpec, extend, hold, resume, start
from anlan.loop.evolve import replay
from anlan.loop.fact import Fact, decode, encode
from anlan.loop.retime import Story, retell, story
from anlan.loop.working_calendar import WorkingCalendar, ms_of
from anlan.store.apply import encode_state

SHORT = ClockSpec("matter", 1440, "natural_minutes", "noise")
SHORTER = ClockSpec("matter", 2, "work_days", "question")
LENGTHS = {("noise", "matter"): SHORT, ("question", "matter"): SHORTER}


@pytest.fixture
def targeted(walk: Any) -> Any:
    """A matter of a city where noise has 24 hours and a question two working days."""
    w = walk()
    w.targets = lambda category, clock: LENGTHS.get((category, clock))
    return w


def matter_clock(w: Any) -> Clock:
    clock: Clock = w.state.clocks["matter"]
    return clock


def test_another_length_counts_from_the_original_start(targeted: Any) -> None:
    begun, calendar = targeted.now, targeted.context("operator").calendar
    targeted.at("2026-09-21 15:00").does("operator", "classify", category="noise")
    assert matter_clock(targeted) == start(SHORT, begun, calendar)
    assert (matter_clock(targeted).due, matter_clock(targeted).target) == (begun + 1440, "noise")
    targeted.at("2026-09-22 15:00").does("operator", "classify", category="question")
    assert matter_clock(targeted) == start(SHORTER, begun, calendar)
    targeted.does("operator", "classify", category="traffic.noise")
    assert matter_clock(targeted) == start(ClockSpec("matter", 5, "work_days"), begun, calendar)


def test_holds_and_extensions_are_kept(targeted: Any) -> None:
    begun, calendar = targeted.now, targeted.context("operator").calendar
    targeted.acting()
    held_at = targeted.at("2026-09-21 14:00").now
    targeted.does("officer", "hold", reason="weather")
    resumed_at = targeted.at("2026-09-22 10:00").now
    targeted.does("officer", "resume")
    extended_at = targeted.at("2026-09-22 11:00").now
    targeted.does("overseer", "extend", days=2)
    targeted.at("2026-09-22 16:00").does("operator", "classify", category="question")
    clock = resume(hold(start(SHORTER, begun, calendar), held_at, calendar), resumed_at, calendar)
    clock = extend(clock, 2, extended_at, calendar, days_max=2, overseer=True)
    assert matter_clock(targeted) == clock
    again = replay([decode(encode(f)) for f in targeted.facts])
    assert again is not None
    assert encode_state(again) == encode_state(targeted.state)


def test_a_held_clock_stays_held_with_what_the_new_length_leaves(targeted: Any) -> None:
    targeted.acting().at("2026-09-22 09:00")
    targeted.does("officer", "hold", reason="weather")
    targeted.at("2026-09-23 09:00").does("operator", "classify", category="noise")
    clock = matter_clock(targeted)
    assert (clock.held, clock.left) == (True, 0)
    targeted.at("2026-09-24 09:00").does("officer", "resume")
    assert matter_clock(targeted).due == targeted.now, "nothing was left when it was held"


def test_no_other_length_no_clock_on_the_fact(targeted: Any) -> None:
    before = matter_clock(targeted)
    targeted.does("operator", "classify", category="traffic.parking")
    assert "clocks" not in targeted.facts[-1].data
    assert matter_clock(targeted) == before


def test_a_stopped_clock_and_a_given_due_time_stay(targeted: Any, walk: Any) -> None:
    targeted.calling().does("operator", "classify", category="noise")
    assert "clocks" not in targeted.facts[-1].data
    given = walk(due_minute=walk().now + 99)
    given.targets = targeted.targets
    given.does("operator", "classify", category="noise")
    assert matter_clock(given).due == walk().now + 99


def test_a_reopened_clock_has_its_categorys_length_and_only_its_own_story(targeted: Any) -> None:
    targeted.at("2026-09-21 10:00").does("operator", "classify", category="question")
    targeted.closed()
    reopened = targeted.at("2026-09-25 10:00").now
    targeted.does("overseer", "reopen")
    assert (matter_clock(targeted).amount, matter_clock(targeted).began) == (2, reopened)
    told = story(targeted.facts, "matter", targeted.context("operator").calendar)
    assert told == Story(SHORTER, reopened)


def test_facts_from_before_lengths_were_kept_tell_the_same_story() -> None:
    calendar = WorkingCalendar(published_years=[2026])
    old = {"unit": "work_days", "starts": 29_800_470, "since": 29_800_000, "left": 5 * 420, "due": 29_807_000}
    held = {**old, "since": 29_801_000, "left": 1800, "due": None}
    resumed = {**held, "since": 29_803_000, "due": 29_809_000}
    facts = [
        Fact(kind, 1, n, ms_of(told["since"]), "x", {"clocks": {"matter": told}})
        for n, (kind, told) in enumerate((("received", old), ("held", held), ("resumed", resumed)), 1)
    ]
    told = story(facts, "matter", calendar)
    assert told is not None
    assert (told.spec.amount, told.spec.unit, told.start) == (2100 // calendar.day_minutes, "work_days", 29_800_000)
    assert told.happened == (("hold", 29_801_000, 0), ("resume", 29_803_000, 0))


def test_a_hold_that_comes_after_the_new_due_time_moves_nothing() -> None:
    """Under the old calendar the clock was held in time; the year that came out had made it due before."""
    old = WorkingCalendar(holidays=[date(2027, 1, day) for day in (4, 5, 6, 7)], published_years=[2026])
    new = WorkingCalendar(published_years=[2026, 2027])
    began = (date(2026, 12, 31) - date(1970, 1, 1)).days * 1440 + 600
    clock = start(ClockSpec("matter", 2, "work_days"), began, old)
    assert clock.due is not None
    told = Story(
        ClockSpec("matter", 2, "work_days"), began, (("hold", clock.due - 60, 0), ("resume", clock.due + 900, 0))
    )
    assert retell(told, old).due != clock.due
    assert retell(told, new) == start(told.spec, began, new)
    assert msgspec.structs.asdict(retell(told, new))["provisional"] is False
