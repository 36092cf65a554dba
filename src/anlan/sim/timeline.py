"""What happens next in the simulated city, and what time it is there."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from itertools import count

Job = Callable[[], Awaitable[None]]
Wait = Callable[[int], Awaitable[None]]
"""Waits until it is that time (UTC ms) for whoever looks on; not at all when nobody does."""
Progress = Callable[[int, int], None]


async def at_once(_at: int) -> None:
    """Nobody looks on."""


class Timeline:
    """Jobs in the order of their times, those of one moment in the order they were planned. One runs at a time.

    `hurry` divides every delay: beside a real clock, an hour's work is done in a minute at 60.
    """

    def __init__(self, now: int, wait: Wait = at_once, hurry: float = 1.0) -> None:
        self.now = now
        self._wait, self.hurry = wait, hurry
        self._jobs: list[tuple[int, int, Job]] = []
        self._planned = count()

    def clock(self) -> int:
        """The time in the city, for `World.clock`."""
        return self.now

    def after(self, ms: float, job: Job) -> None:
        """Plan a job so long from now."""
        heapq.heappush(self._jobs, (self.now + round(ms / self.hurry), next(self._planned), job))

    async def run(self, until: int, on_progress: Progress | None = None) -> None:
        """Do everything that is planned up to `until`, and what follows from it."""
        began = self.now
        while self._jobs and self._jobs[0][0] <= until:
            at, _, job = heapq.heappop(self._jobs)
            await self._wait(at)
            self.now = max(self.now, at)
            await job()
            if on_progress:
                on_progress(self.now - began, until - began)
        self.now = max(self.now, until)
