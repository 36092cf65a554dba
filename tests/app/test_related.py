"""Related matters: same place, same reporter where that may be known, alike in content; and only what one may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.app import look, receive
from anlan.app.related import Related, related
from anlan.app.world import World
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter

pytestmark = pytest.mark.anyio
HERE, THERE = "branch.370202", "branch.370203"


@pytest.fixture
def report(world: World, somebody: Callable[..., Actor]) -> Callable[..., Matter]:
    place = world.city.places.places[0]
    made = iter(range(100))

    def enter(text: str, unit: str = HERE, phone: str = "", east: float = 0.0, **more: Any) -> Matter:
        one = Intake(
            "call_968110", f"c-{next(made)}", text, text, world.clock(), place.lon + east, place.lat, unit=unit,
            phone=phone, name="王女士" if phone else "", **more,
        )  # fmt: skip
        prepared = receive.prepare(world, world.domains["hotline"], one, somebody("operator"))
        key = receive.enter(world, prepared, one)
        done = world.store.writer.submit(prepared.commit)
        receive.settle(world, key, done)
        return done.matters[0]

    return enter


async def found(world: World, actor: Actor, matter: Matter) -> list[Related]:
    return related(world, actor, await look.view(world, actor, matter.number), set())


async def test_each_has_its_reason_and_only_what_one_may_see(world: World, report: Callable[..., Matter]) -> None:
    mine = report("楼下烧烤摊夜里十二点还在吵", phone="13812345678")
    near = report("路灯坏了三天没人修", east=0.0005)
    same = report("办事窗口排队两小时", phone="13812345678", east=0.5)
    hidden = report("举报邻居", phone="13812345678", east=0.5, confidential=True)
    theirs = report("楼下烧烤摊夜里十二点还在吵闹", unit=THERE, east=0.4)
    far = report("公交站牌倒了", east=0.3)
    chief = Actor("p-1", HERE, ("chief",))
    shown = {one.matter.number: one.reason for one in await found(world, chief, mine)}
    assert shown == {near.number: "place", same.number: "reporter"}
    assert {hidden.number, theirs.number, far.number}.isdisjoint(shown)
    everybody = await found(world, Actor("p-2", HERE, ("overseer",)), mine)
    assert {one.matter.number: one.reason for one in everybody}[theirs.number] == "topic"


async def test_that_it_is_the_same_reporter_is_told_only_to_who_may_read_the_contact(
    world: World, report: Callable[..., Matter]
) -> None:
    mine, same = report("一件", phone="13812345678"), report("另一件", phone="13812345678", east=0.5)
    auditor = await found(world, Actor("p-3", HERE, ("auditor",)), mine)
    assert (same.number, "reporter") not in [(one.matter.number, one.reason) for one in auditor]


def test_what_the_system_advised_is_kept_beside_the_choice(world: World, report: Callable[..., Matter]) -> None:
    key = next(iter(world.category_keys))
    matter = report("夜里施工噪音太大睡不着", unit=THERE, category=key, by_hand=True)
    facts = {fact.kind: fact.data for fact in world.store.read.facts(matter.number)}
    assert facts["classified"]["by"] == "human"
    assert facts["assigned"]["route"]["rule"] == "human"
    assert facts["assigned"]["route"]["suggested"] in world.city.organisation
    other = report("夜里施工噪音太大睡不着", unit=THERE)
    assert "suggested" not in {f.kind: f.data for f in world.store.read.facts(other.number)}["assigned"]["route"]
