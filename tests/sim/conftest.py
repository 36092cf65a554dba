"""Short days of a small city: few people, many orders for its notices, so that every policy gets its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from anlan.app.world import World
from anlan.cli.demo import new_city
from anlan.cli.headless import headless, living
from anlan.cli.simulate import BEGINS, PASSWORD
from anlan.sim.dice import Dice
from anlan.sim.town import Plan, Town

DAY_MS = 24 * 3_600_000


def small(seed: int) -> Plan:
    """Forty orders and a hundred notices a day."""
    return Plan(seed, orders=40, notices=100, few=True, desk_minutes=5)


@pytest.fixture
def town_in(tmp_path: Path) -> Callable[[int], tuple[World, Town]]:
    """A new city that has not begun to live."""

    def made(seed: int) -> tuple[World, Town]:
        world = new_city(tmp_path, seed, BEGINS, Dice(seed, "bytes").randbytes)
        return world, headless(world, small(seed), BEGINS, PASSWORD)

    return made


def lives(world: World, town: Town, days: float) -> None:
    asyncio.run(living(world, town, town.now + round(days * DAY_MS)))
