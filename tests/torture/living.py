"""An installation of its own for a real server, and a token that may hand in."""

from __future__ import annotations

import shutil
from pathlib import Path

from anlan.app import accounts
from anlan.app.world import World
from anlan.main import open_world


def prepared(home: Path, city: Path) -> tuple[World, str]:
    """The world of a new home (closed: a server opens it) and an operator's token. What is in the home stays."""
    shutil.copytree(city, home / "city")
    world = open_world(home)
    officer = world.city.roster.with_role("operator")[0]
    world.store.writer.submit(accounts.add(world, officer.number, officer.unit, officer.roles, "long enough"))
    commit, token = accounts.token_for(world, officer.number)
    world.store.writer.submit(commit)
    world.store.close()
    return world, token
