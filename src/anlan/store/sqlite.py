"""SQLite: WAL, synchronous=FULL, one writing process. The library is the one pinned with apsw (Debian's 3.40 lacks FTS5
`contentless_delete`).

A path under MEMORY is a database in this process's memory, shared by its connections and gone with the last of them:
for tests and trials.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import cast

import apsw
import msgspec

from anlan.loop.errors import Broken, Refused
from anlan.store.database import EXIT_STORAGE, Connection, Database, Values
from anlan.store.wal import WalKeeper

BUSY_MS = 10_000
KEYS_WAL_PAGES = 500
TRUNCATE_BUSY_MS = 100
MEMORY = Path("/:memory:")
MEMORY_VFS = "memdb"
CACHE_KIB = 65_536
TERMS_BYTES = 16 << 20
"""Search terms kept in memory before they are written: with 16 MB instead of FTS5's own 1 MB in half the time."""
TERMS_BYTES_LIVE = 1 << 20
FORGET_TERMS = "INSERT INTO search (search) VALUES ('optimize')"
"""A deleted row of a contentless index is only marked; its terms leave the file when the index is written anew
(about 2 s for each million matters, so erasures are for quiet hours)."""
HASH_SIZE = "INSERT INTO search (search, rank) VALUES ('hashsize', {})"


class Sqlite(msgspec.Struct, frozen=True):
    """The database in one file."""

    path: Path

    @property
    def shared(self) -> bool:
        return False

    @property
    def elsewhere(self) -> bool:
        return not self.path.is_relative_to(MEMORY)

    def connect(self, *, read_only: bool = False) -> Connection:
        """A connection with the durability Anlan promises: WAL, and every commit on disk before it is answered."""
        connection: Connection = opened(self.path, read_only=read_only)
        return connection

    def holds(self, _other: Database) -> bool:
        """Each file is its own."""
        return False

    def columns(self, connection: Connection, table: str) -> list[str]:
        """A table's columns."""
        return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]

    def fill(self, connection: Connection, table: str, columns: Values, rows: Iterable[Values]) -> None:
        """Row by row in one statement."""
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def filled(self, _connection: Connection) -> None:
        """The next number is one more than the largest."""

    def migrate(self, connection: Connection) -> int:
        """Bring the database to this version's shape; answers the version it now has."""
        return migrate(cast("apsw.Connection", connection))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """A full disk is refused (507); a failed sync ends the process at once."""
        with named_errors():
            yield

    def take_turn(self, _connection: Connection, _ledgers: Iterable[str], *, alone: bool) -> None:
        """It is always this process's turn."""

    def take_order(self, _connection: Connection) -> None:
        """One writer's positions are in order."""

    def keeper(self, connection: Connection) -> WalKeeper | None:
        """Keeps the write-ahead log short."""
        return WalKeeper(cast("apsw.Connection", connection), lambda: opened(self.path), named_errors)

    def forget(self, connection: Connection) -> None:
        """The full-text index is written anew."""
        connection.execute(FORGET_TERMS)

    def emptied_log(self, connection: Connection) -> bool:
        """Empty the write-ahead log; False when a reader stands in the way."""
        sqlite = cast("apsw.Connection", connection)
        sqlite.set_busy_timeout(TRUNCATE_BUSY_MS)
        try:
            with named_errors():
                sqlite.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except Refused:
            return False
        finally:
            sqlite.set_busy_timeout(BUSY_MS)
        return True

    def clear(self, connection: Connection, *, found: bool) -> list[str]:
        """Indexes stay: rows come in the order of their numbers, so each index grows at a few places, while the other
        cores replay. Made at the end they took a fifth of the time, on one core."""
        sqlite = cast("apsw.Connection", connection)
        if found:
            sqlite.execute("DELETE FROM titles; INSERT INTO search (search) VALUES ('delete-all')")
            sqlite.execute(HASH_SIZE.format(TERMS_BYTES))
        sqlite.pragma("secure_delete", 0)  # state holds ids only, nothing that must be overwritten
        sqlite.execute("DELETE FROM matters; DELETE FROM assists; DELETE FROM rollups; DELETE FROM counted")
        sqlite.pragma("secure_delete", 1)
        return [HASH_SIZE.format(TERMS_BYTES_LIVE)] if found else []


class SqliteKeys(Sqlite, frozen=True):
    """The wrapped keys, in a file of their own."""

    def migrate(self, connection: Connection) -> int:
        """Make the table when there is none."""
        connection.execute(
            "CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID"
        )
        return 1

    def keeper(self, connection: Connection) -> None:
        """The log is folded back by SQLite itself."""
        cast("apsw.Connection", connection).pragma("wal_autocheckpoint", KEYS_WAL_PAGES)


def opened(path: Path, *, read_only: bool = False) -> apsw.Connection:
    """As `Sqlite.connect`, with all that apsw can do."""
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    vfs = MEMORY_VFS if path.is_relative_to(MEMORY) else None
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=200)
    connection.set_busy_timeout(BUSY_MS)
    if not read_only:
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", 2)
        connection.pragma("secure_delete", 1)
        connection.pragma("wal_autocheckpoint", 0)
    connection.pragma("cache_size", -CACHE_KIB)
    connection.pragma("temp_store", 2)
    return connection


def migrate(connection: apsw.Connection) -> int:
    """As `Sqlite.migrate`."""
    files = resources.files("anlan.store.schema").joinpath("sqlite")
    names = sorted(f.name for f in files.iterdir() if f.name.endswith(".sql"))
    have = int(connection.pragma("user_version"))
    if have > len(names):
        raise Broken(f"the database is of version {have}, newer than this Anlan's {len(names)}")
    for number, name in enumerate(names[have:], have + 1):
        with connection:
            connection.execute(files.joinpath(name).read_text("utf-8"))
            connection.pragma("user_version", number)
    return len(names)


@contextmanager
def named_errors() -> Iterator[None]:
    """As `Sqlite.errors`."""
    try:
        yield
    except apsw.FullError:
        raise Refused("store.full") from None
    except apsw.BusyError:
        raise Refused("store.busy") from None
    except apsw.IOError as error:
        if error.extendedresult in {apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC}:
            os._exit(EXIT_STORAGE)
        raise Refused("store.failed") from error
    except apsw.Error as error:
        raise Broken(f"{type(error).__name__}: {error}") from error
