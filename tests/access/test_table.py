"""Every address is declared where a reader finds it, and held against the hand-written table."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar, get
from litestar.testing import AsyncTestClient
from tests.access import rules

from anlan.api.access import ACCOUNT, ANYONE, need_of, table
from anlan.app.world import World
from anlan.main import application
from anlan.web import web_config


def routes(app: Litestar) -> list[tuple[str, str]]:
    return sorted(
        (str(method), route.path_format)
        for route in app.routes
        for method in getattr(route, "route_handler_map", {"ASGI": None})
        if method != "OPTIONS"
    )


def test_every_address_is_declared_and_every_declaration_has_an_address(world: World) -> None:
    found = routes(application(world))
    assert [one for one in found if need_of(*one) is None] == []
    known = {f"{method} {path}" for method, path in found}
    assert [at for at in table() if at not in known and not at.endswith("*")] == []
    assert [at for at in table() if at.endswith("*") and not any(one.startswith(at[:-1]) for one in known)] == []


def test_the_hand_written_table_knows_every_address_and_no_other(world: World) -> None:
    found = {rules.named(*one) for one in routes(application(world))}
    assert sorted(found - set(rules.addresses())) == [], "say in expected.toml who may call it"
    assert sorted(set(rules.addresses()) - found) == []


def test_what_an_address_needs_somebody_has(world: World) -> None:
    granted = {action for role in world.grants.roles() for action in world.grants.of_role(role)}
    needed = {action for need in table().values() for action in need.actions}
    assert sorted(needed - granted - {ANYONE, ACCOUNT}) == []


def test_every_role_is_in_the_hand_written_table(world: World) -> None:
    assert sorted(set(world.grants.roles()) - set(rules.said()["roles"])) == ["citizen"]


@get("/forgotten")
async def forgotten() -> str:
    return "secret"


@pytest.mark.anyio
async def test_an_address_that_nobody_declared_is_refused(world: World) -> None:
    config: dict[str, Any] = web_config(world)
    config["route_handlers"] = [*config["route_handlers"], forgotten]
    app = Litestar(**config)
    app.state.world = world
    async with AsyncTestClient(app=app, raise_server_exceptions=False) as client:
        answer = await client.get("/forgotten")
    assert answer.status_code >= 400
    assert "secret" not in answer.text
