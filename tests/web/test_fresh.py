"""What an open page asks for: rows that changed, counts, news; and what is new to a person since they looked."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app import seen
from anlan.app.world import World
from anlan.loop.matter import Matter, shown
from anlan.web.csrf import masked, unmasked

pytestmark = pytest.mark.anyio
DAY_MS = 24 * 3600 * 1000


async def test_only_rows_that_are_in_the_list_come_back(browser: Any, received: Matter) -> None:
    await browser.role("overseer")
    query = {"view": "open", "number": received.number}
    assert shown(received.number) in (await browser.get("/queue/rows", **query)).text
    assert shown(received.number) not in (await browser.get("/queue/rows", **query | {"view": "verifying"})).text
    assert (await browser.get("/queue/rows", view="open")).status_code == 422
    assert (await browser.get("/queue/rows", view="nonsense", number=received.number)).status_code == 422
    assert "chip" in (await browser.get("/queue/counts", view="open")).text


async def test_a_matter_is_unread_until_it_is_opened_and_again_after_somebody_elses_move(
    browser: Any, world: World, received: Matter
) -> None:
    async def is_unread() -> bool:
        text = (await browser.get("/queue/rows", view="open", number=received.number)).text
        return 'class="row unread"' in text

    who = await browser.role("overseer")
    assert await is_unread(), "nobody has taken it on"
    page = f"/matters/{shown(received.number)}"
    await browser.get(page)
    assert not await is_unread()
    version = world.store.read.matter(received.number).version
    await browser.post(f"{page}/moves/note", version=version, note="我自己写的")
    assert not await is_unread(), "an own move is known"
    officer = next(o for o in world.city.roster.of_unit(received.lead, "officer") if o.number != who.id)
    await browser.log_in(officer.number)
    await browser.get(page)
    version = world.store.read.matter(received.number).version
    await browser.post(f"{page}/moves/note", version=version, note="别人写的")
    await browser.log_in(who.id)
    assert await is_unread()
    assert "你上次看之后" in (await browser.get(page)).text
    assert "你上次看之后" not in (await browser.get(page)).text


async def test_mark_all_read_and_what_is_forgotten(browser: Any, world: World, received: Matter) -> None:
    who = await browser.role("overseer")
    await browser.get("/queue", view="open")
    await browser.post("/queue/read?view=open")
    assert seen.versions(world, who.id, [received.number]) == {received.number: received.version}
    assert 'class="row unread"' not in (await browser.get("/queue", view="open")).text
    sql = "UPDATE matters SET kind = 'closed', closed_at = 1 WHERE number = ?"
    world.store.writer.connection.execute(sql, (received.number,))
    for statement, values in seen.forgotten(who.id, world.clock()):
        world.store.writer.connection.execute(statement, values)
    assert seen.versions(world, who.id, [received.number]) == {}


async def test_news_is_a_line_with_why_and_due(browser: Any, world: World, received: Matter) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[0]
    await browser.log_in(officer.number)
    last = world.store.outbox.last()
    text = (await browser.get("/news", after=0, to=last)).text
    assert "派给本单位" in text
    assert shown(received.number) in text
    assert shown(received.number) not in (await browser.get("/news", after=last, to=last)).text
    assert (await browser.get("/news", after="x", to=last)).status_code == 422


def test_a_token_is_never_written_twice_the_same_and_reads_back() -> None:
    token = "ab" * 64
    one, two = masked(token), masked(token)
    assert one != two
    assert unmasked(one) == unmasked(two) == unmasked(token) == token
    assert unmasked("no token") == "no token"


async def test_pages_are_compressed_and_a_forged_form_is_refused(browser: Any, client: Any) -> None:
    await browser.role("overseer")
    answer = await client.get("/queue", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    refused = await client.post("/logout", data={"_csrf_token": masked("ab" * 64)})
    assert refused.status_code == 403


async def test_the_last_move_is_offered_back_and_taken_back(browser: Any, world: World, received: Matter) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[0]
    await browser.log_in(officer.number)
    page = f"/matters/{shown(received.number)}"
    await browser.get(page)
    answer = await browser.post(f"{page}/moves/accept", version=received.version)
    assert 'id="undo"' in answer.text
    answer = await browser.post(f"{page}/undo", version=received.version + 1)
    assert world.store.read.matter(received.number).stage == "assigned"
    assert "（已撤回）" in answer.text
    assert 'id="undo"' not in answer.text
    assert (await browser.post(f"{page}/undo", version=received.version + 1)).status_code == 409


async def test_who_moves_a_matter_out_of_sight_lands_on_the_list_and_may_take_it_back(
    browser: Any, world: World, received: Matter
) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[0]
    await browser.log_in(officer.number)
    page = f"/matters/{shown(received.number)}"
    await browser.get(page)
    fields = {"reason": "place_wrong", "note": "不在本辖区"}
    answer = await browser.post(f"{page}/moves/return", version=received.version, **fields)
    assert answer.url.path == "/queue"
    assert 'id="undo"' in answer.text
    await browser.post(f"{page}/undo", version=received.version + 1)
    assert world.store.read.matter(received.number).lead == received.lead
