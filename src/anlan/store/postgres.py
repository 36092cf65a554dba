"""PostgreSQL 15 or newer: several processes write one record.

Whoever appends to a ledger holds its advisory lock until the commit, so each ledger has one sequencer at a time and its
tree and numbers are read anew when they have moved. Facts are inserted last, under one lock for all, so that positions
are committed in their order and a cursor over them never skips. Reads and writes in a batch go through a pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from types import TracebackType
from typing import Any
from weakref import finalize
from zlib import crc32

import msgspec
import psycopg
from psycopg import errors
from psycopg.adapt import Dumper, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8Dumper

from anlan.loop.errors import Broken, Refused
from anlan.store.database import Connection, Database, Lost, Raced, Rows, Values
from anlan.store.postgres_sql import of_many, translated

ORDER, ALONE, NEW_LEDGER, SCHEMA = 1, 2, 3, 4
"""Locks beside those of the ledgers, which are their division codes (six digits)."""
CONNECT_SECONDS = 5
ROWS_AT_ONCE = 128
"""Rows of one INSERT: a protocol message holds 65,535 values, and no table has 64 columns times that many."""
SCHEMA_DEFAULT = "anlan"
NUMBERED = (("facts", "pos"), ("slices", "no"), ("report_files", "no"), ("views", "id"))
"""Where the database gives the number."""
RACES = (errors.UniqueViolation, errors.SerializationFailure, errors.DeadlockDetected)
BUSY = (errors.InsufficientResources, errors.LockNotAvailable, errors.QueryCanceled)


class Postgres(msgspec.Struct, frozen=True):
    """The database behind a URL. Its tables are in the schema that the URL's `options=-csearch_path=…` names, or in
    `anlan`."""

    url: str
    folder: str = "postgres"
    """Where its migrations are."""

    @property
    def shared(self) -> bool:
        return True

    @property
    def elsewhere(self) -> bool:
        return True

    @property
    def schema(self) -> str:
        """The schema of its tables."""
        named = re.search(r"search_path=(\w+)", str(conninfo_to_dict(self.url).get("options") or ""))
        return named.group(1) if named else SCHEMA_DEFAULT

    @property
    def channel(self) -> str:
        """Where it is told that facts were committed."""
        return f"{self.schema}_facts"

    @property
    def locks(self) -> int:
        """The first half of its locks' numbers: a lock belongs to the whole server's database, not to a schema."""
        return crc32(self.schema.encode()) - 2**31

    def connect(self, *, read_only: bool = False) -> Connection:
        """A connection that opens itself again when it was lost outside a transaction."""
        return Opened(self, read_only=read_only)

    def opened(self, *, read_only: bool = False) -> psycopg.Connection[Any]:
        """A connection as the driver has it."""
        raw = psycopg.connect(
            self.url, autocommit=True, cursor_factory=psycopg.RawCursor, connect_timeout=CONNECT_SECONDS
        )
        try:
            self._prepare(raw, read_only=read_only)
        except BaseException:
            raw.close()
            raise
        return raw

    def _prepare(self, raw: psycopg.Connection[Any], *, read_only: bool) -> None:
        if raw.info.encoding != "utf-8":
            raise Broken("the database must be of encoding UTF8")
        raw.adapters.register_dumper(int, Int8Dumper)
        raw.adapters.register_dumper(bool, Whole)
        raw.adapters.register_loader("bool", AsInt)
        raw.adapters.register_loader("numeric", AsNumber)
        raw.execute(f'SET search_path TO "{self.schema}"')
        if read_only:
            raw.execute("SET default_transaction_read_only TO on")

    def holds(self, other: Database) -> bool:
        """Where one URL leads to both."""
        return isinstance(other, Postgres) and other.url == self.url

    def columns(self, connection: Connection, table: str) -> list[str]:
        """A table's columns."""
        sql = "SELECT column_name FROM information_schema.columns WHERE table_schema = ? AND table_name = ?"
        return [name for (name,) in connection.execute(sql, (self.schema, table))]

    def fill(self, connection: Connection, table: str, columns: Values, rows: Iterable[Values]) -> None:
        """COPY."""
        assert isinstance(connection, Opened), "our own connections are"
        connection.copy_in(f"COPY {table} ({', '.join(columns)}) FROM STDIN", rows)

    def filled(self, connection: Connection) -> None:
        """Sequences go on after the largest number."""
        for table, column in NUMBERED:
            sql = (
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'),"
                f" (SELECT coalesce(max({column}), 0) + 1 FROM {table}), false)"
            )
            connection.execute(sql).fetchall()

    def migrate(self, _connection: Connection) -> int:
        """Bring the database to this version's shape; answers the version it now has."""
        files = resources.files("anlan.store.schema").joinpath(self.folder)
        names = sorted(f.name for f in files.iterdir() if f.name.endswith(".sql"))
        raw = self.opened()
        try:
            with raw.transaction():
                raw.execute("SELECT pg_advisory_xact_lock($1::int, $2::int)", (self.locks, SCHEMA))
                raw.execute(f'CREATE SCHEMA IF NOT EXISTS "{self.schema}"')
                raw.execute(f"CREATE TABLE IF NOT EXISTS {self.folder}_version (version BIGINT NOT NULL)")
                row = raw.execute(f"SELECT max(version) FROM {self.folder}_version").fetchone()
                have = (row and row[0]) or 0
                if have > len(names):
                    raise Broken(f"the database is of version {have}, newer than this Anlan's {len(names)}")
                for number, name in enumerate(names[have:], have + 1):
                    raw.execute(files.joinpath(name).read_bytes())
                    raw.execute(f"INSERT INTO {self.folder}_version VALUES ($1)", (number,))
        finally:
            raw.close()
        return len(names)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """What the server says, by its meaning."""
        try:
            yield
        except RACES as error:
            raise Raced(str(error)) from error
        except errors.DiskFull:
            raise Refused("store.full") from None
        except BUSY:
            raise Refused("store.busy") from None
        except psycopg.OperationalError as error:
            raise Refused("store.failed") from error
        except psycopg.Error as error:
            raise Broken(f"{type(error).__name__}: {error}") from error

    def take_turn(self, connection: Connection, ledgers: Iterable[str], *, alone: bool) -> None:
        """Lock, in one order for all: what was checked, the ledgers by their codes, and the making of new ones."""
        codes = sorted(ledgers)
        wanted = [ALONE] * alone + [int(code) for code in codes]
        lock = "SELECT pg_advisory_xact_lock(?::int, one::int) FROM unnest(?::bigint[]) one"
        connection.execute(lock, (self.locks, wanted)).fetchall()
        have = connection.execute("SELECT count(*) FROM ledgers WHERE key = ANY(?::text[])", (codes,)).fetchone()[0]
        if have < len(codes):
            connection.execute(lock, (self.locks, [NEW_LEDGER])).fetchall()

    def take_order(self, connection: Connection) -> None:
        """One lock for all facts, and word to those who listen once they are committed."""
        sql = "SELECT pg_advisory_xact_lock(?::int, ?::int), pg_notify(?, '')"
        connection.execute(sql, (self.locks, ORDER, self.channel))

    def keeper(self, _connection: Connection) -> None:
        """The server looks after itself."""

    def forget(self, _connection: Connection) -> None:
        """A deleted row's terms go with it, at the next vacuum (see `emptied_log`)."""

    def emptied_log(self, connection: Connection) -> bool:
        """Vacuum what was erased. The server's write-ahead log ends by its own settings."""
        with suppress(psycopg.Error):
            connection.execute("VACUUM titles, features, search, sealed")
        return True

    def clear(self, connection: Connection, *, found: bool) -> list[str]:
        """Empty the state tables."""
        more = ", titles, search" if found else ""
        connection.execute(f"TRUNCATE matters, assists, rollups, counted{more}")
        return []


