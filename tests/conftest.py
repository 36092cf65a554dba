"""What tests share: a demo city made once, worlds with an injected clock, people by role."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from anlan.app.world import World
from anlan.city.demo import write_demo
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
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own on a free port; `postgres_url` gives each test a schema of its own in it."""
    programs = [Path(found).parent for name in ("postgres",) if (found := shutil.which(name))]
    programs += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not programs:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    data = Path(tempfile.mkdtemp(prefix="anlan-pg-"))
    user = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
    if user:
        shutil.chown(data, user)
    run = partial(subprocess.run, user=user, cwd=data, check=True, stdout=subprocess.DEVNULL)
    run(
        [
            programs[0].resolve() / "initdb",
            "-D",
            data / "d",
            "-U",
            "anlan",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = f"-p {port} -h 127.0.0.1 -k {data} -c fsync=off -c max_connections=300"
    run([programs[0].resolve() / "pg_ctl", "-D", data / "d", "-w", "-l", data / "log", "-o", settings, "start"])
    try:
        yield f"postgresql://anlan@127.0.0.1:{port}/postgres"
    finally:
        run([programs[0].resolve() / "pg_ctl", "-D", data / "d", "-w", "-m", "immediate", "stop"])
        shutil.rmtree(data)


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """An empty schema, as the URL of an installation."""
    return f"{postgres}?options=-csearch_path%3Dt{uuid.uuid4().hex[:12]}"


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
