"""The page of ledger heads is for everybody, and says what the heads say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from anlan.app import accounts
from anlan.app.world import World
from anlan.loop.grants import Actor
from anlan.main import application, sign_and_publish
from anlan.store.heads import grouped

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_heads_can_be_read_and_printed_by_anybody(
    world: World, somebody: Callable[..., Actor], language: str
) -> None:
    async with AsyncTestClient[Any](application(world)) as client:
        client.headers["accept-language"] = language
        empty = await client.get("/ledger")
        who = somebody("operator")
        world.store.writer.submit(accounts.add(world, who.id, who.unit, who.roles, "long enough"))
        await sign_and_publish(world, "")
        page = await client.get("/ledger")
    (head,) = world.store.heads.newest()
    assert (empty.status_code, page.status_code) == (200, 200)
    assert grouped(head.checkpoint.root) not in empty.text
    for said in (grouped(head.checkpoint.root), world.store.heads.key(world.ledger).text().replace("+", "&#43;")):
        assert said in page.text or said.replace("&#43;", "+") in page.text
    assert "Ledger heads" in page.text or "账本头" in page.text
