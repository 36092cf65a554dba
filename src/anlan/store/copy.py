"""`anlan copy`: a whole record from one database into an empty one, whichever they are, and both ends compared.

Rows go as they are, in the order of their keys, in one transaction of the target; wrapped keys go first, as in a
commit. Search terms are not copied: a contentless index gives them to nobody, so `rebuild --search` makes them anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

import msgspec

from anlan.loop.errors import Refused
from anlan.store.database import Connection, Database

TABLES = {
    "ledgers": "no",
    "facts": "pos",
    "tiles": "ledger, level, idx",
    "checkpoints": "ledger, size",
    "tails": "ledger",
    "cosignatures": "ledger, size, witness",
    "counters": "name",
    "matters": "number",
    "receipts": "number",
    "requests": "key",
    "parties": "id",
    "sealed": "id",
    "titles": "matter",
    "features": "matter",
    "slices": "no",
    "rollups": "measure, day, slice",
    "counted": "measure, slice, day, matter, version",
    "assists": "unit, matter",
    "accounts": "id",
    "tokens": "hash",
    "models": "name",
    "files": "id",
    "messages": "id",
    "opt_outs": "party",
    "cursors": "name",
    "extensions": "extension",
    "calls": "id",
    "reports": "id",
    "report_files": "no",
    "duties": "unit, day, shift, place",
    "duty_weeks": "unit, monday",
    "views": "id",
    "seen": "account, matter",
    "guesses": "kind, key",
    "webhooks": "id",
    "webhook_letters": "id",
    "registers": "register, key",
}
"""Every table and what orders its rows; a test compares this with the migrations."""
KEY_TABLES = {"keys": "id"}
Progress = Callable[[int, int], None]


class Copied(msgspec.Struct, frozen=True):
    """How many rows of each table went, and the tables whose two ends differ."""

    rows: dict[str, int]
    different: list[str]


def copy(source: Database, target: Database, tables: dict[str, str], on_progress: Progress | None = None) -> Copied:
    """Copy these tables into a database that has nothing in them. Nobody may be writing at either end.

    Raises Refused("copy.not_empty") with nothing written.
    """
    here, there = source.connect(), target.connect()
    try:
        source.migrate(here)
        target.migrate(there)
        if any(there.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in tables):
            raise Refused("copy.not_empty")
        names = {table: sorted(source.columns(here, table)) for table in tables}
        with here:  # holds SQLite's writers off
            rows = _filled(here, target, there, tables, names, on_progress)
        different = [t for t, by in tables.items() if mark(here, t, by, names[t]) != mark(there, t, by, names[t])]
    finally:
        here.close()
        there.close()
    return Copied(rows, different)


def mark(connection: Connection, table: str, by: str, columns: list[str]) -> str:
    """A hash over all of a table's rows in their order."""
    found = sha256()
    for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {by}"):
        found.update(msgspec.msgpack.encode(row))
    return found.hexdigest()


def _filled(
    here: Connection,
    target: Database,
    there: Connection,
    tables: dict[str, str],
    names: dict[str, list[str]],
    on_progress: Progress | None,
) -> dict[str, int]:
    counts = {table: int(here.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables}
    total, done = sum(counts.values()), 0

    def told(table: str, names: list[str], by: str) -> Iterator[tuple[object, ...]]:
        nonlocal done
        for row in here.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY {by}"):
            yield tuple(row)
            done += 1
            if on_progress and not done % 1000:
                on_progress(done, total)

    with there:
        for table, by in tables.items():
            target.fill(there, table, names[table], told(table, names[table], by))
        target.filled(there)
    if on_progress:
        on_progress(total, total)
    return counts
