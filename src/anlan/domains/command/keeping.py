"""What command does beside the requests: positions to the series every two seconds, old ones made coarse and dropped,
the roads and the cover made ready before the first call."""

from __future__ import annotations

import asyncio
import logging

from anlan.app.stop import Stop
from anlan.app.world import World
from anlan.domains.command.cover import cover
from anlan.domains.command.fleet import fleet
from anlan.loop.errors import Refused

WRITE_SECONDS = 2.0
FORGET_EVERY = 1800
FINE_MS = 24 * 3_600_000
KEPT_MS = 30 * 24 * 3_600_000
"""A unit's track is fine for a day, coarse for thirty, then gone."""


async def keeping(world: World, stop: Stop) -> None:
    """Until the server stops."""
    await asyncio.to_thread(ready, world)
    here, turn = fleet(world), 0
    while not stop.is_told():
        await stop.pause(WRITE_SECONDS)
        try:
            await asyncio.to_thread(here.write)
            if world.store.database.shared:
                await asyncio.to_thread(here.catch_up)
            if turn % FORGET_EVERY == 0 and world.store.leads:
                await asyncio.to_thread(forget, world)
        except Refused as refused:
            logging.getLogger("anlan").warning("positions were not kept: %s", refused.code)
        turn += 1


def ready(world: World) -> None:
    """Read the roads and work the cover out."""
    cover(world)


def forget(world: World) -> None:
    """Make old positions coarse, and drop those that are older still."""
    now = world.clock()
    world.store.series.forget(now - FINE_MS, now - KEPT_MS)