class PostgresKeys(Postgres, frozen=True):
    """The wrapped keys, in a database of their own or beside the rest."""

    folder: str = "postgres_keys"

    def filled(self, _connection: Connection) -> None:
        """No number is given here."""

    def emptied_log(self, connection: Connection) -> bool:
        """Vacuum what was destroyed."""
        with suppress(psycopg.Error):
            connection.execute("VACUUM keys")
        return True


class Opened:
    """A connection as the store asks for it."""

    def __init__(self, database: Postgres, *, read_only: bool) -> None:
        self._database, self._read_only = database, read_only
        self._let_go: Callable[[], object] = lambda: None
        self._open()
        self._pipeline: Any = None
        self.in_transaction = False

    def execute(self, sql: str, values: Values = (), /) -> Rows:
        if sql in TRANSACTION:
            getattr(self, TRANSACTION[sql])()
            return self._raw.cursor()
        try:
            return self._ready().execute(translated(sql), tuple(values))
        except errors.NumericValueOutOfRange as error:
            raise OverflowError(str(error)) from error
        except psycopg.DataError as error:  # NUL, or half a surrogate pair: no text here holds it
            if self.in_transaction:
                raise
            raise Refused("text.unreadable") from error
        except psycopg.OperationalError:
            if self.in_transaction or not self._raw.closed:
                raise
            return self._ready().execute(translated(sql), tuple(values))

    def executemany(self, sql: str, rows: Iterable[Values], /) -> None:
        """Rows go in by the power of two, so that few statements are prepared and each takes many."""
        some, raw = list(rows), self._ready()
        while some and of_many(sql, 1):
            count = min(1 << (len(some).bit_length() - 1), ROWS_AT_ONCE)
            raw.execute(of_many(sql, count), [value for row in some[:count] for value in row])
            del some[:count]
        if some:
            raw.cursor().executemany(translated(sql), some)

    def copy_in(self, sql: str, rows: Iterable[Values]) -> None:
        """Rows by COPY; the pipeline ends here, the transaction does not."""
        self._end_pipeline()
        with self._ready().cursor().copy(sql) as copying:
            for row in rows:
                copying.write_row(row)

    def close(self) -> None:
        self._let_go()

    def _open(self) -> None:
        """A thread that ends takes its connection with it, in a cycle too (where `__del__` of one may come first)."""
        self._let_go()
        self._raw = self._database.opened(read_only=self._read_only)
        self._let_go = finalize(self, self._raw.close)

    def __enter__(self) -> Opened:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None, /
    ) -> None:
        if kind is None:
            self._commit()
        else:
            self._roll_back()

    def _ready(self) -> psycopg.Connection[Any]:
        if self._raw.closed and not self.in_transaction:
            try:
                self._open()
            except psycopg.OperationalError as error:
                raise Refused("store.failed") from error
        return self._raw

    def _begin(self) -> None:
        try:
            self._ready().execute("BEGIN")
        except psycopg.OperationalError:  # it was lost while nobody used it: nothing has been said yet
            self._ready().execute("BEGIN")
        self.in_transaction = True
        self._pipeline = self._raw.pipeline()
        self._pipeline.__enter__()

    def _commit(self) -> None:
        self._end_pipeline()
        if self._raw.info.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
            raise Broken("the transaction had failed before its end")
        try:
            self._raw.execute("COMMIT")
        except psycopg.OperationalError as error:
            raise Lost from error
        finally:
            self.in_transaction = not self._raw.closed and bool(self._raw.info.transaction_status)

    def _roll_back(self) -> None:
        with suppress(psycopg.Error):
            self._end_pipeline()
        with suppress(psycopg.Error):
            self._raw.execute("ROLLBACK")
        if not self._raw.closed and self._raw.info.transaction_status:
            self._raw.close()
        self.in_transaction = False

    def _end_pipeline(self) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.__exit__(None, None, None)


TRANSACTION = {"BEGIN IMMEDIATE": "_begin", "COMMIT": "_commit", "ROLLBACK": "_roll_back"}


class Whole(Dumper):
    """True and false as the whole numbers the columns hold."""

    oid = psycopg.adapters.types["int8"].oid

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


class AsInt(Loader):
    """A boolean as 0 or 1, as SQLite gives it."""

    def load(self, data: Any) -> int:
        return int(bytes(data) == b"t")


class AsNumber(Loader):
    """A sum as a whole number, anything else as a float."""

    def load(self, data: Any) -> float:
        text = bytes(data).decode()
        return float(text) if "." in text else int(text)
