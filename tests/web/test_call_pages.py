"""A call on the pages: told where it rings, taken with the masked number and the caller's matters, dialled back."""

from __future__ import annotations

import asyncio
import re

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from tests.web.conftest import Browser

from anlan.app import calls
from anlan.app.live import Live
from anlan.app.world import SYSTEM, World
from anlan.links.asterisk import CallEvent, Undialled
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, shown

pytestmark = pytest.mark.anyio
PHONE = "13812345678"


def event(world: World, state: str = "ringing", caller: str = PHONE, call: str = "1761.1", at: str = "8001") -> bool:
    commit = calls.took(world, CallEvent(call, state, at, caller), SYSTEM.id)
    if commit:
        world.store.writer.submit(commit)
    return commit is not None


async def sits(browser: Browser, role: str = "operator") -> Actor:
    who = await browser.role(role)
    await browser.get("/account")
    assert (await browser.post("/account/extension", extension="8001")).status_code == 200
    return who


async def test_a_call_is_told_taken_and_becomes_a_matter(browser: Browser, world: World, received: Matter) -> None:
    operator = await sits(browser)
    assert event(world)
    told = (await browser.get("/calls/now")).text
    assert ("来电 138****5678" in told, "这个号码有1件未结" in told) == (True, True)
    call = re.search(r"/intake\?call=(\w+)", told)[1]  # type: ignore[index]
    page = (await browser.get("/intake", call=call)).text
    assert (shown(received.number) in page, PHONE in page, "138****5678" in page) == (True, False, True)
    readings = [e.fact.data for e in world.store.outbox.after(0) if e.fact.data.get("what") == "caller"]
    assert {(one["purpose"], one["call"]) for one in readings} == {("receive", call)}
    form = {
        "outside_id": "d1",
        "text": "路口红绿灯整夜不亮",
        "channel": "call_968110",
        "wants_callback": "on",
        "call": call,
    }
    answer = await browser.post("/intake", **form)
    assert answer.status_code == 201
    made = world.store.read.matter(int(re.search(r"\d{6}-\d{2}-\d{7}", answer.text)[0].replace("-", "")))  # type: ignore[index]
    assert made.parties[0].party == received.parties[0].party, "the caller's own number, which no page showed"
    assert world.store.calls.one(call).matter == made.number  # type: ignore[union-attr]
    assert "toast" not in (await browser.get("/calls/now")).text
    assert operator.id == world.store.calls.one(call).account  # type: ignore[union-attr]


async def test_it_rings_only_where_somebody_sits_and_only_for_them(browser: Browser, world: World) -> None:
    assert not event(world)
    await sits(browser)
    assert event(world)
    assert not event(world), "told once"
    call = world.store.calls.outside("1761.1/8001")
    assert call
    await browser.role("overseer")
    assert (await browser.get("/intake", call=call.id)).status_code in {403, 404}
    with pytest.raises(Refused, match=r"call\.unknown"):
        calls.phone_for(world, Actor("900001", "", ("operator",)), call.id)


async def test_another_s_call_writes_nothing(browser: Browser, world: World) -> None:
    await sits(browser)
    event(world)
    call = world.store.calls.outside("1761.1/8001")
    assert call
    other = next(o for o in world.city.roster.with_role("operator") if o.number != call.account)
    await browser.log_in(other.number)
    await browser.get("/intake")
    form = {"outside_id": "d1", "text": "路灯不亮", "channel": "call_968110", "phone": PHONE, "call": call.id}
    assert (await browser.post("/intake", **form)).status_code == 404
    assert [e for e in world.store.outbox.after(0) if e.fact.kind == "received"] == []


