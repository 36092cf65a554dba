"""A world of the demo city at noon, and who acts in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anlan.app.world import World
from anlan.city.demo import write_demo
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.main import open_world

NOON = 1_795_492_800_000
"""2026-11-24 12:00 in Qingdao, a Tuesday, as UTC milliseconds."""


@pytest.fixture(scope="session")
def campaign_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("campaign") / "city"
    write_demo(path)
    return path


@pytest.fixture
def world(tmp_path: Path, campaign_city: Path) -> Iterator[World]:
    shutil.copytree(campaign_city, tmp_path / "city")
    made = open_world(tmp_path)
    made.clock = lambda: NOON
    yield made
    made.store.close()


def someone(world: World, role: str, unit: str = "") -> Actor:
    officer = world.city.roster.of_unit(unit, role)[0] if unit else world.city.roster.with_role(role)[0]
    return Actor(officer.number, officer.unit, (role,))


def refused(work: Any) -> str:
    with pytest.raises(Refused) as no:
        work()
    return no.value.code
