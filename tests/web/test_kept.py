"""A session ends in the middle of a form: what was typed comes back, to its writer only, and is not sent by itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from anlan.app.accounts import SESSION_MS
from anlan.app.world import World
from anlan.loop.matter import Matter, shown
from anlan.web.kept import KEPT_MS

pytestmark = pytest.mark.anyio
TYPED = "已到场劝离<script>alert(1)</script>，噪音停止"


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return found.group(1)


@pytest.fixture
async def at_work(browser: Any, world: World, received: Matter) -> Any:
    """An officer with an open page, whose session ends before the form is sent."""
    officer = world.city.roster.of_unit(received.lead, "officer")[0]
    who = await browser.log_in(officer.number)
    await browser.get(f"/matters/{shown(received.number)}")
    now = world.clock() + SESSION_MS + 1
    world.clock = lambda: now
    return who


async def back_in(browser: Any, answer: Any, account: str) -> Any:
    kept = hidden(answer.text, "kept")
    return await browser.post("/login", account=account, password="password-1", next="/", kept=kept)


async def test_a_move_comes_back_with_its_words_and_is_sent_only_then(
    browser: Any, world: World, received: Matter, at_work: Any
) -> None:
    page = f"/matters/{shown(received.number)}"
    answer = await browser.post(f"{page}/moves/note", version=received.version, note=TYPED)
    assert answer.status_code == 401
    assert "刚才填的内容都在" in answer.text
    assert "劝离" not in answer.text, "sealed while nobody is logged in"
    resumed = await back_in(browser, answer, at_work.id)
    assert world.store.read.matter(received.number).version == received.version, "nothing is sent by itself"
    assert "<script>alert" not in resumed.text
    form = await browser.post(f"{page}/moves/note", version=received.version, note=TYPED, _kept="1")
    assert "核对后再提交" in form.text
    assert "劝离&lt;script&gt;" in form.text
    assert world.store.read.matter(received.number).version == received.version
    await browser.post(f"{page}/moves/note", version=received.version, note=TYPED)
    assert world.store.read.matter(received.number).version == received.version + 1


async def test_a_wrong_password_keeps_it_and_another_account_does_not_get_it(
    browser: Any, world: World, received: Matter, at_work: Any
) -> None:
    page = f"/matters/{shown(received.number)}"
    answer = await browser.post(f"{page}/moves/note", version=received.version, note=TYPED)
    wrong = await browser.post("/login", account=at_work.id, password="x", next="/", kept=hidden(answer.text, "kept"))
    assert hidden(wrong.text, "kept") == hidden(answer.text, "kept")
    other = world.city.roster.of_unit(received.lead, "officer")[-1].number
    await browser.log_in(other)
    stranger = await back_in(browser, wrong, other)
    assert "不属于这个账号" in stranger.text
    assert "劝离" not in stranger.text


async def test_another_browser_a_late_one_and_a_forged_seal_open_nothing(
    browser: Any, client: Any, world: World, received: Matter, at_work: Any
) -> None:
    page = f"/matters/{shown(received.number)}"
    answer = await browser.post(f"{page}/moves/note", version=received.version, note=TYPED)
    kept, late = hidden(answer.text, "kept"), world.clock() + KEPT_MS + 1
    world.clock = lambda: late
    assert "劝离" not in (await back_in(browser, answer, at_work.id)).text
    for forged in (kept[:-2] + "00", "zz", "", kept[:10]):
        await browser.get("/login")
        entered = await browser.post("/login", account=at_work.id, password="password-1", next="/account", kept=forged)
        assert entered.url.path == "/account"
    client.cookies.clear()
    await browser.get("/login")
    elsewhere = await back_in(browser, answer, at_work.id)
    assert "劝离" not in elsewhere.text


async def test_intake_and_view_come_back_and_a_password_never_does(
    browser: Any, world: World, received: Matter
) -> None:
    who = await browser.role("operator")
    await browser.get("/intake")
    now = world.clock() + SESSION_MS + 1
    world.clock = lambda: now
    answer = await browser.post("/intake", text="路灯不亮", outside_id="desk-1", channel="call_968110")
    assert answer.status_code == 401
    resumed = await back_in(browser, answer, who.id)
    assert "路灯不亮" in resumed.text
    form = await browser.post("/intake", text="路灯不亮", outside_id="desk-1", channel="call_968110", _kept="1")
    assert "路灯不亮" in form.text
    assert "核对后再提交" in form.text
    later = now + SESSION_MS + 1
    world.clock = lambda: later
    lost = await browser.post("/account/password", old="password-1", new="password-2")
    assert 'name="kept"' not in lost.text
    assert lost.url.path == "/login"


async def test_without_its_token_a_late_form_is_refused_and_not_kept(
    browser: Any, client: Any, received: Matter, at_work: Any
) -> None:
    answer = await client.post(f"/matters/{shown(received.number)}/moves/note", data={"note": TYPED})
    assert answer.status_code == 403
    assert "kept" not in answer.text
