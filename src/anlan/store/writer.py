"""The one writer: commits queue up, a batch is one transaction and one fsync (group commit), and only then is answered.

Adaptive gather: after a batch of more than one it waits about 3 ms for company, so that busy hours fill batches while a
lone client is not delayed. A failed batch is rolled back, trees and sequences with it, and tried one by one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

import apsw

from anlan.loop.errors import Broken, Refused
from anlan.loop.fact import Fact
from anlan.store.apply import Batch
from anlan.store.commit import Commit, Done
from anlan.store.database import BUSY_MS, connect, migrate, named_errors, transaction
from anlan.store.tree import Sign, Trees
from anlan.store.wal import WalKeeper

BATCH_MAX = 512
QUEUE_MAX = 20_000
KEYS_WAL_PAGES = 500
GATHER_SECONDS = 0.003

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

Outcome = Done | Refused | Exception
Resolve = Callable[[Outcome], None]
Listener = Callable[[list[Fact]], None]


class Job:
    """A commit on its way, and where its outcome goes."""

    __slots__ = ("commit", "future", "loop", "outcome")

    def __init__(
        self, commit: Commit, future: Future[Done] | asyncio.Future[Done], loop: asyncio.AbstractEventLoop | None
    ) -> None:
        self.commit, self.future, self.loop = commit, future, loop
        self.outcome: Outcome | None = None

    def resolve(self) -> None:
        """Hand the outcome over (in the loop's own thread)."""
        if self.future.done():
            return
        if isinstance(self.outcome, Done):
            self.future.set_result(self.outcome)
        elif self.outcome is not None:
            self.future.set_exception(self.outcome)


class Writer:
    """Owns the only writing connection. `submit` from any thread, `write` from a coroutine."""

    def __init__(self, path: Path, keys: Path, sign: Sign) -> None:
        self.connection = connect(path)
        migrate(self.connection)
        self._keys = connect(keys)
        self._keys.pragma("wal_autocheckpoint", KEYS_WAL_PAGES)
        self._keys.execute(
            "CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID"
        )
        self._path = path
        self.trees = Trees(self.connection, sign)
        self._sequences: dict[tuple[str, int], int] = {}
        for name, value in self.connection.execute("SELECT name, value FROM counters"):
            ledger, year = str(name).split("/")
            self._sequences[ledger, int(year)] = int(value)
        self.listeners: list[Listener] = []
        self._owes_truncation = False
        self._wal = WalKeeper(path, self.connection)
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="anlan-writer", daemon=True)
        self._thread.start()

    def submit(self, commit: Commit) -> Done:
        """Write and wait. Raises Refused (Conflict, store.full …) with nothing written."""
        future: Future[Done] = Future()
        self._put(Job(commit, future, None))
        return future.result()

    def submit_many(self, commits: Iterable[Commit]) -> list[Outcome]:
        """Write many, in order, each on its own merits; the outcomes in the same order."""
        futures: list[Future[Done]] = []
        for commit in commits:
            future: Future[Done] = Future()
            self._queue.put(Job(commit, future, None))
            futures.append(future)
        outcomes: list[Outcome] = []
        for future in futures:
            error = future.exception()
            if error is not None and not isinstance(error, Refused):
                raise error
            outcomes.append(error or future.result())
        return outcomes

    async def write(self, commit: Commit) -> Done:
        """Write and await."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Done] = loop.create_future()
        self._put(Job(commit, future, loop))
        return await future

    def close(self) -> None:
        """Finish what is queued, sign the edges, close."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._wal.close()
        self.connection.close()
        self._keys.close()

    def _put(self, job: Job) -> None:
        if not self._thread.is_alive():
            raise Refused("store.failed")
        if self._queue.qsize() >= QUEUE_MAX:
            raise Refused("store.busy")
        self._queue.put(job)

    def _work(self) -> None:
        last, at = 0, 0
        while True:
            jobs, ended = self._gather(last)
            if jobs:
                at = max(at, *(job.commit.at for job in jobs))
                self._batch(jobs)
                self._resolve(jobs)
            last = len(jobs)
            if ended:
                self._sign_edges(at)
                return

    def _sign_edges(self, at: int) -> None:
        def sign(_batch: Batch) -> None:
            self.trees.sign_all(at)

        self._transact(sign)

    def _gather(self, last: int) -> tuple[list[Job], bool]:
        first = self._queue.get()
        if first is None:
            return [], True
        jobs = [first]
        if last > 1:
            time.sleep(GATHER_SECONDS)
        while len(jobs) < BATCH_MAX:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False

    def _batch(self, jobs: list[Job]) -> None:
        def work(batch: Batch) -> None:
            for job in jobs:
                written = len(batch.facts)
                try:
                    job.outcome = batch.apply(job.commit)
                except Refused as refused:
                    if len(batch.facts) > written:
                        raise Broken(f"refused after the first write: {refused}") from refused
                    job.outcome = refused

        failed = self._transact(work, [job.commit for job in jobs])
        if failed is None:
            self._erase([job for job in jobs if job.commit.destroys and isinstance(job.outcome, Done)])
            return
        if len(jobs) == 1:
            jobs[0].outcome = failed
            return
        for job in jobs:
            self._batch([job])

    def _transact(self, work: Callable[[Batch], None], commits: list[Commit] | None = None) -> Exception | None:
        """Run `work` in one transaction; None when it is on disk, else why it is not."""
        self.trees.begin()
        sequences = dict(self._sequences)
        batch = Batch(self.connection, self.trees, self._sequences)
        at = max((c.at for c in commits or ()), default=0)
        try:
            with named_errors():
                self._write_keys(commits or [])
                with transaction(self.connection):
                    work(batch)
                    batch.finish()
                    self.trees.write(at)
        except (Refused, *BUGS) as error:
            self.trees.undo()
            self._sequences.clear()
            self._sequences.update(sequences)
            return error
        if batch.facts:
            for listener in self.listeners:
                listener(batch.facts)
        return None

    def _write_keys(self, commits: list[Commit]) -> None:
        keys = [key for commit in commits for key in commit.keys]
        if keys:
            with transaction(self._keys):
                self._keys.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?)", keys)

    def _erase(self, jobs: list[Job]) -> None:
        """Destroy the keys of commits that are on disk (those of a refused one live), then empty both logs."""
        keys = [(key,) for job in jobs for key in job.commit.destroys]
        if keys:
            try:
                with named_errors(), transaction(self._keys):
                    self._keys.executemany("DELETE FROM keys WHERE id = ?", keys)
            except Refused as refused:
                for job in jobs:
                    job.outcome = refused
            self._owes_truncation = True
        if self._owes_truncation:
            self._owes_truncation = not all([self._truncated(self._keys), self._truncated(self.connection)])

    def _truncated(self, connection: apsw.Connection) -> bool:
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

    def _resolve(self, jobs: list[Job]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
        for job in jobs:
            if job.loop is None:
                job.resolve()
            else:
                loops.setdefault(job.loop, []).append(job)
        for loop, of_loop in loops.items():
            with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits for the answer
                loop.call_soon_threadsafe(_resolve_all, of_loop)


def _resolve_all(jobs: list[Job]) -> None:
    for job in jobs:
        job.resolve()
