"""Command's own pages, as people use them: the page of the unit one rides in."""

from __future__ import annotations

import asyncio
import html
import re

import pytest
from tests.web.conftest import Browser

from anlan.app import handle
from anlan.app.world import World
from anlan.domains.command import standby
from anlan.domains.command.pages_standby import places
from anlan.domains.command.seed import demo_units, put_units
from anlan.domains.command.standby import Ask
from anlan.domains.command.tests.conftest import Room
from anlan.domains.command.units import Unit
from anlan.loop.case import Intent
from anlan.loop.grants import Actor
from anlan.loop.matter import shown

pytestmark = pytest.mark.anyio


@pytest.fixture
def room(world: World) -> Room:
    """A fleet on duty, and a dispatcher."""
    world.store.writer.submit(put_units(world, "system", demo_units(world)))
    return Room(world)


async def test_the_page_goes_the_whole_way_without_scripts(room: Room, browser: Browser) -> None:
    unit = room.available()
    officer = room.world.city.roster.of_unit(unit.organisation, "officer")[0]
    await browser.log_in(officer.number)
    assert unit.call_sign in (await browser.get("/unit")).text
    assert "没有任务" in (await browser.post("/unit/ride", unit=unit.key)).text
    matter = await called(room, unit)
    page = (await browser.get("/unit")).text
    assert "饭馆里客人和老板争执" in page
    assert "13812345678" not in page
    assert "138****5678" in page
    for deed in ("set_out", "arrive", "clear"):
        answer = await browser.post("/unit/deeds", deed=deed, matter=matter)
        assert answer.status_code == 200
    assert room.world.store.read.matter(matter).stage == "reporting"
    assert "没有派往本警情" in (await browser.post("/unit/deeds", deed="arrive", matter=matter)).text
    reads = [f for f in room.world.store.read.facts(matter) if f.kind == "read"]
    assert {f.actor for f in reads} == {officer.number}


