"""A record copied from one database into another, and what it is compared by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anlan.loop.errors import Refused
from anlan.store.copy import KEY_TABLES, TABLES, copy
from anlan.store.rebuild import compare
from anlan.store.sqlite import MEMORY, Sqlite
from anlan.store.verify import verify


def test_every_table_is_copied() -> None:
    sqlite = Sqlite(MEMORY / "tables.db")
    connection = sqlite.connect()
    sqlite.migrate(connection)
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite%'"
    assert {name for (name,) in connection.execute(sql)} == set(TABLES)
    connection.close()


@pytest.mark.parametrize("way", ["there", "back"])
def test_both_ends_are_the_same(way: str, tmp_path: Path, postgres_url: str, new_desk: Callable[..., Any]) -> None:
    desks = new_desk(tmp_path / "one"), new_desk(tmp_path / "two", postgres_url)
    here, there = desks if way == "there" else desks[::-1]
    matters = [here.opened(phone="13800000000", ledger=ledger) for ledger in ("370202", "370203")]
    here.noted(3, matters[0])
    here.store.close()
    there.store.close()
    assert copy(here.store.place.keys, there.store.place.keys, KEY_TABLES).different == []
    done = copy(here.store.database, there.store.database, TABLES)
    assert done.different == []
    assert (done.rows["matters"], done.rows["parties"]) == (2, 2)
    assert verify(there.store.database, here.store.public_key).faults == []
    assert compare(there.store.database, there.flows).different == []
    with pytest.raises(Refused, match=r"copy\.not_empty"):
        copy(here.store.database, there.store.database, TABLES)


def test_numbers_go_on_after_a_copy(tmp_path: Path, postgres_url: str, new_desk: Callable[..., Any]) -> None:
    here, there = new_desk(tmp_path / "home"), new_desk(tmp_path / "home", postgres_url)
    here.opened(outside_id="a")
    here.store.close()
    copy(here.store.database, there.store.database, TABLES)
    assert there.opened(outside_id="b").number == 370202260000002
    assert verify(there.store.database, there.store.public_key).faults == []
    there.store.close()
