"""Messages on the pages: what went and what failed, by the link in one, and no more of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from tests.web.conftest import Browser

from anlan.app.messages import link_of
from anlan.app.messenger import Messenger
from anlan.app.outward import Outward
from anlan.app.world import World
from anlan.links.port import Message, Undelivered
from anlan.loop.matter import Matter, shown

pytestmark = pytest.mark.anyio


class Refuses:
    def send(self, message: Message) -> None:
        raise Undelivered("gateway 422", final=True)


@pytest.fixture
async def sender(client: AsyncTestClient[Litestar], world: World) -> Messenger:
    made = client.app.state.messenger = Messenger(world, Outward())
    await made.turn()
    return made


async def test_a_message_that_failed_is_seen_with_its_reason_and_sent_again(
    browser: Browser, sender: Messenger, received: Matter, world: World
) -> None:
    browser.client.app.state.messenger = sender = Messenger(world, Outward({"sms": Refuses()}))
    for _ in range(3):
        await sender.turn()
    await browser.role("overseer")
    page = (await browser.get("/messages", state="failed")).text
    assert (page.count("gateway 422"), shown(received.number) in page) == (1, True)
    assert "13812345678" not in page
    assert link_of(world, "", received.number) not in page  # staff do not rate in a reporter's name
    message = re.search(r'name="message" value="(\w+)"', page)[1]  # type: ignore[index]
    sender.outward = Outward()
    assert (await browser.post("/messages/again", message=message)).status_code == 200
    await sender.turn()
    assert "沙箱：只生成，不发出" in (await browser.get("/messages")).text
    assert world.store.messages.counts() == {"sandbox": 1}
    assert "短信告知反映人：受理，沙箱" in (await browser.get(f"/matters/{shown(received.number)}")).text
    assert (await browser.post("/messages/again", message="g0")).status_code == 404


async def test_only_an_overseer_sees_the_messages(browser: Browser, sender: Messenger) -> None:
    assert sender
    await browser.role("officer")
    assert (await browser.get("/messages")).status_code == 403


async def test_by_the_link_one_follows_rates_and_stops_messages(
    browser: Browser, sender: Messenger, received: Matter, world: World
) -> None:
    assert sender
    link = link_of(world, "", received.number)
    page = await browser.get(link)
    assert (page.status_code, shown(received.number) in page.text) == (200, True)
    code = re.search(r'name="code" value="(\w+)"', page.text)[1]  # type: ignore[index]
    said: dict[str, Any] = {"number": shown(received.number), "code": code}
    stopped = await browser.post("/follow/messages", do="stop", **said)
    assert "您已不再接收" in stopped.text
    assert world.store.messages.opted_out([received.parties[0].party])
    resumed = await browser.post("/follow/messages", do="resume", **said)
    assert "不再接收</button>" in resumed.text
    assert not world.store.messages.opted_out([received.parties[0].party])
    for wrong in (link[:-1] + "0", "/f/1-a", "/f/x", f"/f/{received.number}"):
        assert (await browser.get(wrong)).status_code == 404
