"""The one writer: a batch of commits is one transaction and one fsync (group commit), and only then is answered.

`submit` and `submit_many` do the work in the caller's thread; `write` gathers what coroutines hand in (see `gather`).
A failed batch is rolled back, trees and sequences with it, and tried one by one, so that only the guilty commit fails.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from itertools import islice

from anlan.loop.errors import Broken, Refused
from anlan.store.apply import Batch
from anlan.store.commit import Commit, Done
from anlan.store.counts import Slices
from anlan.store.database import Database, Lost, Raced
from anlan.store.gather import Gather, Job
from anlan.store.reserve import Reserve
from anlan.store.tree import Sign, Trees
from anlan.telemetry import traces

BATCH_MAX = 512
RACES_MAX = 5
"""So often a commit is tried again after another process was faster."""

BUGS = (
    Broken,
    AssertionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Our own mistakes: the batch is rolled back, the guilty commit alone fails (500), its neighbours are written."""

Listener = Callable[[], None]


class Writer:
    """Owns the only writing connection; whoever holds its lock may use it."""

    def __init__(self, database: Database, keys: Database, sign: Sign) -> None:
        self.database, self._keys_database = database, keys
        self.connection = database.connect()
        database.migrate(self.connection)
        self._keys = self.connection if database.holds(keys) else keys.connect()
        keys.migrate(self._keys)
        self.trees = Trees(self.connection, sign)
        if not database.shared:
            self.trees.refresh(self.trees.keys())
        self._sequences: dict[tuple[str, int], int] = {}
        self._slices = Slices()
        self._count_on()
        self._sequences_before = dict(self._sequences)
        self.listeners: list[Listener] = []
        self._at, self._wrote = 0, False
        self.reserve: Reserve | None = None
        self._owes_truncation = False
        self._lock = threading.Lock()
        self._gather: Gather | None = None
        self._closed = False
        self._keepers = [database.keeper(self.connection), keys.keeper(self._keys)]

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
        with traces.span("commit"):
            return await self._gather.put(commit)

    def fails(self) -> bool:
        """Whether what was last handed in could not be put on disk, a short while ago."""
        return self._gather is not None and self._gather.fails()

    def close(self) -> None:
        """Finish what has begun, sign the edges, close."""
        if self._closed:
            return
        if self._gather:
            self._gather.close()
        with self._lock:
            if self.begin([], self._signed) is None:
                self.end()
            self._closed = True
            for keeper in self._keepers:
                if keeper:
                    keeper.close()
            self.connection.close()
            self._keys.close()

    def sign(self, at: int) -> None:
        """Sign the edges that moved since their last checkpoint: a ledger that goes quiet is signed too."""
        with self._lock:
            if self._closed or not (self.database.shared or self.trees.unsigned()):
                return
            self._at = max(self._at, at)
            failed = self.begin([], self._signed) or self.end()
        if failed:
            raise failed

    @property
    def near(self) -> bool:
        """Whether a statement costs less than handing it to another thread."""
        return not self.database.shared

    def tell(self) -> None:
        """Wake whoever follows the facts."""
        for listener in self.listeners:
            listener()

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
        self._slices.begin()
        batch = Batch(self.database, self.connection, self.trees, self._sequences, self._slices)
        self._at = max(self._at, *(job.commit.at for job in jobs), 0)
        try:
            with self.database.errors():
                self.connection.execute("BEGIN IMMEDIATE")
                self._seal_keys(jobs)
                if self.database.shared:
                    self._take_turn(jobs)
                batch.ask(job.commit for job in jobs)
                for job in self._let_through(jobs):
                    _apply(batch, job)
                if work:
                    work(batch)
                self.trees.write(self._at)
                batch.finish()
        except (Refused, Raced, *BUGS) as error:
            return self._undone(error)
        self._wrote = batch.wrote > 0
        return None

    def end(self) -> Exception | None:
        """Put what `begin` left open on disk, keys before what they open; None when it is there."""
        try:
            with self.database.errors():
                for connection in (self._keys, self.connection):
                    if connection.in_transaction:
                        connection.execute("COMMIT")
        except (Refused, Raced, *BUGS) as error:
            return self._undone(error)
        if self._wrote and not self.database.shared:
            self.tell()
        return None

    def settle(self, jobs: list[Job], failed: Exception | None) -> None:
        """After `begin` and `end`: the jobs of a failed batch are tried one by one, erasures of a kept one follow."""
        if failed is None:
            self._erase([job for job in jobs if job.commit.destroys and isinstance(job.outcome, Done)])
        elif isinstance(failed, Lost):
            for job in jobs:
                job.outcome = failed
        elif self._made_room(jobs, failed) or len(jobs) > 1:
            for job in jobs:
                self._write([job])
        else:
            jobs[0].outcome = failed
            self._race(jobs[0])

    def _made_room(self, jobs: list[Job], failed: Exception) -> bool:
        """On a full disk: the reserve is given away for what is urgent."""
        full = isinstance(failed, Refused) and failed.code == "store.full"
        if not (full and self.reserve and self.reserve.held and any(job.commit.urgent for job in jobs)):
            return False
        self.reserve.release()
        return True

    def _let_through(self, jobs: list[Job]) -> list[Job]:
        """All; while the reserve is given away, what is urgent."""
        if self.reserve is None or self.reserve.regained():
            return jobs
        for job in jobs:
            job.outcome = Refused("store.full")
        return [job for job in jobs if job.commit.urgent]

    def _write(self, jobs: list[Job]) -> None:
        self.settle(jobs, self.begin(jobs) or self.end())

    def _race(self, job: Job) -> None:
        """Try a commit again that another process outran: what it wrote is seen now."""
        for _ in range(RACES_MAX):
            if not isinstance(job.outcome, Raced):
                return
            failed = self.begin([job]) or self.end()
            if failed is None:
                self.settle([job], None)
            else:
                job.outcome = failed
        if isinstance(job.outcome, Raced):
            job.outcome = Refused("store.busy")

    def _take_turn(self, jobs: list[Job]) -> None:
        """Before the first statement of a batch: the ledgers it appends to are this process's until its end, and stand
        in memory as the others left them."""
        commits = [job.commit for job in jobs]
        ledgers = {change.ledger for commit in commits for change in commit.changes}
        ledgers |= {ledger for commit in commits for _, ledger, _ in commit.readings}
        self.database.take_turn(self.connection, ledgers, alone=any(commit.checks for commit in commits))
        self.trees.refresh(ledgers)
        self._count_on()
        self._sequences_before = dict(self._sequences)

    def _count_on(self) -> None:
        for name, value in self.connection.execute("SELECT name, value FROM counters").fetchall():
            ledger, year = str(name).split("/")
            self._sequences[ledger, int(year)] = int(value)

    def _signed(self, _batch: Batch) -> None:
        if self.database.shared:
            ledgers = self.trees.keys()
            self.database.take_turn(self.connection, ledgers, alone=False)
            self.trees.refresh(ledgers)
        self.trees.sign_all(self._at)

    def _undone(self, error: Exception) -> Exception:
        for connection in (self._keys, self.connection):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self.trees.undo()
        self._sequences.clear()
        self._sequences.update(self._sequences_before)
        self._slices.undo()
        return error

    def _seal_keys(self, jobs: list[Job]) -> None:
        keys = [key for job in jobs for key in job.commit.keys]
        if keys:
            if self._keys is not self.connection:
                self._keys.execute("BEGIN IMMEDIATE")
            self._keys.executemany("INSERT INTO keys VALUES (?, ?) ON CONFLICT (id) DO NOTHING", keys)

    def _erase(self, jobs: list[Job]) -> None:
        """Destroy the keys of commits that are on disk (those of a refused one live), then empty both logs."""
        keys = [(key,) for job in jobs for key in job.commit.destroys]
        if keys:
            try:
                with self.database.errors(), self._keys:
                    self._keys.executemany("DELETE FROM keys WHERE id = ?", keys)
            except Refused as refused:
                for job in jobs:
                    job.outcome = refused
            self._owes_truncation = True
        if self._owes_truncation:
            emptied = [self._keys_database.emptied_log(self._keys), self.database.emptied_log(self.connection)]
            self._owes_truncation = not all(emptied)


def _apply(batch: Batch, job: Job) -> None:
    written = batch.wrote
    try:
        job.outcome = batch.apply(job.commit)
    except Refused as refused:
        if batch.wrote > written:
            raise Broken(f"refused after the first write: {refused}") from refused
        job.outcome = refused
