"""Webhooks on the page and in the API: the secret once, deeds, dead letters; for whoever sets up the system."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from tests.web.conftest import Browser

from anlan.app import accounts
from anlan.app.world import World
from anlan.links.webhook import Poster
from anlan.main import application
from anlan.store.webhooks import INSERT_LETTER

pytestmark = pytest.mark.anyio
ASKED = {"name": "市局平台", "account": "88001", "url": "https://hooks.example/in", "kinds": "received", "ledgers": ""}


@pytest.fixture
async def admin(browser: Browser, client: AsyncTestClient[Litestar], world: World) -> Browser:
    client.app.state.poster = Poster(resolve=lambda *_: ["93.184.216.34"])
    world.store.writer.submit(accounts.add(world, "88001", "", ("auditor",), "long enough"))
    await browser.role("system_admin")
    return browser


def letter(world: World, webhook: str) -> None:
    world.store.writer.connection.execute(INSERT_LETTER, ("l1", webhook, 1, "dead", "http 500", world.clock()))


async def test_made_paused_resumed_removed_and_its_letters_settled(admin: Browser, world: World) -> None:
    assert "还没有订阅" in (await admin.get("/webhooks")).text
    page = (await admin.post("/webhooks", **ASKED)).text
    assert re.search(r'id="secret">whsec_[\w+/=]+<', page)
    assert "whsec_" not in (await admin.get("/webhooks")).text
    made = world.store.webhooks.all()[0].id
    letter(world, made)
    page = (await admin.get("/webhooks")).text
    assert all(word in page for word in ("市局平台", "hooks.example", "死信", "http 500", "再送一次"))
    await admin.post("/letters/l1/again")
    assert world.store.webhooks.counts() == {"again": 1}
    assert (await admin.post("/letters/l1/again")).status_code == 404
    for deed, state in (("pause", "已暂停"), ("resume", "正常"), ("pause", "已暂停")):
        assert state in (await admin.post(f"/webhooks/{made}/{deed}")).text
    await admin.post(f"/webhooks/{made}/remove")
    assert (world.store.webhooks.all(), world.store.webhooks.counts()) == ([], {})


async def test_what_was_typed_stays_when_it_is_refused(admin: Browser, client: AsyncTestClient[Litestar]) -> None:
    client.app.state.poster = Poster(resolve=lambda *_: ["10.0.0.1"])
    await admin.get("/webhooks")
    answer = await admin.post("/webhooks", **ASKED)
    assert (answer.status_code, 'value="市局平台"' in answer.text) == (422, True)


async def test_only_who_sets_up_the_system(browser: Browser) -> None:
    await browser.role("overseer")
    assert (await browser.get("/webhooks")).status_code == 403
    assert (await browser.post("/webhooks", **ASKED)).status_code == 403
    assert (await browser.post("/letters/l1/again")).status_code == 403


async def test_the_api_does_the_same(world: World, somebody: Any) -> None:
    who = somebody("system_admin")
    world.store.writer.submit(accounts.add(world, who.id, who.unit, who.roles, "long enough"))
    world.store.writer.submit(accounts.add(world, "88001", "", ("auditor",), "long enough"))
    commit, token = accounts.token_for(world, who.id)
    world.store.writer.submit(commit)
    app = application(world)
    app.state.poster = Poster(resolve=lambda *_: ["93.184.216.34"])
    headers = {"authorization": f"Bearer {token}"}
    async with AsyncTestClient(app) as client:
        made = (await client.post("/api/v1/webhooks", json=ASKED, headers=headers)).json()
        assert made["secret"].startswith("whsec_")
        letter(world, made["id"])
        listed = (await client.get("/api/v1/webhooks", headers=headers)).json()
        assert [one["id"] for one in listed["letters"]] == ["l1"]
        assert "secret" not in listed["webhooks"][0]
        for path, status in (
            (f"webhooks/{made['id']}/pause", 204), (f"webhooks/{made['id']}/burn", 422), ("webhooks/w0/pause", 404),
            ("letters/l1/let_go", 204), ("letters/l1/let_go", 404), (f"webhooks/{made['id']}/remove", 204),
        ):  # fmt: skip
            assert (await client.post(f"/api/v1/{path}", headers=headers)).status_code == status, path
        assert (await client.get("/api/v1/webhooks")).status_code == 401
        app.state.poster = Poster(resolve=lambda *_: ["127.0.0.1"])
        answer = await client.post("/api/v1/webhooks", json=ASKED, headers=headers)
        assert answer.json()["code"] == "outside.not_public"
