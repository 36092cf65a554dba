"""Opening the database: pragmas, migrations, and how its errors are named to the rest of Anlan.

The SQLite library is the one pinned with apsw (Debian's 3.40 lacks FTS5 `contentless_delete`). A path under MEMORY is
a database in this process's memory, shared by its connections and gone with the last of them: for tests and trials.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import apsw

from anlan.loop.errors import Broken, Refused

BUSY_MS = 10_000
EXIT_STORAGE = 74
"""EX_IOERR of sysexits.h: the process ends after a failed fsync and is never retried in place."""
MEMORY = Path("/:memory:")
MEMORY_VFS = "memdb"
MMAP_BYTES = 1 << 30
CACHE_KIB = 65_536


def connect(path: Path, *, read_only: bool = False) -> apsw.Connection:
    """A connection with the durability Anlan promises: WAL, and every commit on disk before it is answered."""
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
    connection.pragma("mmap_size", MMAP_BYTES)
    connection.pragma("temp_store", 2)
    return connection


def migrate(connection: apsw.Connection) -> int:
    """Bring the database to this version's shape; answers the version it now has."""
    files = sorted(f.name for f in resources.files("anlan.store.schema").iterdir() if f.name.endswith(".sql"))
    have = int(connection.pragma("user_version"))
    if have > len(files):
        raise Broken(f"the database is of version {have}, newer than this Anlan's {len(files)}")
    for number, name in enumerate(files[have:], have + 1):
        script = resources.files("anlan.store.schema").joinpath(name).read_text("utf-8")
        with connection:
            connection.execute(script)
            connection.pragma("user_version", number)
    return len(files)


@contextmanager
def named_errors() -> Iterator[None]:
    """Database errors by their meaning: a full disk is refused (507); a failed sync ends the process at once."""
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


@contextmanager
def disk_errors() -> Iterator[None]:
    """The same meanings for a file that is written beside the database."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise Refused("store.full") from None
        if error.errno == errno.EIO:
            os._exit(EXIT_STORAGE)
        raise Refused("store.failed") from error


class Readers:
    """One read-only connection per thread: readers never wait for the writer (WAL)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    def connection(self) -> apsw.Connection:
        """This thread's connection."""
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path, read_only=True)
        return connection
