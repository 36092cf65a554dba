"""What the store asks of a database, whichever it is: `sqlite` (one machine) and `postgres` (several processes).

Statements are written once, in the SQL both speak: `?` marks, ON CONFLICT, FILTER, an alias on every sub-select. What
they say differently is `postgres_sql`. Errors are named here by what they mean to the rest of Anlan.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Protocol

from anlan.loop.errors import Refused

EXIT_STORAGE = 74
"""EX_IOERR of sysexits.h: the process ends after a failed fsync and is never retried in place."""
Values = Sequence[Any]


class Raced(Exception):
    """Another process wrote the same row first: the whole batch is void, and may be tried again."""


class Lost(Refused):
    """Whether a commit was kept is not known (the connection broke): it is not tried again, and not acknowledged."""

    def __init__(self) -> None:
        super().__init__("store.failed")


class Rows(Protocol):
    """What a statement found."""

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One connection. `with connection:` is a transaction."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, sql: str, values: Values = (), /) -> Rows: ...
    def executemany(self, sql: str, rows: Iterable[Values], /) -> Any: ...
    def close(self) -> None: ...
    def __enter__(self) -> Any: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> Any: ...


class Keeper(Protocol):
    """Looks after the database beside the writer."""

    def close(self) -> None: ...


class Database(Protocol):
    """One database, by name: it is opened by `connect`, and goes to other processes as it is."""

    @property
    def shared(self) -> bool:
        """Whether other processes may write beside this one."""

    @property
    def elsewhere(self) -> bool:
        """Whether another process can open it too."""

    def connect(self, *, read_only: bool = False) -> Connection: ...

    def holds(self, other: Database) -> bool:
        """Whether the other's tables are in this database too: one transaction then writes both."""

    def columns(self, connection: Connection, table: str) -> list[str]:
        """A table's columns."""

    def fill(self, connection: Connection, table: str, columns: Values, rows: Iterable[Values]) -> None:
        """Within a transaction: many rows into a table, by the fastest way."""

    def filled(self, connection: Connection) -> None:
        """Within a transaction: numbers that the database gives go on after those that were filled in."""

    def migrate(self, connection: Connection, /) -> int:
        """Bring it to this version's shape; answers the version it now has."""

    def errors(self) -> AbstractContextManager[None]:
        """Its errors by their meaning: Refused (store.full, store.busy, store.failed), Raced."""

    def take_turn(self, connection: Connection, ledgers: Iterable[str], *, alone: bool) -> None:
        """Within a transaction: from here to its end nobody else appends to these ledgers; with `alone`, nobody else
        writes what was checked."""

    def take_order(self, connection: Connection) -> None:
        """Within a transaction, last: the facts inserted from here on are committed in the order of their positions."""

    def keeper(self, connection: Connection) -> Keeper | None:
        """Whoever looks after it while `connection` writes."""

    def forget(self, connection: Connection) -> None:
        """Within a transaction: the terms of deleted search rows leave the file too."""

    def emptied_log(self, connection: Connection) -> bool:
        """Let what was erased leave the write-ahead log; False when it must be tried again."""

    def clear(self, connection: Connection, *, found: bool) -> list[str]:
        """Within a transaction: empty the state tables (with `found`, titles and search too); answers the statements
        that finish what is then filled in."""


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
    """One read-only connection per thread: readers never wait for the writer."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._local = threading.local()

    def connection(self) -> Connection:
        """This thread's connection."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self.database.connect(read_only=True)
        return connection
