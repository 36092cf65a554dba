"""Time series of places: where a unit was when. Not the record: it is kept beside it, coarse after a while, then gone.

A file of its own (SQLite, `series.db`), or a table of its own (PostgreSQL); either way the newest seconds may be lost
with the power, and nothing on the ledger waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import apsw

from anlan.store.database import Connection, Database, Readers
from anlan.store.sqlite import Sqlite

Position = tuple[str, int, int, int]
"""A key, UTC milliseconds, millionths of a degree (longitude, latitude; WGS-84)."""
COARSE_MS, COARSE_E6 = 300_000, 5_000
"""What is old is kept once in five minutes, to the nearest 0.005 degrees (half a kilometre)."""
TABLE = (
    "CREATE TABLE IF NOT EXISTS positions (key TEXT NOT NULL, at BIGINT NOT NULL, lon_e6 BIGINT NOT NULL,"
    " lat_e6 BIGINT NOT NULL, coarse BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (key, at))"
)
ADD = "INSERT INTO positions (key, at, lon_e6, lat_e6) VALUES (?, ?, ?, ?) ON CONFLICT (key, at) DO NOTHING"
THIN = (
    "DELETE FROM positions WHERE at < ? AND coarse = 0 AND EXISTS (SELECT 1 FROM positions p"
    f" WHERE p.key = positions.key AND p.at < positions.at AND p.at / {COARSE_MS} = positions.at / {COARSE_MS})"
)
COARSEN = (
    f"UPDATE positions SET lon_e6 = (lon_e6 / {COARSE_E6}) * {COARSE_E6},"
    f" lat_e6 = (lat_e6 / {COARSE_E6}) * {COARSE_E6}, coarse = 1 WHERE at < ? AND coarse = 0"
)
NEWEST = (
    "SELECT p.key, p.at, p.lon_e6, p.lat_e6 FROM positions p JOIN (SELECT key, max(at) AS at FROM positions"
    " WHERE at > ? GROUP BY key) n ON n.key = p.key AND n.at = p.at"
)


class SeriesFile(Sqlite, frozen=True):
    """The series in a file of its own."""

    def migrate(self, connection: Connection) -> int:
        """Make the table when there is none."""
        cast("apsw.Connection", connection).pragma("synchronous", 1)
        connection.execute(TABLE)
        return 1

    def keeper(self, connection: Connection) -> None:
        """The log is folded back by SQLite itself."""
        cast("apsw.Connection", connection).pragma("wal_autocheckpoint", 1000)


def series_at(home: Path, url: str = "") -> Database:
    """Where an installation keeps its series."""
    if not url:
        return SeriesFile(home / "series.db")
    from anlan.store.series_table import SeriesTable  # noqa: PLC0415 - its library is only waited for where it is used

    return SeriesTable(url)


class Series:
    """Positions by key and time. One thread writes at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer: Connection | None = None
        self._readers = Readers(database)

    def add(self, positions: Iterable[Position]) -> None:
        """Keep these; one that is there already stays as it is."""
        with self._database.errors():
            connection = self._open()
            with connection:
                connection.executemany(ADD, list(positions))

    def newest(self, after: int = 0) -> list[Position]:
        """The newest position of each key that has one after a time."""
        self._open()
        return [tuple(row) for row in self._readers.connection().execute(NEWEST, (after,)).fetchall()]

    def track(self, key: str, begins: int, ends: int) -> list[Position]:
        """Where a key was, in order."""
        self._open()
        sql = "SELECT key, at, lon_e6, lat_e6 FROM positions WHERE key = ? AND at >= ? AND at < ? ORDER BY at"
        return [tuple(row) for row in self._readers.connection().execute(sql, (key, begins, ends)).fetchall()]

    def forget(self, coarse_before: int, gone_before: int) -> None:
        """Make coarse what is older than one time, and delete what is older than the other."""
        with self._database.errors():
            connection = self._open()
            with connection:
                connection.execute("DELETE FROM positions WHERE at < ?", (gone_before,))
                connection.execute(THIN, (coarse_before,))
                connection.execute(COARSEN, (coarse_before,))

    def close(self) -> None:
        """Let go of the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> Connection:
        if self._writer is None:
            self._writer = self._database.connect()
            self._database.migrate(self._writer)
            self._database.keeper(self._writer)
        return self._writer
