"""Stop: told once that the process is to end. What runs by itself ends between two items, never within one."""

from __future__ import annotations

import asyncio


class Stop:
    """Whether the process has been told to end, for one event loop."""

    def __init__(self) -> None:
        self._told = asyncio.Event()

    def is_told(self) -> bool:
        """Whether it has."""
        return self._told.is_set()

    def tell(self) -> None:
        """Say it; saying it twice is saying it once."""
        self._told.set()

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until it is told."""
        try:
            await asyncio.wait_for(self._told.wait(), seconds)
        except TimeoutError:
            return
