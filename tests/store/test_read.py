"""Lists: keyset pages visit every row once, in order, whatever the shape; compared with brute force."""

from __future__ import annotations

import random
from typing import Any

import pytest

from anlan.loop.errors import Refused
from anlan.loop.matter import Matter
from anlan.store.apply import DUE_UNKNOWN
from anlan.store.read import Row, Shape

DAY_MS, AT = 86_400_000, 1_790_000_000_000
LEADS = tuple(f"station{i:02d}" for i in range(15))
STAGES = ("assigned", "acting", "verifying")
COUNT = 240


@pytest.fixture
def filled(desk: Any) -> Any:
    """Matters of 15 units in three stages over few days, so that many share a due time; some held."""
    rng = random.Random(11)
    commits = [
        desk.create(
            lead=rng.choice(LEADS),
            at=AT - rng.randrange(4) * DAY_MS,
            ledger=rng.choice(("370202", "370203")),
            category=rng.choice(("traffic.noise", "traffic.jam", "municipal.light")),
            channel=rng.choice(("web", "sms")),
        )
        for _ in range(COUNT)
    ]
    opened = [done.matters[0] for done in desk.store.writer.submit_many(commits)]
    further = []
    for matter in opened:
        stage = rng.choice(STAGES)
        held = {key: {"unit": "work_days", "starts": 1, "since": 1, "left": 5, "due": None} for key in matter.clocks}
        data = {"stage": stage, **({"clocks": held} if rng.random() < 0.1 else {})}
        further.append(desk.change(matter, ("progressed", data)))
    desk.matters = [done.matters[0] for done in desk.store.writer.submit_many(further)]
    return desk


def paged(desk: Any, shape: Shape, limit: int) -> list[Row]:
    """All pages after one another."""
    rows: list[Row] = []
    fields = {name: getattr(shape, name) for name in shape.__struct_fields__}
    after = None
    while page := desk.store.read.rows(Shape(**{**fields, "limit": limit, "after": after})):
        assert len(page) <= limit
        rows += page
        last = page[-1]
        after = (DUE_UNKNOWN if last.due is None else last.due, last.matter.number)
    return rows


def due_of(matter: Matter) -> int:
    waiting = {"assigned": "accept", "acting": "act", "verifying": "verify"}[matter.stage]
    due = matter.due_minute(waiting)
    return DUE_UNKNOWN if due is None else due


def expected(desk: Any, shape: Shape) -> list[int]:
    wanted = [
        m
        for m in desk.matters
        if (not shape.leads or m.lead in shape.leads)
        and (not shape.stages or m.stage in shape.stages)
        and (not shape.ledgers or m.ledger in shape.ledgers)
        and (not shape.channel or m.channel == shape.channel)
        and m.category.startswith(shape.category)
        and m.opened_at >= shape.opened_from
        and (not shape.due_before or due_of(m) < shape.due_before)
    ]
    by_due = shape.order == "due"
    wanted.sort(key=lambda m: (due_of(m), m.number) if by_due else (-m.number,))
    return [m.number for m in wanted]


@pytest.mark.parametrize("order", ["due", "newest"])
@pytest.mark.parametrize(
    "shape",
    [
        {"leads": LEADS[:1], "stages": STAGES[:1]},
        {"leads": LEADS, "stages": STAGES},
        {"leads": LEADS, "stages": STAGES, "channel": "web", "category": "traffic"},
        {"leads": LEADS[3:6]},
        {"stages": STAGES[1:]},
        {"ledgers": ("370203",), "opened_from": AT - 2 * DAY_MS},
        {"leads": LEADS, "stages": STAGES, "due_before": 29_836_000},
        {},
    ],
)
def test_pages_visit_every_row_once_in_order(filled: Any, shape: dict[str, Any], order: str) -> None:
    asked = Shape(**shape, order=order)
    numbers = expected(filled, asked)
    assert numbers, "the shape finds something"
    for limit in (1, 7, 200) if len(numbers) < 50 else (7, 200):
        assert [row.matter.number for row in paged(filled, asked, limit)] == numbers


def test_more_units_and_stages_than_a_union_can_hold_still_list(filled: Any) -> None:
    many = (*LEADS, *(f"other{i}" for i in range(300)))
    asked = Shape(leads=many, stages=STAGES)
    assert [row.matter.number for row in paged(filled, asked, 50)] == expected(filled, asked)


def test_a_row_tells_title_and_due_or_that_it_is_unknown(filled: Any) -> None:
    rows = paged(filled, Shape(), 200)
    assert {row.title for row in rows} == {"路灯不亮"}
    held = [row for row in rows if row.due is None]
    assert held
    assert rows[-len(held) :] == held, "what is held comes last"


def test_counts_stop_where_they_were_told_to(filled: Any) -> None:
    read = filled.store.read
    assert read.count(Shape()) == COUNT
    assert read.count(Shape(), at_most=10) == 10
    assert read.count(Shape(leads=LEADS[:1])) == len(expected(filled, Shape(leads=LEADS[:1])))


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_over_the_limit_is_refused(desk: Any, limit: int) -> None:
    with pytest.raises(Refused, match=r"page\.too_large"):
        desk.store.read.rows(Shape(limit=limit))


def test_one_matter_its_facts_titles_and_receipts(desk: Any) -> None:
    matter = desk.opened(outside_id="a1", channel="sms")
    read = desk.store.read
    assert read.matter(matter.number) == matter
    assert [fact.kind for fact in read.facts(matter.number)] == ["received", "classified", "assigned"]
    assert read.titles([matter.number, 5]) == {matter.number: "路灯不亮"}
    assert read.known("sms", ["a1", "a2"]) == {"a1"}
    assert (read.known("web", ["a1"]), read.receipt(5)) == (set(), None)
    assert read.of_party(matter.parties[0].party) == [matter.number]
    with pytest.raises(Refused, match=r"matter\.unknown"):
        read.matter(5)


def test_sums_are_grouped_and_filtered(filled: Any) -> None:
    rows = filled.store.read.sums(["received"], "channel", 0, 99_999, {"ledger": "370202"})
    brute = {c: sum(m.channel == c and m.ledger == "370202" for m in filled.matters) for c in ("web", "sms")}
    assert {channel: n for channel, _, n in rows} == brute