async def test_states_follow_each_other(browser: Browser, world: World) -> None:
    await sits(browser)
    event(world)
    for state, changed, now in (
        ("answered", True, "answered"), ("answered", False, "answered"), ("ringing", False, "answered"),
        ("ended", True, "ended"), ("answered", False, "ended"),
    ):  # fmt: skip
        assert event(world, state) is changed
        assert world.store.calls.outside("1761.1/8001").state == now  # type: ignore[union-attr]
    event(world, call="2")
    event(world, "ended", call="2")
    assert world.store.calls.outside("2/8001").state == "missed"  # type: ignore[union-attr]
    for wrong, code in (
        (CallEvent("3", "x", "8001"), "field.not_an_option"),
        (CallEvent("3", "ended", "8 1"), "call.bad_extension"),
    ):
        with pytest.raises(Refused, match=code):
            calls.took(world, wrong, SYSTEM.id)


async def test_a_withheld_number_still_pops(browser: Browser, world: World) -> None:
    await sits(browser)
    event(world, caller="anonymous")
    assert "来电 号码未显示" in (await browser.get("/calls/now")).text


async def test_calls_are_forgotten_after_thirty_days(browser: Browser, world: World) -> None:
    await sits(browser)
    event(world)
    call = world.store.calls.outside("1761.1/8001")
    assert call
    assert calls.forget_old(world) is None
    now = world.clock()
    world.clock = lambda: now + calls.KEPT_MS + 1
    commit = calls.forget_old(world)
    assert commit
    world.store.writer.submit(commit)
    assert (world.store.calls.one(call.id), world.store.vault.open([call.id])) == (None, {})


async def test_the_stream_tells_the_one_who_sits_there(browser: Browser, world: World) -> None:
    operator = await sits(browser)
    other = Actor("900012x", operator.unit, operator.roles)
    live = Live(world, gap=0.01)
    streams = [live.changes(operator), live.changes(other)]
    for stream in streams:
        await anext(stream)
    waits = [asyncio.ensure_future(anext(stream)) for stream in streams]
    await asyncio.sleep(0)
    event(world)
    assert [one.call for one in await asyncio.wait_for(asyncio.gather(*waits), 5)] == [True, False]
    for stream in streams:
        await stream.aclose()


class Link:
    """A link to an exchange as the desk sees it (`tests/links` has the real one)."""

    def __init__(self) -> None:
        self.connected, self.answers, self.dialled = True, True, list[tuple[str, str]]()

    async def dial(self, extension: str, number: str) -> None:
        self.dialled.append((extension, number))
        if not self.answers:
            raise Undialled("call.not_answered")


async def test_a_reporter_is_called_through_the_exchange_without_showing_the_number(
    client: AsyncTestClient[Litestar], browser: Browser, world: World, received: Matter
) -> None:
    await browser.work(received)
    caller = await sits(browser, "callback")
    page, link = f"/callbacks/{shown(received.number)}", Link()
    client.app.state.telephone = link
    assert "拨打" in (await browser.get(page)).text
    answer = await browser.post(f"{page}/dial", receipt=received.number)
    assert ("正在接通" in answer.text, PHONE in answer.text, link.dialled) == (True, False, [("8001", PHONE)])
    link.answers = False
    failed = await browser.post(f"{page}/dial", receipt=received.number)
    assert (failed.status_code, "没有接通" in failed.text) == (422, True)
    link.connected = False
    gone = await browser.post(f"{page}/dial", receipt=received.number)
    assert (gone.status_code, "请用话机拨打" in gone.text) == (503, True)
    kinds = [(f.kind, f.data.get("what")) for f in world.store.read.facts(received.number) if f.actor == caller.id]
    told = [kind for kind in kinds if kind[0] == "dialled" or kind[1] == "contact"]
    assert told == [("read", "contact"), ("dialled", None), ("read", "contact")]


async def test_who_sits_nowhere_is_told_where_to_say_so(
    client: AsyncTestClient[Litestar], browser: Browser, received: Matter
) -> None:
    await browser.work(received)
    await browser.role("callback")
    client.app.state.telephone = Link()
    await browser.get(f"/callbacks/{shown(received.number)}")
    answer = await browser.post(f"/callbacks/{shown(received.number)}/dial", receipt=received.number)
    assert (answer.status_code, "我的账号" in answer.text) == (422, True)
