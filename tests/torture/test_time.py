"""Time (T3): the clock jumps by seconds, hours, days and ten years while matters live. No timer is lost or fires twice,
order is by sequence, and each jump stands on the ledger.

Timers here are messages to reporters, which wait for their moment, and due times, which follow from facts. Short: 400
matters. Long (`make torture`): 100,000 (ten minutes beside other work).
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from tests.conftest import NOON

from anlan.app import receive
from anlan.app.clock import STEADY_MS, TOLERANCE_MS, ClockWatch
from anlan.app.messenger import Messenger
from anlan.app.outward import Outward
from anlan.app.world import World
from anlan.links.port import Message, Undelivered
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.main import forget
from anlan.store.rebuild import compare
from anlan.store.verify import verify

pytestmark = pytest.mark.anyio
LONG = bool(os.environ.get("ANLAN_TEST_TORTURE"))
MATTERS = 100_000 if LONG else 400
SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
YEARS = 3_652 * DAY
JUMPS = (SECOND, -SECOND, HOUR, -HOUR, DAY, -DAY, -YEARS, YEARS)


class Clock:
    """A wall clock that is set about, and one that nobody sets."""

    def __init__(self, world: World) -> None:
        self.wall, self.ticks = NOON, 0
        world.clock = lambda: self.wall

    def passes(self, ms: int) -> None:
        self.wall, self.ticks = self.wall + ms, self.ticks + ms


class Gateway:
    """Takes messages, counts them by id, and fails at every fifth first try."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.tried: set[str] = set()

    def send(self, message: Message) -> None:
        if message.id not in self.tried:
            self.tried.add(message.id)
            if len(self.tried) % 5 == 0:
                raise Undelivered("gateway_busy", final=False)
        self.taken[message.id] += 1


def prepared(world: World, who: Actor, no: int) -> Any:
    text = f"第{no}件：{no % 97}号楼路灯不亮"
    one = Intake(
        "call_968110", f"c-{no}", "", text, world.clock(), phone=f"138{no:08d}", unit="branch.370202",
        category="public_order.noise", district="370202",
    )  # fmt: skip
    return receive.prepare(world, world.domains["hotline"], one, who, engines=False).commit


async def drained(messenger: Messenger, clock: Clock) -> None:
    """Turns until nothing is due any more, for four days of right time."""
    for _ in range(4 * 48):
        while await messenger.turn():
            pass
        clock.passes(HOUR // 2)


async def test_no_timer_is_lost_or_fires_twice_while_the_clock_jumps(world: World, somebody: Any, capsys: Any) -> None:
    clock, gateway, who = Clock(world), Gateway(), somebody("operator")
    messenger = Messenger(world, Outward({"sms": gateway}, "https://anlan.example"))
    watch = ClockWatch(world, lambda: clock.ticks)
    await messenger.turn()
    share, jumps = MATTERS // (len(JUMPS) * 5), 0
    numbers = []
    for n in range(len(JUMPS) * 5):
        made = [prepared(world, who, n * share + i) for i in range(share)]
        numbers += [done.matters[0].number for done in world.store.writer.submit_many(made)]
        clock.passes(20 * SECOND)
        await messenger.turn()
        clock.wall += JUMPS[n % len(JUMPS)]
        jumps += await watch.look()
        await messenger.turn()
    await drained(messenger, clock)
    run = world.store.readers.connection().execute
    twice = sum(count > 1 for count in gateway.taken.values())
    lost = len(numbers) - len(gateway.taken)
    waiting = run("SELECT count(*) FROM messages WHERE state NOT IN ('sent')").fetchone()[0]
    disordered = run(
        "SELECT count(*) FROM facts a JOIN facts b ON b.matter = a.matter AND b.version = a.version + 1"
        " WHERE a.version > 0 AND (b.seq <= a.seq OR b.pos <= a.pos)"
    ).fetchone()[0]
    noted = sum(b'"kind":"clock_jumped"' in body for (body,) in run("SELECT body FROM facts WHERE version = 0"))
    world.store.close()
    flows = {(d.key, f.key): f for d in world.domains.values() for f in d.flows}
    with capsys.disabled():
        print(
            f"\n  time: {len(numbers):,} matters through {len(JUMPS) * 5} jumps: timers lost {lost}, twice {twice},"
            f" waiting {waiting}; out of order {disordered}; {noted} jumps noted"
        )
    assert (lost, twice, waiting, disordered) == (0, 0, 0, 0)
    assert noted == jumps == 6 * 5
    assert compare(world.store.database, flows).different == []
    assert verify(world.store.database, world.store.public_key).faults == []


async def test_a_jump_stands_on_the_ledger_and_nothing_is_deleted_for_its_age_meanwhile(world: World) -> None:
    clock = Clock(world)
    watch = ClockWatch(world, lambda: clock.ticks)
    clock.passes(30 * SECOND)
    assert not await watch.look()
    clock.wall += TOLERANCE_MS
    assert not await watch.look()
    assert watch.steady
    clock.wall += 40 * DAY
    clock.passes(30 * SECOND)
    assert await watch.look()
    assert not watch.steady
    (entry,) = [e for e in world.store.outbox.beside(2**53, 10) if e.fact.kind == "clock_jumped"]
    assert entry.fact.data["by_ms"] == 40 * DAY
    await forget(world, watch)
    clock.passes(STEADY_MS)
    assert watch.steady


async def test_a_start_before_the_newest_fact_is_noted(world: World, somebody: Any) -> None:
    clock = Clock(world)
    world.store.writer.submit(prepared(world, somebody("operator"), 1))
    clock.wall -= 10 * DAY
    watch = ClockWatch(world, lambda: clock.ticks)
    assert await watch.look()
    assert not await watch.look()
    (entry,) = [e for e in world.store.outbox.beside(2**53, 10) if e.fact.kind == "clock_jumped"]
    assert entry.fact.data["by_ms"] == -10 * DAY
    assert entry.fact.at == NOON - 10 * DAY
