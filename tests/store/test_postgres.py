"""What only PostgreSQL has: several processes that write one record, and a schema and a language of its own."""

from __future__ import annotations

import gc
import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from anlan.loop.errors import Broken, Conflict, Refused
from anlan.store.commit import Commit, Done
from anlan.store.postgres import Postgres
from anlan.store.postgres_sql import translated
from anlan.store.rebuild import compare
from anlan.store.sqlite import MEMORY, Sqlite
from anlan.store.store import Place, Store
from anlan.store.verify import verify


@pytest.fixture
def desks(postgres_url: str, tmp_path: Path, new_desk: Callable[..., Any]) -> Iterator[tuple[Any, Any]]:
    """Two processes' stores over one database, as far as a database can tell."""
    one, other = new_desk(tmp_path / "home", postgres_url), new_desk(tmp_path / "home", postgres_url)
    yield one, other
    one.store.close()
    other.store.close()


def test_two_writers_share_every_ledger(desks: tuple[Any, Any]) -> None:
    def create(desk: Any, name: str) -> None:
        for at in range(60):
            ledger = ("370202", "370203", "370211")[at % 3]
            desk.write(desk.create(ledger=ledger, outside_id=f"{name}{at}", lead=f"station{at % 4}"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(create, desks, ("a", "b")))
    one, other = desks
    numbers = [row[0] for row in one.store.readers.connection().execute("SELECT number FROM matters ORDER BY number")]
    assert [number % 1_000_000 for number in numbers] == [*range(1, 41)] * 3
    facts = one.store.outbox.after(0)
    assert sorted((e.ledger, e.seq) for e in facts) == sorted(
        (key, seq) for key, size in one.store.read.ledgers().items() for seq in range(size)
    )
    assert verify(one.store.database, one.store.public_key).faults == []
    assert compare(other.store.database, other.flows).different == []


def test_positions_are_committed_in_their_order(desks: tuple[Any, Any]) -> None:
    """A reader that goes on from the last position it saw misses nothing, whoever commits when."""
    seen: list[int] = []
    done = False

    def create(desk: Any) -> None:
        for _ in range(60):
            desk.write(desk.create(outside_id=desk.store.vault.new_id("x", 1)))

    def follow() -> None:
        nonlocal done
        while True:
            last = done
            found = desks[0].store.outbox.after(seen[-1] if seen else 0)
            seen.extend(entry.pos for entry in found)
            if last and not found:
                return

    with ThreadPoolExecutor(3) as pool:
        writing = [pool.submit(create, desk) for desk in desks]
        reading = pool.submit(follow)
        for one in writing:
            one.result()
        done = True
        reading.result()
    assert seen == [entry.pos for entry in desks[0].store.outbox.after(0)]


def test_what_one_has_changed_the_other_sees_as_a_conflict(desks: tuple[Any, Any]) -> None:
    one, other = desks
    matter = one.opened()
    other.write(other.change(matter, ("noted", {"note": "t"})))
    with pytest.raises(Conflict):
        one.write(one.change(matter, ("noted", {"note": "t"})))


def test_a_key_works_once_for_both(desks: tuple[Any, Any], answer: Callable[[Done], bytes]) -> None:
    def keyed(desk: Any) -> Commit:
        commit: Commit = desk.create(outside_id="same")
        commit.request, commit.answer = (b"key", b"body"), answer
        return commit

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda desk: desk.write(keyed(desk)), desks))
    assert done[0].answer == done[1].answer
    assert sorted(d.replayed for d in done) == [False, True]
    assert desks[0].size()[1] == 1


def test_of_two_who_checked_the_same_one_is_refused(desks: tuple[Any, Any]) -> None:
    free = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM models WHERE name = ?)"
    taken = "INSERT INTO models VALUES (?, ?, ?, ?)"

    def take(desk: Any) -> bool:
        rows = [(taken, ("m", b"", "", 1))]
        try:
            desk.write(Commit(1, "system", 2026, rows=rows, checks=[(free, ("m",), Refused("matter.unknown"))]))
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, desks)) == [False, True]


