"""A child matter on the pages: the button and its form, the links both ways, and why the parent must wait."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app.world import World
from anlan.loop.matter import Matter, shown
from anlan.store.read import Shape

pytestmark = pytest.mark.anyio
Browser = Any


async def test_a_child_is_opened_from_the_page_and_each_tells_of_the_other(
    browser: Browser, world: World, received: Matter
) -> None:
    officer = world.city.roster.of_unit(received.lead, "officer")[-1]
    await browser.log_in(officer.number)
    path = f"/matters/{shown(received.number)}"
    assert "开子事项" in (await browser.get(path)).text
    await browser.post(f"{path}/moves/accept", version=received.version)
    other = next(u for u in world.city.organisation.of_kind("station") if u.key != received.lead)
    answer = await browser.post(
        f"{path}/moves/open_child", version=received.version + 1, unit=other.name, note="查三个路口的监控。写明车牌"
    )
    child = next(r.matter for r in world.store.read.rows(Shape()) if r.matter.parent)
    assert f'href="/matters/{shown(child.number)}"' in answer.text
    assert "查三个路口的监控" in answer.text
    assert "还有1件子事项未办结" in answer.text
    seen = await browser.get(f"/matters/{shown(child.number)}")
    assert f'href="{path}"' in seen.text
    assert f"由主事项{shown(received.number)}开出" in seen.text
    assert "开子事项</" not in seen.text
    await browser.log_in(world.city.roster.of_unit(other.key, "officer")[-1].number)
    own = await browser.get(f"/matters/{shown(child.number)}")
    assert f"主事项{shown(received.number)}" in own.text
    assert f'href="{path}"' not in own.text
    assert "回访在主事项" in own.text
