"""The one writer: a batch of commits is one transaction and one fsync (group commit), and only then is answered.

`submit` and `submit_many` do the work in the caller's thread; `write` gathers what coroutines hand in (see `gather`).
A failed batch is rolled back, trees and sequences with it, and tried one by one, so that only the guilty commit fails.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import apsw

from anlan.loop.errors import Broken, Refused
from anlan.loop.fact import Fact
from anlan.store.apply import Batch
from anlan.store.commit import Commit, Done
from anlan.store.database import BUSY_MS, connect, migrate, named_errors
from anlan.store.gather import Gather, Job
from anlan.store.tree import Sign, Trees
from anlan.store.wal import WalKeeper

BATCH_MAX = 512
KEYS_WAL_PAGES = 500
TRUNCATE_BUSY_MS = 100

BUGS = (
    Broken,
    AssertionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    apsw.Error,
)
"""Our own mistakes: the batch is rolled back, the guilty commit alone fails (500), its neighbours are written."""

Listener = Callable[[list[Fact]], None]


class Writer:
    """Owns the only writing connection; whoever holds its lock may use it."""

    def __init__(self, path: Path, keys: Path, sign: Sign) -> None:
        self.connection = connect(path)
        migrate(self.connection)
        self._keys = connect(keys)
        self._keys.pragma("wal_autocheckpoint", KEYS_WAL_PAGES)
        self._keys.execute(
            "CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID"
        )
        self.trees = Trees(self.connection, sign)
        self._sequences: dict[tuple[str, int], int] = {}
        for name, value in self.connection.execute("SELECT name, value FROM counters"):
            ledger, year = str(name).split("/")
            self._sequences[ledger, int(year)] = int(value)
        self._sequences_before = dict(self._sequences)
        self.listeners: list[Listener] = []
        self._at, self._written = 0, list[Fact]()
        self._owes_truncation = False
        self._lock = threading.Lock()
        self._gather: Gather | None = None
        self._closed = False
        self._wal = WalKeeper(path, self.connection)

    def submit(self, commit: Commit) -> Done:
        """Write and wait. Raises Refused (Conflict, store.full …) with nothing written."""
        outcome = self.submit_many([commit])[0]
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def submit_many(self, commits: Iterable[Commit]) -> list[Done | Refused]:
        """Write many, in order, each on its own merits; the outcomes in the same order. Raises our own bugs."""
        outcomes: list[Done | Refused] = []
        rest = iter(commits)
        while jobs := [Job(commit) for commit in islice(rest, BATCH_MAX)]:
            with self._lock:
                self._write(jobs)
            for job in jobs:
                if not isinstance(job.outcome, Done | Refused):
                    raise job.outcome
                outcomes.append(job.outcome)
        return outcomes

    async def write(self, commit: Commit) -> Done:
        """Write and await, in one batch with whatever else the loop hands in meanwhile."""
        loop = asyncio.get_running_loop()
        if self._gather is None or self._gather.loop is not loop:
            self._gather = Gather(loop, self)
        return await self._gather.put(commit)

    def close(self) -> None:
        """Finish what has begun, sign the edges, close."""
        if self._closed:
            return
        if self._gather:
            self._gather.close()
        with self._lock:
            if self.begin([], lambda _batch: self.trees.sign_all(self._at)) is None:
                self.end()
            self._closed = True
            self._wal.close()
            self.connection.close()
            self._keys.close()

    def sign(self, at: int) -> None:
        """Sign the edges that moved since their last checkpoint: a ledger that goes quiet is signed too."""
        with self._lock:
            if self._closed or not self.trees.unsigned():
                return
            failed = self.begin([], lambda _batch: self.trees.sign_all(max(at, self._at))) or self.end()
        if failed:
            raise failed

    def acquire(self) -> None:
        """Take the connection: nobody else writes until `release`."""
        self._lock.acquire()

    def release(self) -> None:
        """Let the next writer in (any thread may)."""
        self._lock.release()

    def begin(self, jobs: list[Job], work: Callable[[Batch], None] | None = None) -> Exception | None:
        """Run the jobs' statements (or other `work`) in a transaction that is left open for `end`; None when it may
        follow, else why not: then nothing is left."""
        if self._closed:
            return Refused("store.failed")
        self.trees.begin()
        self._sequences_before = dict(self._sequences)
        batch = Batch(self.connection, self.trees, self._sequences)
        self._at = max(self._at, *(job.commit.at for job in jobs), 0)
        try:
            with named_errors():
                self._seal_keys(jobs)
                self.connection.execute("BEGIN IMMEDIATE")
                for job in jobs:
                    _apply(batch, job)
                if work:
                    work(batch)
                batch.finish()
                self.trees.write(self._at)
        except (Refused, *BUGS) as error:
            return self._undone(error)
        self._written = batch.facts
        return None

    def end(self) -> Exception | None:
        """Put what `begin` left open on disk, keys before what they open; None when it is there."""
        try:
            with named_errors():
                for connection in (self._keys, self.connection):
                    if connection.in_transaction:
                        connection.execute("COMMIT")
        except (Refused, *BUGS) as error:
            return self._undone(error)
        if self._written:
            for listener in self.listeners:
                listener(self._written)
        return None

    def settle(self, jobs: list[Job], failed: Exception | None) -> None:
        """After `begin` and `end`: the jobs of a failed batch are tried one by one, erasures of a kept one follow."""
        if failed is None:
            self._erase([job for job in jobs if job.commit.destroys and isinstance(job.outcome, Done)])
        elif len(jobs) == 1:
            jobs[0].outcome = failed
        else:
            for job in jobs:
                self._write([job])

    def _write(self, jobs: list[Job]) -> None:
        self.settle(jobs, self.begin(jobs) or self.end())

    def _undone(self, error: Exception) -> Exception:
        for connection in (self._keys, self.connection):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self.trees.undo()
        self._sequences.clear()
        self._sequences.update(self._sequences_before)
        return error

    def _seal_keys(self, jobs: list[Job]) -> None:
        keys = [key for job in jobs for key in job.commit.keys]
        if keys:
            self._keys.execute("BEGIN IMMEDIATE")
            self._keys.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?)", keys)

    def _erase(self, jobs: list[Job]) -> None:
        """Destroy the keys of commits that are on disk (those of a refused one live), then empty both logs."""
        keys = [(key,) for job in jobs for key in job.commit.destroys]
        if keys:
            try:
                with named_errors(), self._keys:
                    self._keys.executemany("DELETE FROM keys WHERE id = ?", keys)
            except Refused as refused:
                for job in jobs:
                    job.outcome = refused
            self._owes_truncation = True
        if self._owes_truncation:
            self._owes_truncation = not all([_truncated(self._keys), _truncated(self.connection)])


def _apply(batch: Batch, job: Job) -> None:
    written = len(batch.facts)
    try:
        job.outcome = batch.apply(job.commit)
    except Refused as refused:
        if len(batch.facts) > written:
            raise Broken(f"refused after the first write: {refused}") from refused
        job.outcome = refused


def _truncated(connection: apsw.Connection) -> bool:
    """Empty a write-ahead log; False when a reader stands in the way: tried again after the next batch."""
    connection.set_busy_timeout(TRUNCATE_BUSY_MS)
    try:
        with named_errors():
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except Refused:
        return False
    finally:
        connection.set_busy_timeout(BUSY_MS)
    return True