def test_a_connection_lost_between_two_commits_is_opened_again(desks: tuple[Any, Any]) -> None:
    one, other = desks
    one.opened(outside_id="before")
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid() AND query LIKE ?"
    other.store.writer.connection.execute(kill, ("%",)).fetchall()
    one.opened(outside_id="after")
    assert one.size()[1] == 2


def test_a_connection_is_closed_with_whoever_held_it_in_a_cycle_too(postgres_url: str) -> None:
    """A warning of the driver, "deleted while still open", is an error here."""
    database = Postgres(postgres_url)
    raw: Any = database.opened()
    gc.collect()  # older than its holder: the collector comes to it first
    with patch.object(Postgres, "opened", return_value=raw):
        held: Any = database.connect()
    held.itself, raw.holder = held, held
    del raw, held
    gc.collect()


def test_a_connection_that_cannot_be_prepared_is_closed(postgres_url: str) -> None:
    with pytest.raises(psycopg.Error), patch.object(Postgres, "schema", 'no"such'):
        Postgres(postgres_url).opened()
    gc.collect()


def shape_of(connection: Any, columns: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(columns):
        found.setdefault(table, []).append(column)
    return found


def test_both_databases_have_the_same_tables_and_columns(postgres_url: str) -> None:
    database, sqlite = Postgres(postgres_url), Sqlite(MEMORY / "shape.db")
    database.migrate(database.connect())
    plain = sqlite.connect()
    sqlite.migrate(plain)
    ours = shape_of(
        plain,
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        " AND m.name NOT LIKE 'search%' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid",
    )
    theirs = shape_of(
        database.connect(),
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name NOT IN ('search', 'postgres_version') ORDER BY table_name, ordinal_position",
    )
    assert ours == theirs
    plain.close()


def test_statements_are_translated() -> None:
    assert translated("SELECT a FROM b WHERE c = '?' AND d = ? AND e = ?") == (
        "SELECT a FROM b WHERE c = '?' AND d = $1 AND e = $2"
    )
    assert translated("UPDATE a SET b = ?2 WHERE c = ?1") == "UPDATE a SET b = $2 WHERE c = $1"
    assert translated("FROM matters m INDEXED BY matters_open WHERE TRUE") == "FROM matters m WHERE TRUE"
    assert re.search(r"json_in\(body, 'data\.account'\) =", translated("CAST(body AS TEXT) ->> '$.data.account' = ?"))


def test_keys_in_the_same_database_are_committed_with_what_they_open(
    postgres_url: str, tmp_path: Path, new_desk: Callable[..., Any]
) -> None:
    desk = new_desk(tmp_path / "home", postgres_url)
    matter = desk.opened()
    kept = desk.counted("SELECT count(*) FROM keys")
    with pytest.raises(Broken):
        desk.write(desk.change(matter, ("exploded", {}), keys=[("k", b"wrapped")]))
    assert desk.counted("SELECT count(*) FROM keys") == kept, "a transaction that is undone leaves no key"
    desk.store.close()


def test_keys_in_a_database_of_their_own_are_there_before_what_they_open(
    postgres: Any, postgres_url: str, tmp_path: Path
) -> None:
    place = Place(tmp_path / "home", url=postgres_url, keys_url=postgres.schema(f"k{uuid.uuid4().hex[:12]}"))
    store = Store(place)
    commit = Commit(at=1, actor="system", year=2026, keys=[("k", b"wrapped")], destroys=[])
    store.writer.submit(commit)
    there = place.keys.connect(read_only=True)
    assert there.execute("SELECT id FROM keys").fetchall() == [("k",)]
    store.writer.submit(Commit(at=1, actor="system", year=2026, destroys=["k"]))
    assert there.execute("SELECT id FROM keys").fetchall() == []
    there.close()
    store.close()
