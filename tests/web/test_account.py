"""Sessions that can be seen and ended, a password that ends the others, and the record of who saw what."""

from __future__ import annotations

import re
from typing import Any

import pytest

from anlan.app import accounts
from anlan.app.look import unmask
from anlan.app.world import World
from anlan.loop.matter import Matter, shown

pytestmark = pytest.mark.anyio


async def test_a_session_is_ended_and_works_no_more(world: World, browser: Any) -> None:
    who = await browser.role("operator")
    commit, other = accounts.token_for(world, who.id, "session", accounts.SESSION_MS, "Lost phone")
    world.store.writer.submit(commit)
    page = await browser.get("/account")
    assert "Lost phone" in page.text
    mark = next(iter(re.findall(r'name="mark" value="([0-9a-f]+)"', page.text)))
    assert mark == accounts.token_hash(other).hex(), "the session one is in has no button"
    page = await browser.post("/account/revoke", mark=mark)
    assert "Lost phone" not in page.text
    assert accounts.actor_of(world, other) is None
    answer = await browser.post("/account/revoke", mark=mark)
    assert (answer.status_code, "没有这个登录" in answer.text) == (422, True)


async def test_nobody_ends_the_session_of_another(world: World, browser: Any) -> None:
    other = await browser.role("overseer")
    commit, token = accounts.token_for(world, other.id, "session", accounts.SESSION_MS)
    world.store.writer.submit(commit)
    await browser.role("operator")
    await browser.get("/account")
    answer = await browser.post("/account/revoke", mark=accounts.token_hash(token).hex())
    assert answer.status_code == 422
    assert accounts.actor_of(world, token) is not None


async def test_a_new_password_ends_the_other_sessions(world: World, browser: Any) -> None:
    who = await browser.role("operator")
    commit, other = accounts.token_for(world, who.id)
    world.store.writer.submit(commit)
    await browser.get("/account")
    for old, new, words in (("wrong one", "long enough 2", "不对"), ("password-1", "short", "8")):
        answer = await browser.post("/account/password", old=old, new=new)
        assert (answer.status_code, words in answer.text) == (422, True)
    assert accounts.actor_of(world, other) is not None
    answer = await browser.post("/account/password", old="password-1", new="long enough 2")
    assert "密码已改" in answer.text
    assert accounts.actor_of(world, other) is None
    assert (await browser.get("/account")).status_code == 200, "this session goes on"
    accounts.proved(world, who.id, "long enough 2")


async def test_an_auditor_sees_who_opened_a_telephone_number(world: World, browser: Any, received: Matter) -> None:
    caller = await browser.role("callback")
    await unmask(world, caller, received.number, received.number, "call_back")
    assert (await browser.get("/readings")).status_code == 403
    await browser.role("auditor")
    page = await browser.get("/readings", who=caller.id, matter=shown(received.number))
    assert (page.text.count("联系方式"), page.text.count(f'href="/matters/{shown(received.number)}"')) == (1, 1)
    assert "回访" in page.text
    assert "13812345678" not in page.text
    assert "没有符合的查看记录" in (await browser.get("/readings", who="900999")).text
