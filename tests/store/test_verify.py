"""`verify` says yes to what was written and no, with a place, to whatever was done to it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw
import pytest

from anlan.loop.ledger import Frontier, leaf_hash
from anlan.store import verify as verify_module
from anlan.store.verify import Verdict, verify

Tamper = Callable[[apsw.Connection], None]


def filled(desk: Any, facts: int) -> None:
    """A ledger of exactly so many facts, in several commits, closed and signed."""
    if facts:
        opened = min(facts, 3)
        commit = desk.create()
        commit.changes[0].drafts = commit.changes[0].drafts[:opened]
        matter = desk.write(commit).matters[0]
        matter = desk.noted((facts - opened) // 2, matter)
        desk.noted(facts - matter.version, matter)
    desk.store.close()


def judged(desk: Any, tamper: Tamper | None = None) -> Verdict:
    if tamper:
        connection = desk.store.database.connect()
        with connection:
            tamper(connection)
        connection.close()
    return verify(desk.store.database, desk.store.public_key)


def found(desk: Any, tamper: Tamper) -> tuple[int, str]:
    verdict = judged(desk, tamper)
    assert len(verdict.faults) == 1
    assert verdict.faults[0].ledger == "370202"
    return verdict.faults[0].seq, verdict.faults[0].what


def rewritten(connection: apsw.Connection, size: int) -> None:
    """Make the ledger's own row say what its first `size` facts add up to, as a careful forger would."""
    frontier = Frontier()
    for (body,) in connection.execute("SELECT body FROM facts WHERE seq < ? ORDER BY seq", (size,)):
        frontier.append(leaf_hash(body))
    connection.execute("UPDATE ledgers SET size = ?, frontier = ?", (size, frontier.to_bytes()))


def shifted(connection: apsw.Connection, first: int, by: int) -> None:
    connection.execute("UPDATE facts SET seq = -1 - seq WHERE seq >= ?", (first,))
    connection.execute("UPDATE facts SET seq = -1 - seq + ? WHERE seq < 0", (by,))


@pytest.mark.parametrize("facts", [0, 1, 2, 255, 256, 257, 511, 512, 1000, 1300])
def test_what_was_written_verifies(desk: Any, facts: int) -> None:
    filled(desk, facts)
    verdict = judged(desk)
    assert verdict.faults == []
    assert (verdict.facts, verdict.ledgers) == (facts, int(facts > 0))
    assert (verdict.checkpoints > 0) == (facts > 0)


def test_several_ledgers_verify_and_only_the_tampered_one_is_named(desk: Any) -> None:
    for ledger in ("370202", "370203", "370211"):
        desk.opened(ledger=ledger)
    desk.store.close()
    flip = (
        "UPDATE facts SET body = (SELECT o.body FROM facts o WHERE o.ledger = 1 AND o.seq = facts.seq) WHERE ledger = 2"
    )
    verdict = judged(desk, lambda c: c.execute(flip))
    assert [fault.ledger for fault in verdict.faults] == ["370203"]


