"""Who listens hears of every change that concerns them, once and in order; strangers hear nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from anlan.app import handle, receive
from anlan.app.live import WOKEN_AT_ONCE, Changed, Live
from anlan.app.world import World
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter

pytestmark = pytest.mark.anyio
HERE, THERE = "branch.370202", "branch.370203"


def report(world: World, n: int, unit: str, who: Actor) -> Matter:
    one = Intake("call_968110", f"c-{n}", f"第{n}件", f"第{n}件事", world.clock(), district="370202", unit=unit)
    return world.store.writer.submit(receive.prepare(world, world.domains["hotline"], one, who).commit).matters[0]


def move(world: World, matter: Matter, who: Actor, key: str, **fields: object) -> Matter:
    commit = handle.prepare(world, matter.number, Intent(key, matter.version, fields), who)
    return world.store.writer.submit(commit).matters[0]


async def heard(changes: AsyncIterator[Changed], messages: int = 1) -> list[Changed]:
    return [await anext(changes) for _ in range(messages)]


async def test_a_change_reaches_whom_it_concerns_and_nobody_else(world: World, somebody: Callable[..., Actor]) -> None:
    live = Live(world, gap=0.01, beat=0.2)
    here, there = (Actor(f"p-{unit}", unit, ("officer",)) for unit in (HERE, THERE))
    streams = [live.changes(who) for who in (here, there, somebody("overseer"))]
    first = [await anext(stream) for stream in streams]
    assert [told.matters for told in first] == [[], [], []]
    matter = report(world, 1, HERE, somebody("operator"))
    told = [(await anext(stream)).matters for stream in streams]
    assert told == [[matter.number], [], [matter.number]]
    overseer = somebody("overseer")
    matter = move(world, matter, overseer, "forward", unit=THERE, note="属于隔壁")
    told = [(await anext(stream)).matters for stream in streams]
    assert told == [[matter.number]] * 3, "the unit it leaves hears of it too"
    move(world, matter, overseer, "remind")
    assert [(await anext(stream)).matters for stream in streams] == [[], [matter.number], [matter.number]]


async def test_many_changes_are_one_message_and_a_quiet_stream_beats(
    world: World, somebody: Callable[..., Actor]
) -> None:
    live = Live(world, gap=0.05, beat=0.05)
    stream = live.changes(somebody("overseer"))
    await anext(stream)
    numbers = [report(world, n, HERE, somebody("operator")).number for n in range(5)]
    assert (await anext(stream)).matters == numbers
    beat = await anext(stream)
    assert (beat.matters, beat.pos) == ([], world.store.outbox.last())


async def test_who_was_away_catches_up_in_one_message(world: World, somebody: Callable[..., Actor]) -> None:
    live = Live(world, gap=0.01, beat=0.1)
    before = world.store.outbox.last()
    numbers = [report(world, n, HERE, somebody("operator")).number for n in range(3)]
    stream = live.changes(somebody("overseer"), after=before)
    start, caught_up = await heard(stream, 2)
    assert (start.pos, caught_up.matters, caught_up.pos) == (before, numbers, world.store.outbox.last())


async def test_who_begins_where_a_page_was_made_hears_nothing_twice(
    world: World, somebody: Callable[..., Actor]
) -> None:
    live = Live(world, gap=0.05, beat=0.2)
    first = live.changes(somebody("overseer"))
    await anext(first)
    old = report(world, 1, HERE, somebody("operator"))
    stream = live.changes(somebody("overseer"), after=world.store.outbox.last())
    await anext(stream)
    await anext(first)
    new = report(world, 2, HERE, somebody("operator"))
    told = [number for changed in await heard(stream, 2) for number in changed.matters]
    assert told == [new.number], "what the page showed already is not told again"
    assert old.number != new.number
    ahead = live.changes(somebody("overseer"), after=10**9)
    assert (await anext(ahead)).pos < 10**9, "a position of another database is none of ours"


async def test_too_much_to_name_is_everything(
    world: World, somebody: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.store.outbox.last()
    report(world, 1, HERE, somebody("operator"))
    monkeypatch.setattr("anlan.app.live.ENTRIES_MAX", len(world.store.outbox.after(before)))
    stream = Live(world, gap=0.01, beat=0.1).changes(somebody("overseer"), after=before)
    _, told = await heard(stream, 2)
    assert (told.everything, told.matters, told.pos) == (True, [], world.store.outbox.last())


async def test_listeners_are_counted_and_limited(
    world: World, somebody: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anlan.app.live.LISTENERS_MAX", 1)
    live = Live(world, gap=0.01, beat=0.1)
    stream = live.changes(somebody("overseer"))
    await anext(stream)
    with pytest.raises(Refused, match=r"live\.too_many"):
        await anext(live.changes(somebody("overseer")))
    with suppress(asyncio.CancelledError):
        await stream.aclose()  # type: ignore[attr-defined]
    assert live.listeners == 0


def test_the_outbox_is_read_in_the_order_of_commits_and_loses_nothing(
    world: World, somebody: Callable[..., Actor]
) -> None:
    numbers = [report(world, n, HERE, somebody("operator")).number for n in range(4)]
    pos, seen = 0, []
    while entries := world.store.outbox.after(pos, 3):
        assert [e.pos for e in entries] == sorted(e.pos for e in entries)
        seen += [e.fact.matter for e in entries if e.fact.kind == "received"]
        pos = entries[-1].pos
    assert seen == numbers
    assert pos == world.store.outbox.last()


async def test_who_catches_up_goes_on_with_all_others_and_reads_no_more_for_itself(
    world: World, somebody: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    report(world, 1, HERE, somebody("operator"))
    live, read = Live(world, gap=0.05, beat=1), list[int]()
    reading = live._read
    monkeypatch.setattr(live, "_read", lambda pos, until: read.append(pos) or reading(pos, until))
    late = [live.changes(somebody("overseer"), after=0) for _ in range(WOKEN_AT_ONCE + 1)]
    for stream in late:
        await anext(stream)
    new = report(world, 2, HERE, somebody("operator"))
    caught_up = {(await anext(stream)).pos for stream in late}
    assert len(read) == len(late), "each from where it stood, up to where the others stand"
    told = await asyncio.gather(*(anext(stream) for stream in late))
    assert len(read) == len(late) + 1, "the tick, for all of them"
    assert [one.matters for one in told] == [[new.number]] * len(late)
    assert (len(caught_up), {one.pos for one in told}) == (1, {world.store.outbox.last()})
