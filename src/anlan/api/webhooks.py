"""Webhook subscriptions for whoever sets up the system: made, paused, resumed, removed; dead letters settled."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath

from anlan.api.body import decoded
from anlan.api.described import taking
from anlan.api.who import actor, world_of
from anlan.app import webhooks
from anlan.app.webhooks import Asked
from anlan.store.webhooks import Letter, Webhook

_asked = msgspec.json.Decoder(Asked)


class Subscription(msgspec.Struct):
    """A subscription without its secret; `pos` is how far it has come; times are UTC ms."""

    id: str
    name: str
    account: str
    url: str
    kinds: str
    ledgers: str
    state: str
    why: str
    pos: int
    attempts: int
    due_at: int


class Made(msgspec.Struct):
    """A new subscription's id and its secret, which is not shown again."""

    id: str
    secret: str


class Listed(msgspec.Struct):
    """Subscriptions, and the facts that could not be delivered and wait for a decision."""

    webhooks: list[Subscription]
    letters: list[Letter]


@get("/api/v1/webhooks")
async def list_webhooks(request: Request[Any, Any, Any]) -> Listed:
    """Every subscription, and the dead letters, newest first."""
    world = world_of(request)
    return Listed([_shown(one) for one in world.store.webhooks.all()], webhooks.letters(world))


@post("/api/v1/webhooks", status_code=201, operation_class=taking(Asked))
async def add(request: Request[Any, Any, Any]) -> Made:
    """A new subscription: it is told what happens from now on."""
    world, who = world_of(request), actor(request)
    asked = decoded(_asked, await request.body())
    await request.app.state.poster.check(asked.url)
    commit, made, secret = webhooks.add(world, who, asked)
    await world.store.writer.write(commit)
    return Made(made, secret)


@post("/api/v1/webhooks/{webhook:str}/{deed:str}", status_code=204)
async def change(request: Request[Any, Any, Any], webhook: FromPath[str], deed: FromPath[str]) -> None:
    """Do one thing with it: pause, resume, remove."""
    world, who = world_of(request), actor(request)
    await world.store.writer.write(webhooks.change(world, who, webhook, deed))


@post("/api/v1/letters/{letter:str}/{deed:str}", status_code=204)
async def settle(request: Request[Any, Any, Any], letter: FromPath[str], deed: FromPath[str]) -> None:
    """Settle a dead letter: again, let_go."""
    world, who = world_of(request), actor(request)
    await world.store.writer.write(webhooks.settle(world, who, letter, deed))


def _shown(one: Webhook) -> Subscription:
    return Subscription(**{name: getattr(one, name) for name in Subscription.__struct_fields__})