async def test_a_queued_deed_is_answered_again_word_for_word_and_its_key_serves_no_other(
    room: Room, browser: Browser
) -> None:
    unit = room.available()
    officer = room.world.city.roster.of_unit(unit.organisation, "officer")[0]
    await browser.log_in(officer.number)
    await browser.get("/unit")
    await browser.post("/unit/ride", unit=unit.key)
    matter = await called(room, unit)
    await browser.get("/unit")
    browser.client.headers["idempotency-key"] = "key-1"
    answers = [await browser.post("/unit/deeds", deed="set_out", matter=matter) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    other = await browser.post("/unit/deeds", deed="arrive", matter=matter)
    assert (other.status_code, other.json()["code"]) == (422, "request.key_reused")
    assert len([fact for fact in room.world.store.read.facts(matter) if fact.kind == "unit_set_out"]) == 1
    worker = await browser.get("/unit/worker.js")
    assert worker.headers["service-worker-allowed"] == "/unit"


async def called(room: Room, unit: Unit) -> int:
    """An incident that the unit is sent to, made past the pages."""
    text = "饭馆里客人和老板争执"
    matter = await asyncio.to_thread(room.call, room.at(unit), "incident.dispute", text, caller="13812345678")
    return int((await asyncio.to_thread(room.send, matter, unit.key)).number)


async def test_every_figure_of_the_response_report_leads_to_its_incidents(room: Room, browser: Browser) -> None:
    unit = room.available()
    number = await called(room, unit)
    for seconds, step in ((40, "set_out"), (200, "arrive"), (900, "clear")):
        room.later(seconds)
        await asyncio.to_thread(room.move, room.world.store.read.matter(number), step, unit.key)
    await browser.role("overseer")
    page = (await browser.get("/command/response")).text
    assert "04:00" in page
    for href in {html.unescape(href) for href in re.findall(r'href="(/command/response/incidents[^"]*)"', page)}:
        answer = await browser.client.get(href)
        assert answer.status_code == 200
        assert (shown(number) in answer.text) == ("only=" not in href), href
    table = (await browser.get("/command/response/table.csv", by="hour")).content.decode("utf-8-sig")
    assert [line.split(",")[3] for line in table.splitlines()[1:]] == ["0", "40", "200", "240"]
    assert (await browser.get("/command/response", by="officer")).status_code == 422
    assert "没有警情" in (await browser.get("/command/response", **{"from": "2026-01-01", "to": "2026-01-02"})).text


async def test_a_standby_plan_is_proposed_accepted_and_looked_at_without_scripts(room: Room, browser: Browser) -> None:
    await browser.log_in(room.dispatcher.id)
    page = (await browser.get("/command/standby", hour="20", units="5")).text
    points = dict(re.findall(r'name="(at-[^"]+)" value="([^"]+)"', page))
    assert len(points) == 5
    told = standby.covers(room.world, room.dispatcher, Ask(20), places(",".join(points.values())))
    assert f"{told.share_ppm / 10_000:.1f}%" in page
    answer = await browser.post("/command/standby", hour="20", within="600", floor="0", **points)
    assert "20:00–21:00" in answer.text
    assert "还没到时间" in answer.text
    unit = next(iter(points)).removeprefix("at-")
    assert room.unit(unit).call_sign in answer.text
    assert "5组" in (await browser.get("/command/standby")).text
    assert (await browser.get("/command/standby/nothing")).status_code == 404
    for wrong in ("1:x", "120.1", "200:36"):
        assert room.refused(lambda wrong=wrong: places(wrong)) == "field.wrong_type"
    assert "没有待命点" in (await browser.post("/command/standby", hour="20", within="600", floor="0")).text


async def test_a_floor_per_district_has_its_price_on_the_page_or_is_refused_beside_a_plan_without(
    room: Room, browser: Browser
) -> None:
    await browser.log_in(room.dispatcher.id)
    free = standby.propose(room.world, room.dispatcher, Ask(20))
    page = (await browser.get("/command/standby", hour="20")).text
    assert 'id="price"' not in page
    assert f"{free.districts[0].share_ppm / 10_000:.1f}%" in page
    floor = free.districts[0].share_ppm // 10_000 + 3
    kept = standby.propose(room.world, room.dispatcher, Ask(20, floor=floor))
    page = (await browser.get("/command/standby", hour="20", floor=str(floor))).text
    assert f"−{(kept.without_ppm - kept.share_ppm) / 10_000:.2f}个百分点" in page
    assert "守住保底的布点都不会更高" in page
    assert f"每个区市不低于{floor}%" in page
    for one in kept.districts:
        assert f"{one.share_ppm / 10_000:.1f}%" in page
    form = dict(re.findall(r'name="(at-[^"]+|hour|within|floor)" value="([^"]+)"', page))
    accepted = (await browser.post("/command/standby", **form)).text
    assert f"守住保底{floor}%" in accepted
    assert "未守住" not in accepted
    assert f"{kept.districts[0].share_ppm / 10_000:.1f}%" in accepted
    refused = await browser.get("/command/standby", hour="20", units="3", floor="60")
    assert refused.status_code == 422
    assert "达不到每个区市60%的保底" in refused.text
    assert len(re.findall(r'name="at-', refused.text)) == 3
    assert (await browser.get("/command/standby", hour="20", floor="x")).status_code == 422


async def test_the_ranked_list_is_renewed_without_a_reading_and_the_card_is_one(room: Room, browser: Browser) -> None:
    at = room.at(room.available())
    matter = await asyncio.to_thread(room.call, at, "incident.dispute", "饭馆里客人和老板争执")
    await browser.log_in(room.dispatcher.id)
    ranked = (await browser.get(f"/command/{shown(matter.number)}/rank")).text
    assert 'name="u-' in ranked
    assert "饭馆" not in ranked, "nothing that a person said"
    assert [fact.kind for fact in room.world.store.read.facts(matter.number) if fact.kind == "read"] == []
    assert "饭馆" in (await browser.get(f"/command/{shown(matter.number)}/card")).text
    assert [fact.kind for fact in room.world.store.read.facts(matter.number) if fact.kind == "read"] == ["read"]


async def test_an_incidents_own_page_leads_to_the_dispatch_screen_for_what_is_done_there(
    room: Room, browser: Browser
) -> None:
    unit = room.available()
    number = shown(await called(room, unit))
    await browser.log_in(room.dispatcher.id)
    page = (await browser.get(f"/matters/{number}")).text
    assert page.count(f'href="/command?incident={number}"') == 1
    for move in ("send", "set_out", "arrive", "clear", "withdraw"):
        assert f"/moves/{move}" not in page, "a form without its units"
    assert "/moves/note" in page


async def test_what_was_opened_anew_waits_for_its_house_and_not_on_the_board(room: Room, browser: Browser) -> None:
    unit = room.available()
    matter = room.world.store.read.matter(await called(room, unit))
    for step in ("arrive", "clear"):
        await asyncio.to_thread(room.move, matter, step, unit.key)
    await browser.log_in(room.dispatcher.id)
    assert shown(matter.number) in (await browser.get("/command/calls")).text
    for role, move, fields in (
        ("dispatcher", "report", {"note": "已处置"}),
        ("overseer", "verify", {}),
        ("callback", "call_back", {"receipt": matter.number, "outcome": "not_satisfied"}),
    ):
        officer, now = room.world.city.roster.with_role(role)[0], room.world.store.read.matter(matter.number)
        by = Actor(officer.number, officer.unit, officer.roles)
        commit = handle.prepare(room.world, now.number, Intent(move, now.version, fields), by)
        await room.world.store.writer.write(commit)
    assert room.world.store.read.matter(matter.number).stage == "reporting"
    assert shown(matter.number) not in (await browser.get("/command/calls")).text
