"""Response times: figures against counting by hand, the year before, what stands behind a figure."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.domains.command import response
from anlan.domains.command.response import Incident, behind, by_group, figures
from anlan.loop.errors import Refused
from anlan.loop.matter import Sent

YEAR_MS = 365 * 86_400_000


def gone(room: Any, unit: str, seconds: tuple[int, ...], category: str = "incident.dispute") -> int:
    """An incident whose unit was sent, set out, was there, after so many seconds each; as many steps as given."""
    where = room.unit(unit)
    matter = room.call(room.at(where), category)
    for wait, step in zip(seconds, ("send", "set_out", "arrive", "clear"), strict=False):
        room.later(wait)
        matter = room.send(matter, unit) if step == "send" else room.move(matter, step, unit)
    if len(seconds) in {1, 2, 3}:
        room.move(matter, "withdraw", unit, reason="cancelled")
    return int(matter.number)


def test_given_incidents_when_they_are_counted_then_each_span_is_what_the_steps_took(room: Any) -> None:
    unit = room.available().key
    gone(room, unit, (30, 60, 200, 900))
    late = gone(room, unit, (90, 60, 600, 900), "incident.fight")
    nobody = gone(room, unit, (40,))
    today = date(2026, 11, 24)
    found = response.incidents(room.world, today, today)
    told = figures(found)
    assert (told.incidents, told.limited, told.in_time, told.nobody) == (3, 2, 1, 1)
    assert told.spans["sent"].at == {50: 40_000, 90: 90_000, 95: 90_000}
    assert told.spans["set_out"].at[95] == 60_000
    assert told.spans["drive"].at == {50: 200_000, 90: 600_000, 95: 600_000}
    assert told.spans["there"].at == {50: 290_000, 90: 750_000, 95: 750_000}
    assert [one.number for one in behind(found, "there", late=True)] == [late]
    assert [one.number for one in behind(found, "nobody")] == [nobody]
    assert sorted(by_group(found, "type")) == ["incident.dispute", "incident.fight"]
    assert sorted(by_group(found, "hour")) == ["12"]
    assert sorted(by_group(found, "month")) == ["2026-11"]


def test_given_the_same_days_a_year_before_when_asked_for_then_only_they_are_there(room: Any) -> None:
    unit, now = room.available().key, room.world.clock()
    room.later(-YEAR_MS / 1000)
    then = gone(room, unit, (30, 60, 200, 900))
    room.world.clock = lambda: now
    this = gone(room, unit, (30, 60, 100, 900))
    days = date(2026, 11, 1), date(2026, 11, 30)
    assert [one.number for one in response.incidents(room.world, *days)] == [this]
    past = response.incidents(room.world, *response.before(*days))
    assert [one.number for one in past] == [then]
    assert list(response.a_year_on(by_group(past, "month"), "month")) == ["2026-11"]


def test_given_too_many_incidents_when_asked_for_then_it_is_refused_not_cut(room: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(response, "INCIDENTS_MAX", 1)
    for _ in range(2):
        room.call(room.at(room.available()), "incident.noise")
    today = date(2026, 11, 24)
    assert room.refused(lambda: response.incidents(room.world, today, today)) == "response.too_many"
    assert response.incidents(room.world, date(2026, 11, 25), date(2026, 11, 25)) == []


def test_given_no_such_grouping_when_asked_for_then_it_is_refused() -> None:
    with pytest.raises(Refused):
        by_group([], "officer")


@given(st.lists(st.integers(0, 4_000_000), min_size=1, max_size=60))
def test_a_quantile_is_a_time_that_so_many_kept(took: list[int]) -> None:
    some = [Incident(n, 0, sent=(Sent("u", 0, 0, ms or 1),)) for n, ms in enumerate(took)]
    there = figures(some).spans["there"]
    for quantile, at in there.at.items():
        kept = sum(1 for one in some if one.spans()["there"] <= at)
        below = sum(1 for one in some if one.spans()["there"] < at)
        assert below < math.ceil(quantile * len(took) / 100) <= kept
        assert len(behind(some, "there", quantile)) == len(took) - below
