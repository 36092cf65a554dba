"""What other processes write is found here too: their open matters enter the duplicate finder, the closed leave."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from anlan.app.world import World


class Following:
    """Keeps one world's duplicate finder true, in one event loop."""

    def __init__(self, world: World) -> None:
        self.world, self._pos = world, world.store.outbox.last()

    async def run(self) -> None:
        """For as long as the server runs."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(woken.set)

        self.world.store.writer.listeners.append(wake)
        while True:
            while self.turn():
                await asyncio.sleep(0)
            await woken.wait()
            woken.clear()

    def turn(self) -> bool:
        """Take in what was committed since; answers whether there was anything."""
        world = self.world
        entries = world.store.outbox.after(self._pos)
        numbers = {entry.fact.matter for entry in entries if entry.fact.version}
        closed = {number for number in numbers if number in world.merge and self._closed(number)}
        for number in closed:
            world.merge.remove(number)
        world.load_index(sorted(number for number in numbers - closed if number not in world.merge))
        self._pos = entries[-1].pos if entries else self._pos
        return bool(entries)

    def _closed(self, number: int) -> bool:
        matter = self.world.store.read.matter(number)
        return matter.stage == self.world.flow_of(matter).closed
