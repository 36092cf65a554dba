"""Group commit for coroutines: what a loop hands in is gathered, written in the loop's own thread, and put on disk by
another, while the loop goes on preparing the next batch. (A database across a network has all of it done by the other.)

Statements run where nobody competes for the interpreter; only COMMIT, which waits for the disk, leaves the thread.
A lone commit goes at once. After a batch of more than one, the next waits until FULL are there or none came for a
millisecond: busy hours then share an fsync between many, and a single client waits for nobody.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol

from anlan.loop.errors import Refused
from anlan.store.commit import Commit, Done
from anlan.telemetry import metrics

FULL = 32
GATHER_MAX = 512
QUEUE_MAX = 20_000
QUIET_SECONDS = 0.001
FAILED_SECONDS = 60.0

Outcome = Done | Exception


class Job:
    """A commit on its way and its outcome."""

    __slots__ = ("commit", "future", "outcome")

    def __init__(self, commit: Commit, future: asyncio.Future[Done] | None = None) -> None:
        self.commit, self.future = commit, future
        self.outcome: Outcome = Refused("store.failed")


class Writing(Protocol):
    """What a gatherer needs of the writer: the connection's lock, and a batch in two halves."""

    @property
    def near(self) -> bool: ...
    def acquire(self) -> None: ...
    def release(self) -> None: ...
    def begin(self, jobs: list[Job]) -> Exception | None: ...
    def end(self) -> Exception | None: ...
    def settle(self, jobs: list[Job], failed: Exception | None) -> None: ...


class Gather:
    """The waiting commits of one event loop. Every method but `_finish` runs in that loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, writer: Writing) -> None:
        self.loop, self._writer = loop, writer
        self._waiting: list[Job] = []
        self._closed = False
        self._under_way = self._armed = False
        self._last = self._seen = 0
        self._began = self._failed_at = 0.0
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="anlan-commit")

    def put(self, commit: Commit) -> asyncio.Future[Done]:
        """Queue a commit; the future has its outcome once it is on disk. Raises Refused (store.busy, store.failed)."""
        if self._closed:
            raise Refused("store.failed")
        if len(self._waiting) >= QUEUE_MAX:
            raise Refused("store.busy")
        job = Job(commit, self.loop.create_future())
        assert job.future is not None
        self._waiting.append(job)
        metrics.QUEUE.set(len(self._waiting))
        self._arm()
        return job.future

    def close(self) -> None:
        """Wait for the batch under way; what has not begun is refused."""
        self._closed = True
        self._disk.shutdown(wait=True)

    def fails(self) -> bool:
        """Whether the last batch did not get onto the disk, less than FAILED_SECONDS ago."""
        return bool(self._failed_at) and time.perf_counter() - self._failed_at < FAILED_SECONDS

    def _measure(self, jobs: list[Job]) -> None:
        metrics.QUEUE.set(len(self._waiting))
        metrics.BATCH.observe(len(jobs))
        metrics.COMMIT_SECONDS.observe(time.perf_counter() - self._began)
        kept = unwritten = False
        for job in jobs:
            done, refused = isinstance(job.outcome, Done), isinstance(job.outcome, Refused)
            metrics.COMMITS.labels("done" if done else "refused" if refused else "failed").inc()
            kept = kept or done
            unwritten = unwritten or (isinstance(job.outcome, Refused) and job.outcome.code.startswith("store."))
        if kept or unwritten:
            self._failed_at = 0.0 if kept else time.perf_counter()

    def _arm(self) -> None:
        if self._armed or self._under_way or not self._waiting:
            return
        self._armed = True
        if self._last > 1 and len(self._waiting) < FULL:
            self._seen = len(self._waiting)
            self.loop.call_later(QUIET_SECONDS, self._look)
        else:
            self.loop.call_soon(self._go)

    def _look(self) -> None:
        waiting = len(self._waiting)
        if self._seen < waiting < FULL:
            self._seen = waiting
            self.loop.call_later(QUIET_SECONDS, self._look)
        else:
            self._go()

    def _go(self) -> None:
        self._armed, self._under_way = False, True
        jobs, self._waiting = self._waiting[:GATHER_MAX], self._waiting[GATHER_MAX:]
        self._last = len(jobs)
        self._began = time.perf_counter()
        if self._closed:
            self._answer(jobs)
            return
        self._writer.acquire()
        if self._writer.near:
            self._disk.submit(self._finish, jobs, self._writer.begin(jobs))
        else:
            self._disk.submit(self._whole, jobs)

    def _whole(self, jobs: list[Job]) -> None:
        self._finish(jobs, self._writer.begin(jobs))

    def _finish(self, jobs: list[Job], failed: Exception | None) -> None:
        try:
            self._writer.settle(jobs, failed or self._writer.end())
        finally:
            self._writer.release()
            with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits for the answer
                self.loop.call_soon_threadsafe(self._answer, jobs)

    def _answer(self, jobs: list[Job]) -> None:
        self._under_way = False
        self._measure(jobs)
        for job in jobs:
            if job.future is None or job.future.done():
                continue
            if isinstance(job.outcome, Done):
                job.future.set_result(job.outcome)
            else:
                job.future.set_exception(job.outcome)
        self._arm()
