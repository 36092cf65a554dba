"""Where a length comes from is said: on the intake page before saving, on the matter's page, and when it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.app.world import World
from anlan.loop.matter import Matter, shown

pytestmark = pytest.mark.anyio
Browser = Any


async def test_the_trail_names_the_citys_rule_and_follows_a_new_category(
    browser: Browser, world: World, received: Matter, desk_moves: Callable[..., Matter]
) -> None:
    assert received.clocks["matter"].target == "noise"
    await browser.role("overseer")
    page = await browser.get(f"/matters/{shown(received.number)}")
    assert "噪声扰民24小时办结" in page.text
    assert "1天，从" in page.text
    moved = desk_moves(received, "classify", category="traffic.parking")
    assert (moved.clocks["matter"].amount, moved.clocks["matter"].target) == (5, "")
    assert moved.clocks["matter"].began == received.clocks["matter"].began
    page = await browser.get(f"/matters/{shown(received.number)}")
    assert "5个工作日，从" in page.text
    again = desk_moves(moved, "classify", category="public_order.noise")
    assert again.clocks["matter"] == received.clocks["matter"]


async def test_the_intake_page_says_the_rule_before_saving(browser: Browser, world: World) -> None:
    await browser.role("operator")
    await browser.get("/intake")
    said = {"text": "楼下有人打架威胁我", "category": "public_order.harassment", "advise": "1"}
    answer = await browser.post("/intake/advice", **said)
    assert "紧急事项24小时办结：1天，从现在起算，休息日也计。" in answer.text
