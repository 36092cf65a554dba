"""What tests share: a demo city made once, worlds with an injected clock, people by role."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anlan.app.world import World
from anlan.city.demo import write_demo
from anlan.cli.bench.postgres_server import PostgresServer
from anlan.loop.grants import Actor
from anlan.main import open_world

NOON = 1_795_492_800_000
"""2026-11-24 12:00 in Qingdao (a Tuesday), as UTC milliseconds."""


@pytest.fixture(scope="session")
def demo_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("city") / "city"
    write_demo(path)
    return path


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, demo_city: Path) -> Iterator[World]:
    """A world at NOON; set `world.clock` to move on. With ANLAN_TEST_DATABASE=postgres it is kept there."""
    shutil.copytree(demo_city, tmp_path / "city")
    if os.environ.get("ANLAN_TEST_DATABASE") == "postgres":
        url = request.getfixturevalue("postgres_url")
        (tmp_path / "anlan.toml").write_text(f'database_url = "{url}"\n', "utf-8")
    made = open_world(tmp_path)
    made.clock = lambda: NOON
    yield made
    made.store.close()


@pytest.fixture
def somebody(world: World) -> Callable[..., Actor]:
    """An officer with a role, of a unit if one is named."""

    def find(role: str, unit: str = "") -> Actor:
        officer = world.city.roster.of_unit(unit, role)[0] if unit else world.city.roster.with_role(role)[0]
        return Actor(officer.number, officer.unit, officer.roles)

    return find


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own; `postgres_url` gives each test a schema of its own in it."""
    if not PostgresServer.there():
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with PostgresServer(durable=False) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """An empty schema, as the URL of an installation."""
    return postgres.schema(f"t{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared real data; the test is skipped, by name, where it is absent."""
    path = Path(os.environ.get("ANLAN_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"shared data not found at {path}")
    return path


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutines in tests run on asyncio, as the server does."""
    return "asyncio"
