"""A command room at noon: a city with roads, a small fleet at known stations, a dispatcher, and calls that come in."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anlan.app import handle, receive
from anlan.app.world import World
from anlan.city.demo import write_demo
from anlan.domains.command import dispatch
from anlan.domains.command import units as board
from anlan.domains.command.seed import demo_units, put_units
from anlan.domains.command.units import AVAILABLE, Unit
from anlan.loop.case import Intent
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.main import open_world

NOON = 1_795_492_800_000
"""2026-11-24 12:00 in Qingdao, as UTC milliseconds."""


class Room:
    """What a test does in it; every commit is written."""

    def __init__(self, world: World) -> None:
        self.world = world
        officer = world.city.roster.with_role("dispatcher")[0]
        self.dispatcher = Actor(officer.number, officer.unit, officer.roles)
        self.calls = 0

    def later(self, seconds: float) -> None:
        now = self.world.clock() + round(seconds * 1000)
        self.world.clock = lambda: now

    def call(self, at: tuple[float, float], category: str, text: str = "有人求助", **said: Any) -> Matter:
        """A call becomes an incident."""
        self.calls += 1
        payload = {"call_id": f"c{self.calls}", "text": text, "lon": at[0], "lat": at[1], "category": category, **said}
        join = payload.pop("join", 0)
        intake = self.world.channels["call_110"][1].adapt(payload, self.world.clock())
        given = receive.hand_in(self.world, self.world.domains["command"], intake, self.dispatcher, join)
        return asyncio.run(given)[1].matters[0]

    def send(self, matter: Matter, unit: str, reason: str = "other", advice: str = "") -> Matter:
        now = self.world.store.read.matter(matter.number)
        intent = Intent("send", now.version, {"unit": unit, "reason": reason})
        commit = dispatch.send(self.world, now.number, intent, self.dispatcher, advice)
        return self.world.store.writer.submit(commit).matters[0]

    def move(self, matter: Matter, move: str, unit: str, who: Actor | None = None, **fields: Any) -> Matter:
        now = self.world.store.read.matter(matter.number)
        intent = Intent(move, now.version, {"unit": unit, **fields})
        commit = handle.prepare(self.world, now.number, intent, who or self.dispatcher)
        return self.world.store.writer.submit(commit).matters[0]

    def unit(self, key: str) -> Unit:
        return board.one(self.world, key)[1]

    def refused(self, work: Any) -> str:
        with pytest.raises(Refused) as no:
            work()
        return no.value.code

    def available(self, n: int = 0) -> Unit:
        """The n-th unit that stands by."""
        rows = board.register(self.world).rows().values()
        return [unit for _, unit in rows if unit.state == AVAILABLE and unit.home][n]

    def at(self, unit: Unit, east_m: float = 0.0) -> tuple[float, float]:
        """Where a unit waits, or so many metres east of it."""
        assert unit.home is not None
        return unit.home[0] / 1e6 + east_m / 90_000, unit.home[1] / 1e6


@pytest.fixture(scope="session")
def command_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("command") / "city"
    write_demo(path)
    return path


@pytest.fixture
def room(tmp_path: Path, command_city: Path) -> Iterator[Room]:
    shutil.copytree(command_city, tmp_path / "city")
    world = open_world(tmp_path)
    world.clock = lambda: NOON
    world.store.writer.submit(put_units(world, "system", demo_units(world)))
    yield Room(world)
    world.store.close()
