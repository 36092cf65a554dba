"""An assisting unit finds its part in its own queue, with its own word, until it has reported it."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app import look
from anlan.app.world import World
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, shown
from anlan.store.read import Shape

pytestmark = pytest.mark.anyio
Browser = Any


async def test_a_part_stands_in_the_queue_until_it_is_reported(
    browser: Browser, world: World, received: Matter
) -> None:
    lead = world.city.roster.of_unit(received.lead, "officer")[-1]
    other = next(u for u in world.city.organisation.of_kind("station") if u.key != received.lead)
    helper = world.city.roster.of_unit(other.key, "officer")[-1]
    path, number = f"/matters/{shown(received.number)}", shown(received.number)
    await browser.log_in(helper.number)
    assert number not in (await browser.get("/queue")).text
    await browser.log_in(lead.number)
    await browser.get(path)
    await browser.post(f"{path}/moves/ask_assist", version=received.version, unit=other.name, note="协助查监控")
    assert number not in (await browser.get("/queue", view="assisting")).text
    await browser.log_in(helper.number)
    for query in ({}, {"view": "assisting"}, {"view": "open", "q": "夜里很吵"}, {"view": "assisting", "order": "new"}):
        listed = (await browser.get("/queue", **query)).text
        assert number in listed
        assert '<span class="tag box">协办</span>' in listed
    assert number not in (await browser.get("/queue", view="assisting", unit=other.key)).text
    page = await browser.get(path)
    assert "反馈协办" in page.text
    version = world.store.read.matter(received.number).version
    await browser.post(f"{path}/moves/report_assist", version=version, note="监控已交")
    assert number not in (await browser.get("/queue")).text


async def test_naming_a_unit_opens_nothing_of_it(world: World, received: Matter) -> None:
    other = next(u.key for u in world.city.organisation.of_kind("station") if u.key != received.lead)
    helper = Actor("p9", other, ("officer",))
    assert look.rows(world, helper, Shape(assisting=other, leads=(received.lead,))) == []
    narrowed = look.narrowed(world, helper, Shape(assisting=received.lead))
    assert (narrowed.leads, narrowed.assisting) == ((other,), other)
