"""What has just become somebody's work is told to them, once, and to nobody whose it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anlan.app import handle, news, receive
from anlan.app.world import World
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter

HERE, THERE = "branch.370202", "branch.370203"


@pytest.fixture
def report(world: World, somebody: Callable[..., Actor]) -> Callable[[int], Matter]:
    def enter(n: int) -> Matter:
        one = Intake("call_968110", f"c-{n}", f"第{n}件", f"第{n}件事", world.clock(), district="370202", unit=HERE)
        prepared = receive.prepare(world, world.domains["hotline"], one, somebody("operator"))
        return world.store.writer.submit(prepared.commit).matters[0]

    return enter


def move(world: World, matter: Matter, who: Actor, key: str, **fields: object) -> Matter:
    commit = handle.prepare(world, matter.number, Intent(key, matter.version, fields), who)
    return world.store.writer.submit(commit).matters[0]


def told(world: World, who: Actor, after: int) -> list[tuple[int, str]]:
    found = news.since(world, who, after, world.store.outbox.last())
    assert found is not None
    return [(one.matter.number, one.kind) for one in found]


def test_each_step_is_news_to_whom_it_makes_work(
    world: World, somebody: Callable[..., Actor], report: Callable[[int], Matter]
) -> None:
    here, mate = (Actor(n, HERE, ("officer",)) for n in ("p-1", "p-2"))
    there, desk, overseer = Actor("p-3", THERE, ("officer",)), somebody("operator"), somebody("overseer")
    everybody, last = (here, mate, there, desk, overseer), world.store.outbox.last

    def heard(after: int) -> list[str]:
        return [",".join(kind for _, kind in told(world, who, after)) for who in everybody]

    before = last()
    matter = report(1)
    assert heard(before) == ["assigned", "assigned", "", "", ""]
    before = last()
    matter = move(world, matter, here, "return", reason="place_wrong", note="不在本辖区")
    assert heard(before) == ["", "", "", "returned", "returned"]
    before = last()
    matter = move(world, matter, desk, "assign", unit=THERE)
    assert heard(before) == ["", "", "assigned", "", ""]
    before = last()
    matter = move(world, matter, there, "accept")
    move(world, matter, overseer, "escalate", note="已多次催办")
    assert heard(before) == ["", "", "escalated", "", ""]
    assert news.News(matter, "escalated").stays


def test_what_has_moved_on_is_no_news(
    world: World, somebody: Callable[..., Actor], report: Callable[[int], Matter]
) -> None:
    mate, before = Actor("p-2", HERE, ("officer",)), world.store.outbox.last()
    first, second = report(1), report(2)
    move(world, first, Actor("p-1", HERE, ("officer",)), "accept")
    assert told(world, mate, before) == [(second.number, "assigned")], "a mate has the first in hand"


def test_too_much_to_tell_says_so(
    world: World, report: Callable[[int], Matter], monkeypatch: pytest.MonkeyPatch
) -> None:
    report(1)
    monkeypatch.setattr("anlan.app.news.ENTRIES_MAX", len(world.store.outbox.after(0)))
    assert news.since(world, Actor("p-1", HERE, ("officer",)), 0, world.store.outbox.last()) is None
