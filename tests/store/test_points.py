"""Points and counts against brute force over the same matters, and from the small indexes they were made for."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from anlan.loop.matter import Matter
from anlan.loop.working_calendar import minute_of
from anlan.store import points
from anlan.store.read import Shape, composed

DAY_MS, AT = 86_400_000, 1_790_000_000_000
LEADS = ("station1", "station2", "station3")


@pytest.fixture
def filled(desk: Any) -> list[Matter]:
    """Matters of four days; every third was closed a day after it came."""
    rng = random.Random(3)
    commits = [
        desk.create(lead=rng.choice(LEADS), at=AT - rng.randrange(4 * DAY_MS), ledger=rng.choice(("370202", "370203")))
        for _ in range(120)
    ]
    opened = [done.matters[0] for done in desk.store.writer.submit_many(commits)]
    closing = [
        desk.change(m, ("closed", {"stage": "closed", "at": m.opened_at + DAY_MS}), at=AT) if i % 3 == 0 else None
        for i, m in enumerate(opened)
    ]
    after = iter(desk.store.writer.submit_many([c for c in closing if c]))
    return [next(after).matters[0] if c else m for c, m in zip(closing, opened, strict=True)]


def test_points_are_the_open_ones(desk: Any, filled: list[Matter]) -> None:
    wanted = {m.number for m in filled if not m.closed_at and m.lead == "station2"}
    rows = desk.store.read.listed(points.points(Shape(leads=("station2",)), minute_of(AT), 4000, 1000))
    assert {row[0] for row in rows} == wanted
    told = desk.store.read.listed(points.points(Shape(), 0, 10**8, 1000))
    assert len(told) == sum(not m.closed_at for m in filled)
    assert all(raw is not None for *_, raw in told), "within that many minutes every due time lies"


@pytest.mark.parametrize("back", [0, 1, 2, 3])
def test_points_of_a_past_moment(desk: Any, filled: list[Matter], back: int) -> None:
    at = AT - back * DAY_MS
    wanted = {m.number for m in filled if m.opened_at <= at and (not m.closed_at or m.closed_at > at)}
    rows = desk.store.read.listed(points.points_then(Shape(), at, 1000))
    assert {row[0] for row in rows} == wanted


def test_standing_and_hours(desk: Any, filled: list[Matter]) -> None:
    late = AT // 60_000 + 10**7
    rows = desk.store.read.listed(points.standing((), late))
    assert {ledger: n for ledger, n, _ in rows} == Counter(m.ledger for m in filled if not m.closed_at)
    assert all(n == overdue for _, n, overdue in rows)
    hours = Counter((m.opened_at // points.HOUR_MS, m.ledger) for m in filled if m.lead == "station1")
    rows = desk.store.read.listed(points.hourly(("station1",), AT - 4 * DAY_MS, AT + 1))
    assert {(hour, ledger): n for hour, ledger, n in rows} == hours


def test_what_lies_around_a_place_is_open_or_closed_not_long_ago(desk: Any) -> None:
    def made(east: int, days_ago: int, lead: str = "station2", *, closed: bool = False) -> int:
        matter = desk.opened(lead=lead, at=AT - days_ago * DAY_MS, place=[120_000_000 + east, 36_000_000])
        if closed:
            desk.write(desk.change(matter, ("closed", {"stage": "closed", "at": AT})))
        return matter.number

    here = {made(0, 1): 120_000_000, made(1_000, 3, closed=True): 120_001_000}
    made(0, 5), made(0, 5, closed=True), made(1_001, 1), made(-1, 1, closed=True), made(0, 1, "station1")
    box = (120_000_000, 36_000_000, 120_001_000, 36_000_000)
    rows = desk.store.read.listed(points.around("station2", ("closed",), AT - 4 * DAY_MS, box, 9))
    assert {number: lon for number, lon, _ in rows} == here


def test_they_come_from_the_small_indexes(lite: Any) -> None:
    for statement, index in (
        (points.points(Shape(), 0, 0, 10), "INDEX matters_open"),
        (points.points_then(Shape(), AT, 10), "INDEX matters_by_closing"),
        (points.standing((), 0), "COVERING INDEX matters_open"),
        (points.hourly((), 0, AT), "COVERING INDEX matters_by_opening"),
    ):
        sql, values = statement
        plan = lite.store.read.listed((f"EXPLAIN QUERY PLAN {sql}", values))
        assert any(index in row[3] for row in plan), (index, plan)


def test_what_units_lead_comes_by_due_time_from_small_indexes_too(lite: Any) -> None:
    for more in ({}, {"due_before": minute_of(AT)}, {"domains": ("hotline",)}):
        sql, values = composed(Shape(leads=("station1", "station2"), stages=("assigned",), **more))
        plan = [row[3] for row in lite.store.read.listed((f"EXPLAIN QUERY PLAN {sql}", values))]
        assert sum("COVERING INDEX matters_open" in step for step in plan) == 2, plan
        assert not any("matters_by_lead " in step or "SCAN m" in step for step in plan), plan
