"""What command does beside the requests: positions to the series every two seconds, old ones made coarse and dropped,
the roads and the cover made ready before the first call."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

import msgspec

from anlan.app.stop import Stop
from anlan.app.world import World
from anlan.domains.command.cover import cover
from anlan.domains.command.fleet import Fix, fleet
from anlan.loop.errors import Refused
from anlan.settings import Settings

WRITE_SECONDS, SETTLE_SECONDS = 2.0, 1.5
FORGET_EVERY = 1800
FINE_MS = 24 * 3_600_000
KEPT_MS = 30 * 24 * 3_600_000
"""A unit's track is fine for a day, coarse for thirty, then gone."""


class Told(msgspec.Struct, frozen=True):
    """A position as a device says it: degrees in `system`, UTC milliseconds (0: now)."""

    lon: float
    lat: float
    at: int = 0
    system: str = "wgs84"


_told = msgspec.json.Decoder(Told)


async def keeping(world: World, stop: Stop, said: Settings) -> None:
    """Until the server stops. The first requests come before the roads are made ready."""
    await stop.pause(SETTLE_SECONDS)
    await asyncio.to_thread(ready, world)
    task = asyncio.get_running_loop().create_task(_listening(world, said)) if said.mqtt_url else None
    try:
        await _writing(world, stop)
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if (live := world.kept.get("command.live")) is not None:
            live.end()


async def _listening(world: World, said: Settings) -> None:
    from anlan.links.mqtt import link  # noqa: PLC0415 - its library is only waited for where it is used

    listening = link(said, world.store.home, partial(heard, world))
    if listening is not None:
        await listening.run()


async def heard(world: World, topic: str, payload: bytes) -> None:
    """What a unit's device says over MQTT under …/UNIT/position: its place. Anything else is let pass, and each kind of
    it said once in the log."""
    try:
        code = next((code for _, code in fleet(world).take([fix_of(world, topic, payload)]).refused), "")
    except Refused as refused:
        code = refused.code
    said: set[str] = world.kept.setdefault("command.unheard", {""})
    if code not in said:
        said.add(code)
        logging.getLogger("anlan").warning("a device's message was refused: %s", code)


def fix_of(world: World, topic: str, payload: bytes) -> Fix:
    """The position in a device's message. Raises Refused: position.topic, body.not_json."""
    parts = topic.split("/")
    if len(parts) < 2 or parts[-1] != "position":
        raise Refused("position.topic", topic=topic[:100])
    try:
        told = _told.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("body.not_json") from None
    return Fix(parts[-2], told.lon, told.lat, told.at or world.clock(), told.system)


async def _writing(world: World, stop: Stop) -> None:
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
