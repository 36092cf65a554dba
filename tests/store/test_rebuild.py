"""State is what the facts add up to: compared byte for byte, and made anew."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.store.rebuild import compare, rebuild

DAY_MS = 86_400_000
AT = 1_790_000_000_000


def lived(desk: Any) -> list[int]:
    """Matters of two ledgers and three days in several stages; closed on disk."""
    found = []
    for i in range(12):
        matter = desk.opened(
            ledger="370202" if i % 3 else "370203", at=AT - (i % 3) * DAY_MS, channel="sms" if i % 2 else "web"
        )
        if i % 2:
            matter = desk.write(desk.change(matter, ("accepted", {"stage": "acting"}), at=AT + DAY_MS)).matters[0]
        if i % 4 == 1:
            called = {"receipt": matter.number, "callback": "pending", "attempts": 1, "outcome": "unreachable"}
            matter = desk.write(desk.change(matter, ("called_back", called), ("progressed", {}))).matters[0]
        found.append(matter.number)
    commit = desk.change(desk.store.read.matter(found[0]))
    commit.changes, commit.readings = [], [(found[0], "370203", ("read", {"purpose": "handle"}))]
    desk.write(commit)
    desk.store.close()
    return found


def tampered(desk: Any, statement: str) -> list[int]:
    connection = desk.store.database.connect()
    connection.execute(statement)
    connection.close()
    different: list[int] = compare(desk.store.database, desk.flows).different
    return different


def dump(desk: Any) -> list[Any]:
    connection = desk.store.database.connect(read_only=True)
    rows = connection.execute("SELECT * FROM matters ORDER BY number").fetchall()
    for table in ("rollups", "counted"):
        rows += connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
    return rows


def test_what_stands_is_what_the_facts_add_up_to(desk: Any) -> None:
    matters = lived(desk)
    rebuilt = compare(desk.store.database, desk.flows)
    assert (rebuilt.matters, rebuilt.different) == (len(matters), [])
    assert rebuilt.facts > 3 * len(matters)


@pytest.mark.parametrize(
    "change",
    [
        "stage = 'closed'",
        "due = due + 1",
        "state = (SELECT o.state FROM matters o WHERE o.number != matters.number LIMIT 1)",
        "lead = 'x'",
    ],
)
def test_a_tampered_row_is_named(desk: Any, change: str) -> None:
    number = lived(desk)[2]
    assert tampered(desk, f"UPDATE matters SET {change} WHERE number = {number}") == [number]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rollups SET n = n + 1 WHERE measure = 'received' AND slice = 1",
        "DELETE FROM rollups WHERE measure = 'accepted'",
        "INSERT INTO rollups VALUES ('closed', 1, 1, 1)",
        "INSERT INTO counted VALUES ('received', 1, 1, 1, 1)",
        "INSERT INTO matters SELECT 7, version, domain, flow, stage, kind, lead, officer, ledger, category, channel,"
        " opened_at, due, lon_e6, lat_e6, closed_at, parent, state FROM matters LIMIT 1",
    ],
)
def test_tampered_sums_and_rows_too_many_are_found(desk: Any, statement: str) -> None:
    lived(desk)
    assert tampered(desk, statement) == [0]


def test_a_deleted_row_is_named(desk: Any) -> None:
    number = lived(desk)[3]
    assert tampered(desk, f"DELETE FROM matters WHERE number = {number}") == [number, 0]


def test_rebuilding_restores_every_byte(desk: Any) -> None:
    numbers = lived(desk)
    before = dump(desk)
    tampered(desk, f"DELETE FROM matters WHERE number = {numbers[0]}")
    tampered(desk, "UPDATE matters SET stage = 'closed', state = zeroblob(3)")
    tampered(desk, "UPDATE rollups SET n = 77")
    assert dump(desk) != before
    rebuilt = rebuild(desk.store.database, desk.flows)
    assert rebuilt.matters == len(numbers)
    assert dump(desk) == before
    assert compare(desk.store.database, desk.flows).different == []


def test_back_dated_intakes_are_counted_on_their_day(desk: Any) -> None:
    desk.opened(at=AT - 400 * DAY_MS)
    days = {day for (day,) in desk.store.readers.connection().execute("SELECT DISTINCT day FROM rollups")}
    assert days == {(AT - 400 * DAY_MS + 8 * 3_600_000) // DAY_MS}
