"""Open parts of assisting units: written with the matter, in the unit's list until reported, compared and rebuilt."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest

from anlan.loop.matter import Matter
from anlan.store.apply import DUE_UNKNOWN
from anlan.store.read import Shape
from anlan.store.rebuild import compare, rebuild

CLOSED = {"stage": "closed"}


def helped(desk: Any, lead: str, unit: str, **said: Any) -> Matter:
    """A matter of `lead`, of which `unit` has been asked to do a part."""
    found: Matter = desk.write(desk.change(desk.opened(lead=lead, **said), ("assist_asked", {"unit": unit}))).matters[0]
    return found


def numbers(desk: Any, **shape: Any) -> list[int]:
    rows = desk.store.read.rows(Shape(**shape))
    assert desk.store.read.count(Shape(**shape)) == len(rows)
    return sorted(row.matter.number for row in rows)


def test_a_part_is_listed_until_it_is_reported(desk: Any) -> None:
    matter = helped(desk, "station1", "station2")
    own = desk.opened(lead="station2").number
    assert numbers(desk, assisting="station2") == [matter.number]
    assert numbers(desk, leads=("station2",), assisting="station2", led_too=True) == [matter.number, own]
    narrow = {"stages": ("assigned",), "order": "new"}
    assert numbers(desk, leads=("station2",), assisting="station2", led_too=True, **narrow) == [matter.number, own]
    assert numbers(desk, assisting="station2", leads=("station1",)) == [matter.number]
    assert numbers(desk, assisting="station2", leads=("station3",)) == []
    matter = desk.write(desk.change(matter, ("assist_accepted", {"unit": "station2"}))).matters[0]
    assert numbers(desk, assisting="station2") == [matter.number]
    desk.write(desk.change(matter, ("assist_reported", {"unit": "station2"})))
    assert numbers(desk, assisting="station2") == []
    assert numbers(desk, leads=("station2",), assisting="station2", led_too=True) == [own]


def test_what_a_unit_leads_and_owes_a_part_of_is_listed_once(desk: Any) -> None:
    matter = helped(desk, "station1", "station2")
    matter = desk.write(desk.change(matter, ("forwarded", {"lead": "station2", "stage": "assigned"}))).matters[0]
    assert numbers(desk, leads=("station2",), assisting="station2", led_too=True) == [matter.number]
    assert numbers(desk, assisting="station2") == [matter.number]


def test_a_closed_or_merged_matter_leaves_the_queue_and_a_reopened_one_returns(desk: Any) -> None:
    one, two = helped(desk, "station1", "station2"), helped(desk, "station1", "station2")
    closed = desk.write(desk.change(one, ("closed", CLOSED))).matters[0]
    desk.write(desk.change(two, ("merged", {"into": one.number, **CLOSED})))
    assert numbers(desk, assisting="station2") == []
    desk.write(desk.change(closed, ("reopened", {"stage": "assigned"})))
    assert numbers(desk, assisting="station2") == [one.number]


def test_words_are_sought_among_parts_too(desk: Any) -> None:
    matter = helped(desk, "station1", "station2", title="炸街扰民", text="炸街扰民")
    helped(desk, "station1", "station2", title="路灯不亮", text="路灯不亮")
    assert numbers(desk, leads=("station2",), assisting="station2", led_too=True, terms=("炸街",)) == [matter.number]


def test_pages_of_both_kinds_visit_every_row_once(desk: Any) -> None:
    for n in range(9):
        helped(desk, "station1" if n % 2 else "station2", "station2" if n % 2 else "station3")
    seen: list[int] = []
    after = None
    while rows := desk.store.read.rows(
        Shape(leads=("station2",), assisting="station2", led_too=True, limit=2, after=after)
    ):
        seen += [row.matter.number for row in rows]
        after = (DUE_UNKNOWN if rows[-1].due is None else rows[-1].due, rows[-1].matter.number)
    assert len(seen) == len(set(seen)) == 9


@pytest.mark.parametrize("statement", ["DELETE FROM assists", "INSERT INTO assists VALUES ('station9', 5)"])
def test_tampered_parts_are_found_and_rebuilt(desk: Any, statement: str) -> None:
    matter = helped(desk, "station1", "station2")
    desk.store.close()
    connection = desk.store.database.connect()
    connection.execute(statement)
    assert compare(desk.store.database, desk.flows).different == [0]
    rebuild(desk.store.database, desk.flows)
    assert compare(desk.store.database, desk.flows).different == []
    assert connection.execute("SELECT * FROM assists").fetchall() == [("station2", matter.number)]
    connection.close()


def test_parts_of_before_are_found_by_the_migration(lite: Any) -> None:
    matter, done = helped(lite, "station1", "station2"), helped(lite, "station1", "station2")
    lite.write(lite.change(done, ("assist_reported", {"unit": "station2"})))
    lite.store.close()
    connection = lite.store.database.connect()
    connection.execute("DROP TABLE assists")
    connection.execute(resources.files("anlan.store.schema").joinpath("sqlite/0003_assists.sql").read_text("utf-8"))
    connection.close()
    lite.reopen()
    assert numbers(lite, assisting="station2") == [matter.number]
