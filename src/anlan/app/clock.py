"""The clock watched: a jump is noted on the ledger, and nothing is deleted for its age until the clock is steady.

Order never hangs on the clock (each ledger counts), but deadlines and ages do. The system's monotonic clock, which
nobody sets, says how far the wall clock should have come.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from anlan.app.world import World, year_of
from anlan.store.commit import Commit

TOLERANCE_MS = 5_000
"""Clocks are set right by so much without a word."""
STEADY_MS = 3_600_000
"""So long after a jump nothing is deleted for its age: whoever set the clock wrong has time to see it."""


class ClockWatch:
    """Watches one world's clock from when it is made. `monotonic` gives milliseconds."""

    def __init__(self, world: World, monotonic: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000) -> None:
        self._world, self._monotonic = world, monotonic
        self._wall, self._ticks = world.clock(), monotonic()
        self._jumped: int | None = None
        newest = world.store.outbox.after(world.store.outbox.last() - 1, 1)
        self._ahead = newest[0].fact.at if newest else 0

    @property
    def steady(self) -> bool:
        """Whether there was no jump in the last hour."""
        return self._jumped is None or self._monotonic() - self._jumped >= STEADY_MS

    async def look(self) -> bool:
        """Note a jump since the last look, or a start before the newest fact. Answers whether there was one."""
        wall, ticks = self._world.clock(), self._monotonic()
        expected = max(self._wall + ticks - self._ticks, self._ahead)
        behind_only, by = expected == self._ahead, wall - expected
        self._wall, self._ticks, self._ahead = wall, ticks, 0
        if abs(by) <= TOLERANCE_MS or (behind_only and by > 0):
            return False
        self._jumped = ticks
        told = {"expected": expected, "found": wall, "by_ms": by}
        fact = (int(self._world.ledger), self._world.ledger, ("clock_jumped", told))
        await self._world.store.writer.write(Commit(at=wall, actor="system", year=year_of(wall), readings=[fact]))
        return True
