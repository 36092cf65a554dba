"""Campaigns and patrols as people use their pages."""

from __future__ import annotations

import pytest
from tests.web.conftest import Browser

from anlan.app.world import World

pytestmark = pytest.mark.anyio
DAY_MS = 86_400_000


async def test_a_campaign_is_sealed_opened_and_swept(world: World, browser: Browser) -> None:
    first, second = world.city.organisation.of_kind("station", "370202")[:2]
    await browser.role("overseer")
    await browser.get("/campaigns")
    form = {"name": "百日行动", "begins": "2026-11-25T08:00", "waves": "2", "days": "7", "text": "先封后门"}
    wrong = await browser.post("/campaigns", **form, places="星海网吧")
    assert (wrong.status_code, "应写成" in wrong.text, "先封后门" in wrong.text) == (422, True, True)
    page = await browser.post("/campaigns", **form, places=f"星海网吧，{first.name}\n海天旅馆，{second.name}")
    address = str(page.url.path)
    assert "启封，此前不可读" in page.text
    assert "超时" not in page.text
    assert "先封后门" not in (await browser.get(address, plan="read")).text
    officer = world.city.roster.of_unit(first.key, "officer")[0]
    await browser.log_in(officer.number)
    assert "百日行动" in (await browser.get("/queue")).text
    assert "百日行动" in (await browser.get("/campaigns")).text
    now = world.clock()
    world.clock = lambda: now + DAY_MS
    await browser.log_in(officer.number)
    page = await browser.get(address, plan="read")
    assert "先封后门" in page.text
    assert "SHA-256一致" in page.text
    for found in ("no", "yes"):
        page = await browser.post(f"{address}/checks", place="p0001", found=found)
    assert "已查1/2处" in page.text
    assert "另有1次重复检查" in page.text
    assert (await browser.post(f"{address}/checks", place="p0002", found="no")).status_code == 403
    stranger = world.city.roster.of_unit(world.city.organisation.of_kind("station", "370202")[3].key, "officer")[0]
    await browser.log_in(stranger.number)
    assert (await browser.get(address)).status_code == 404
    assert "百日行动" not in (await browser.get("/campaigns")).text
    world.clock = lambda: now + 3 * DAY_MS
    await browser.role("overseer")
    assert (await browser.get(address)).text.count("超时") == 2  # neither house has accepted its task


async def test_a_stretch_shows_what_it_needs_and_what_was_walked(world: World, browser: Browser) -> None:
    house = world.city.organisation.of_kind("station", "370202")[0]
    await browser.role("overseer")
    assert "没有巡段" in (await browser.get("/patrols")).text
    await browser.post("/patrols", kind="segment", key="s1", name="海边步道", unit=house.name, need="10")
    await browser.post("/patrols", kind="group", key="g1", name="红袖标", unit=house.name, people="6")
    turn = {"kind": "turn", "segment": "s1", "group": "g1"}
    page = await browser.post("/patrols", **turn, begins="2026-11-23T19:00", ends="2026-11-23T21:30")
    assert "需要10时，已巡2.5时" in page.text
    assert "25.0%" in page.text
    again = await browser.post("/patrols", **turn, begins="2026-11-23T20:00", ends="2026-11-23T22:00")
    assert (again.status_code, "已有一班" in again.text) == (422, True)
    assert "已巡0.0时" in (await browser.get("/patrols", back="1")).text
