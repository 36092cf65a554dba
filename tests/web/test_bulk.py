"""Several at once: the preview changes nothing, each matter is judged by itself, a changed one is a conflict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.app import handle, receive
from anlan.app.world import World
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter

pytestmark = pytest.mark.anyio


@pytest.fixture
def three(world: World, somebody: Callable[..., Actor]) -> list[Matter]:
    """Two that wait for a signature, and one that is being worked on."""
    found = []
    for n in range(3):
        one = Intake("call_968110", f"c-{n}", f"第{n}件路灯不亮", "路灯不亮", world.clock(), unit="branch.370202")
        prepared = receive.prepare(world, world.domains["hotline"], one, somebody("operator"))
        found.append(world.store.writer.submit(prepared.commit).matters[0])
    officer = Actor("900999", "branch.370202", ("officer",))
    found[2] = move(world, found[2], officer, "accept")
    return found


def move(world: World, matter: Matter, who: Actor, key: str, **fields: object) -> Matter:
    commit = handle.prepare(world, matter.number, Intent(key, matter.version, fields), who)
    return world.store.writer.submit(commit).matters[0]


def ticked(matters: list[Matter]) -> dict[str, int]:
    return {f"m-{m.number}": m.version for m in matters}


def stages(world: World, matters: list[Matter]) -> list[str]:
    return [world.store.read.matter(m.number).stage for m in matters]


async def test_preview_then_make(world: World, browser: Any, three: list[Matter]) -> None:
    officer = world.city.roster.of_unit("branch.370202", "officer")[0]
    await browser.log_in(officer.number)
    page = await browser.get("/bulk", view="open")
    assert page.text.count('type="checkbox"') == 3
    assert "签收（2件可用）" in page.text
    before = world.store.outbox.last()
    preview = await browser.post("/bulk?view=open", move="accept", do="preview", **ticked(three))
    assert "将签收2件" in preview.text
    assert "1件不能这样办" in preview.text
    assert world.store.outbox.last() == before, "a preview writes nothing"
    made = await browser.post("/bulk?view=open", move="accept", do="make", **ticked(three[:2]))
    assert "已签收2件" in made.text
    assert stages(world, three) == ["acting", "acting", "acting"]


async def test_one_that_changed_meanwhile_is_told_and_stops_no_other(
    world: World, browser: Any, three: list[Matter]
) -> None:
    await browser.role("overseer")
    await browser.get("/bulk", view="open")
    move(world, three[0], Actor("900999", "branch.370202", ("officer",)), "accept")
    made = await browser.post("/bulk?view=open", move="escalate", do="make", note="请今天办完", **ticked(three))
    assert "已督办2件" in made.text
    assert "1件没有办成" in made.text
    assert [world.store.read.matter(m.number).escalated for m in three] == [0, 1, 1]


async def test_nothing_ticked_or_too_much_is_said(world: World, browser: Any, three: list[Matter]) -> None:
    await browser.role("overseer")
    await browser.get("/bulk", view="open")
    answer = await browser.post("/bulk?view=open", move="remind", do="preview")
    assert (answer.status_code, "没有勾选事项" in answer.text) == (422, True)
    many = {f"m-{n}": 1 for n in range(370202260000001, 370202260000001 + 51)}
    answer = await browser.post("/bulk?view=open", move="remind", do="preview", **many)
    assert (answer.status_code, "勾选了51件" in answer.text) == (422, True)


async def test_nobody_acts_on_what_they_may_not_see(world: World, browser: Any, three: list[Matter]) -> None:
    stranger = world.city.roster.of_unit("branch.370203", "officer")[0]
    await browser.log_in(stranger.number)
    await browser.get("/bulk", view="open")
    answer = await browser.post("/bulk?view=open", move="accept", do="make", **ticked(three[:1]))
    assert answer.status_code == 404
    assert stages(world, three[:1]) == ["assigned"]
