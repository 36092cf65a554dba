"""Two processes over one PostgreSQL: what one writes the other finds, tells and offers, and one of them leads."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOON

from anlan.app import handle, receive
from anlan.app.live import Live
from anlan.app.neighbours import Following
from anlan.app.world import SYSTEM, World
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.errors import Conflict
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.main import open_world

OVERSEER = Actor("o0", "bureau", ("overseer",))


@pytest.fixture
def worlds(tmp_path: Path, demo_city: Path, postgres_url: str) -> Iterator[tuple[World, World]]:
    shutil.copytree(demo_city, tmp_path / "city")
    (tmp_path / "anlan.toml").write_text(f'database_url = "{postgres_url}"\n', "utf-8")
    made = open_world(tmp_path), open_world(tmp_path)
    for world in made:
        world.clock = lambda: NOON
    yield made
    for world in made:
        world.store.close()


def reported(world: World, outside: str, text: str = "浮山后三路路灯不亮了，晚上很黑") -> Matter:
    domain = world.domains["hotline"]
    intake = intake_of(outside, text)
    prepared = receive.prepare(world, domain, intake, SYSTEM)
    key = receive.enter(world, prepared, intake)
    done = world.store.writer.submit(prepared.commit)
    receive.settle(world, key, done)
    return done.matters[0]


def intake_of(outside: str, text: str) -> Intake:
    return Intake(channel="web", outside_id=outside, at=NOON, title="路灯不亮", text=text, name="王女士")


def test_an_open_matter_of_another_process_is_offered_and_a_closed_one_no_more(worlds: tuple[World, World]) -> None:
    one, other = worlds
    following = Following(other)
    matter = reported(one, "a")
    assert matter.number in one.merge
    assert matter.number not in other.merge
    assert following.turn()
    assert matter.number in other.merge
    again = intake_of("b", "浮山后三路路灯不亮，晚上很黑")
    advice = receive.prepare(other, other.domains["hotline"], again, SYSTEM).advice
    assert advice is not None
    assert matter.number in {offer.key for offer in advice.offers}
    kept = reported(one, "c", "完全不同的一件事：占道经营")
    merged = one.store.writer.submit(handle.merge(one, matter.number, kept.number, matter.version, OVERSEER))
    handle.after(one, merged)
    following.turn()
    assert matter.number not in other.merge
    assert not following.turn()


@pytest.mark.anyio
async def test_what_another_process_commits_is_told_here(worlds: tuple[World, World]) -> None:
    one, other = worlds
    changes = Live(other, gap=0.0, beat=5.0).changes(OVERSEER)
    told = await anext(changes)
    matter = await asyncio.to_thread(reported, one, "a")
    while matter.number not in told.matters:
        told = await asyncio.wait_for(anext(changes), 20)
    await changes.aclose()


def test_one_leads_and_when_it_ends_the_other_does(worlds: tuple[World, World]) -> None:
    def leading() -> list[World]:
        return [world for world in worlds if world.store.leads]

    until(lambda: len(leading()) == 1)
    first = leading()[0]
    (second,) = [world for world in worlds if world is not first]
    first.store.close()
    until(lambda: second.store.leads)


def until(true: Any) -> None:
    """Ask again, as often as needed: another thread is at work."""
    for _ in range(20_000_000):
        if true():
            return
    pytest.fail("it never came true")


def test_a_move_made_there_is_a_conflict_here(worlds: tuple[World, World]) -> None:
    one, other = worlds
    matter = reported(one, "a")
    remind = Intent("remind", matter.version, {})
    here = handle.prepare(one, matter.number, remind, OVERSEER)
    other.store.writer.submit(handle.prepare(other, matter.number, remind, OVERSEER))
    with pytest.raises(Conflict):
        one.store.writer.submit(here)
