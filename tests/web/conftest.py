"""The pages of one world, and a person who uses them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient

from anlan.app import accounts, handle, receive
from anlan.app.world import World
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, shown
from anlan.web import web_config

PASSWORD = "password-1"


@pytest.fixture
async def client(world: World) -> AsyncIterator[AsyncTestClient[Litestar]]:
    app = Litestar(**web_config(world))
    app.state.world = world
    async with AsyncTestClient(app=app) as opened:
        opened.headers["accept-language"] = "zh-CN"
        yield opened


class Browser:
    """A person at the pages: keeps the form token, follows where it is sent."""

    def __init__(self, client: AsyncTestClient[Litestar], world: World) -> None:
        self.client, self.world, self.text = client, world, ""

    async def log_in(self, account: str) -> Actor:
        officer = self.world.city.roster[account]
        if self.world.store.read.account(account) is None:
            commit = accounts.add(self.world, account, officer.unit, officer.roles, PASSWORD)
            await self.world.store.writer.write(commit)
        await self.get("/login")
        await self.post("/login", account=account, password=PASSWORD, next="/")
        return Actor(officer.number, officer.unit, officer.roles)

    async def role(self, role: str) -> Actor:
        return await self.log_in(next(o for o in self.world.city.roster.with_role(role) if o.roles == (role,)).number)

    async def work(self, matter: Matter) -> None:
        """Bring a matter to the call-back desk through the pages."""
        officer = self.world.city.roster.of_unit(matter.lead, "officer")[-1]
        await self.log_in(officer.number)
        page = f"/matters/{shown(matter.number)}"
        await self.get(page)
        for move, fields in (("accept", {}), ("report", {"note": "已到场劝离，告知不得扰民", "solved": "yes"})):
            version = self.world.store.read.matter(matter.number).version
            await self.post(f"{page}/moves/{move}", version=version, **fields)
        await self.role("overseer")
        await self.get(page)
        await self.post(f"{page}/moves/verify", version=self.world.store.read.matter(matter.number).version)
        assert self.world.store.read.matter(matter.number).stage == "calling"

    async def get(self, path: str, **query: Any) -> Response:
        return self._seen(await self.client.get(path, params=query, follow_redirects=True))

    async def post(self, path: str, **form: Any) -> Response:
        token = re.search(r'name="_csrf_token" value="([^"]*)"', self.text)
        data = {k: str(v) for k, v in form.items()} | ({"_csrf_token": token.group(1)} if token else {})
        return self._seen(await self.client.post(path, data=data, follow_redirects=True))

    def _seen(self, answer: Response) -> Response:
        if "_csrf_token" in answer.text:
            self.text = answer.text
        return answer


@pytest.fixture
async def browser(client: AsyncTestClient[Litestar], world: World) -> Browser:
    return Browser(client, world)


@pytest.fixture
def operator(world: World) -> Actor:
    officer = next(o for o in world.city.roster.with_role("operator") if o.roles == ("operator",))
    return Actor(officer.number, officer.unit, officer.roles)


@pytest.fixture
def received(world: World, operator: Actor) -> Matter:
    """A matter at a community, sent to its station."""
    place = world.city.places.places[0]
    intake = Intake(
        "call_968110", "call-1", f"{place.name}楼下夜里很吵", "每晚十一点以后有人在楼下大声唱歌，孩子睡不着",
        world.clock(), place.lon, place.lat, place.name, "王女士", "13812345678", category="public_order.noise",
    )  # fmt: skip
    prepared = receive.prepare(world, world.domains["hotline"], intake, operator)
    key = receive.enter(world, prepared, intake)
    done = world.store.writer.submit(prepared.commit)
    receive.settle(world, key, done)
    return done.matters[0]


@pytest.fixture
def desk_moves(world: World, somebody: Callable[..., Actor]) -> Callable[..., Matter]:
    """Makes a move as the overseer, past the pages."""

    def move(matter: Matter, key: str, **fields: Any) -> Matter:
        intent = Intent(key, matter.version, fields)
        return world.store.writer.submit(handle.prepare(world, matter.number, intent, somebody("overseer"))).matters[0]

    return move