@pytest.mark.parametrize("seq", [0, 1, 254, 255, 256, 511])
def test_a_flipped_byte_is_named(desk: Any, seq: int) -> None:
    filled(desk, 600)

    def flip(connection: apsw.Connection) -> None:
        body = bytearray(connection.execute("SELECT body FROM facts WHERE seq = ?", (seq,)).fetchone()[0])
        body[len(body) // 2] ^= 1
        connection.execute("UPDATE facts SET body = ? WHERE seq = ?", (bytes(body), seq))

    assert found(desk, flip) == (seq, "changed")


def test_a_flipped_byte_beyond_the_last_full_tile_is_named(desk: Any) -> None:
    filled(desk, 600)
    change = "UPDATE facts SET body = CAST('{}' AS BLOB) WHERE seq = 555"
    assert found(desk, lambda c: c.execute(change)) == (555, "changed")


def test_a_flipped_byte_after_the_last_checkpoint_is_found_there(desk: Any) -> None:
    filled(desk, 600)
    change = "UPDATE facts SET body = CAST('{}' AS BLOB) WHERE seq = 599"
    sizes = [size for (size,) in desk.store.readers.connection().execute("SELECT size FROM checkpoints")]
    seq, what = found(desk, lambda c: (c.execute("DELETE FROM tails"), c.execute(change)))
    assert (seq, what) == (max(size for size in sizes if size < 600), "checkpoint")


@pytest.mark.parametrize("seq", [0, 100, 256, 599])
def test_a_deleted_fact_is_named(desk: Any, seq: int) -> None:
    filled(desk, 600)
    assert found(desk, lambda c: c.execute("DELETE FROM facts WHERE seq = ?", (seq,))) == (seq, "missing")


@pytest.mark.parametrize("seq", [0, 100, 511])
def test_a_deleted_fact_whose_gap_was_closed_is_named(desk: Any, seq: int) -> None:
    filled(desk, 600)

    def delete(connection: apsw.Connection) -> None:
        connection.execute("DELETE FROM facts WHERE seq = ?", (seq,))
        shifted(connection, seq + 1, -1)
        rewritten(connection, 599)

    assert found(desk, delete) == (seq, "changed")


@pytest.mark.parametrize("rewrite", [False, True])
@pytest.mark.parametrize("seq", [5, 300])
def test_a_doubled_fact_is_named(desk: Any, seq: int, rewrite: bool) -> None:
    filled(desk, 600)

    def double(connection: apsw.Connection) -> None:
        shifted(connection, seq + 1, 1)
        columns = "ledger, seq + 1, matter, version, body"
        connection.execute(
            f"INSERT INTO facts (ledger, seq, matter, version, body) SELECT {columns} FROM facts WHERE seq = ?", (seq,)
        )
        if rewrite:
            rewritten(connection, 601)

    assert found(desk, double) == (seq + 1, "changed")


def test_a_fact_added_at_the_end_is_named(desk: Any) -> None:
    filled(desk, 10)
    columns = "ledger, 10, matter, 11, body"
    add = f"INSERT INTO facts (ledger, seq, matter, version, body) SELECT {columns} FROM facts WHERE seq = 9"
    assert found(desk, lambda c: c.execute(add)) == (10, "beyond the edge")


def test_swapped_facts_are_named(desk: Any) -> None:
    filled(desk, 600)

    def swap(connection: apsw.Connection) -> None:
        bodies = dict(connection.execute("SELECT seq, body FROM facts WHERE seq IN (40, 300)").fetchall())
        connection.execute("UPDATE facts SET body = ? WHERE seq = 40", (bodies[300],))
        connection.execute("UPDATE facts SET body = ? WHERE seq = 300", (bodies[40],))

    assert found(desk, swap) == (40, "changed")


@pytest.mark.parametrize("size", [1, 255, 256, 400, 599])
def test_a_truncated_ledger_that_agrees_with_itself_is_named(desk: Any, size: int) -> None:
    filled(desk, 600)

    def truncate(connection: apsw.Connection) -> None:
        connection.execute("DELETE FROM facts WHERE seq >= ?", (size,))
        connection.execute("DELETE FROM tiles WHERE (idx + 1) * 256 > ?", (size,))
        rewritten(connection, size)

    assert found(desk, truncate) == (size, "truncated")


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE tiles SET hashes = zeroblob(8192) WHERE idx = 1", (256, "changed")),
        ("UPDATE tiles SET hashes = zeroblob(7) WHERE idx = 1", (256, "tile")),
        ("DELETE FROM tiles WHERE idx = 0", (0, "tile")),
        ("INSERT INTO tiles VALUES (1, 0, 7, zeroblob(8192))", (600, "tile")),
        ("INSERT INTO tiles VALUES (1, 1, 0, zeroblob(8192))", (600, "tile")),
        ("UPDATE ledgers SET frontier = zeroblob(length(frontier))", (600, "edge")),
        ("UPDATE ledgers SET frontier = zeroblob(1)", (600, "edge")),
        ("UPDATE checkpoints SET signature = zeroblob(64) WHERE size = 600", (599, "signature")),
        ("UPDATE checkpoints SET root = zeroblob(32) WHERE size = 600", (599, "signature")),
        ("UPDATE checkpoints SET at = at + 1 WHERE size = 600", (599, "signature")),
        ("UPDATE checkpoints SET size = 599 WHERE size = 600", (598, "signature")),
    ],
)
def test_what_is_derived_is_checked_too(desk: Any, statement: str, fault: tuple[int, str]) -> None:
    filled(desk, 600)
    assert found(desk, lambda c: c.execute(statement)) == fault


def test_a_checkpoints_frontier_is_checked(desk: Any) -> None:
    filled(desk, 600)
    change = "UPDATE checkpoints SET frontier = zeroblob(length(frontier)) WHERE size = 600"
    seq, what = found(desk, lambda c: c.execute(change))
    assert (seq < 600, what) == (True, "checkpoint")


def test_another_key_is_not_ours(desk: Any) -> None:
    filled(desk, 10)
    verdict = verify(desk.store.database, bytes(32))
    assert [fault.what for fault in verdict.faults] == ["signature"]


def appended(desk: Any, facts: int) -> None:
    """Facts straight into the trees, without matters: for ledgers of many tiles."""
    trees, connection = desk.store.writer.trees, desk.store.writer.connection
    with connection:
        trees.begin()
        tree = trees.of("370202")
        rows = ((tree.no, tree.append(b"%d" % i), 1, i, b"%d" % i) for i in range(facts))
        connection.executemany("INSERT INTO facts (ledger, seq, matter, version, body) VALUES (?, ?, ?, ?, ?)", rows)
        trees.write(1, checkpoint=True)
    desk.store.close()


def test_a_gap_before_the_last_chunk_is_named(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_module, "CHUNK_TILES", 1)
    appended(desk, 800)
    assert judged(desk).faults == []
    assert found(desk, lambda c: c.execute("DELETE FROM facts WHERE seq = 300")) == (300, "missing")


def test_tiles_of_the_second_level_are_checked_in_several_processes(desk: Any) -> None:
    appended(desk, 65_536 + 300)
    assert judged(desk).faults == []
    assert desk.counted("SELECT count(*) FROM tiles WHERE level = 1") == 1
    assert found(desk, lambda c: c.execute("UPDATE tiles SET hashes = zeroblob(8192) WHERE level = 1")) == (0, "tile")
