"""Asking the API as somebody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from anlan.app import accounts
from anlan.app.world import World
from anlan.loop.grants import Actor
from anlan.main import application


@pytest.fixture
def ask(world: World, somebody: Callable[..., Actor]) -> Callable[..., Any]:
    """Ask as an operator: `await ask(method, path, **request)`."""

    def token(role: str, unit: str = "") -> str:
        who = somebody(role, unit)
        world.store.writer.submit(accounts.add(world, who.id, who.unit, who.roles, "long enough"))
        commit, made = accounts.token_for(world, who.id)
        world.store.writer.submit(commit)
        return made

    async def send(method: str, path: str, role: str = "operator", unit: str = "", **request: Any) -> Any:
        headers = {"authorization": f"Bearer {token(role, unit)}", **request.pop("headers", {})}
        async with AsyncTestClient(application(world)) as client:
            return await client.request(method, path, headers=headers, **request)

    return send
