"""Facts on a real JetStream: in order, once, nothing lost; and a read copy that proves what it takes."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nats
import pytest

from anlan.app import handle, receive
from anlan.app.publish import CURSOR, Publisher
from anlan.app.stop import Stop
from anlan.app.world import World
from anlan.cli.bench.nats_servers import Nats
from anlan.links.nats import Out, Stream, Unpublished
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.settings import Settings

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not Nats.there(), reason="SKIPPED: no nats-server. Run: make services"),
]
NAMES = ("欧阳翠兰", "13812345678", "红绿灯", "ouyang@example.com")


def example() -> Any:
    path = Path(__file__).parents[2] / "examples/read_copy.py"
    spec = importlib.util.spec_from_file_location("read_copy", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["read_copy"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


read_copy = example()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Nats]:
    with Nats(tmp_path / "nats") as started:
        yield started


class City:
    """Reports and moves, each one commit."""

    def __init__(self, world: World, somebody: Callable[..., Actor]) -> None:
        self.world, self.somebody, self.made = world, somebody, 0

    def report(self) -> Matter:
        self.made += 1
        one = Intake(
            "call_968110", f"c{self.made}", "", f"红绿灯整夜不亮{self.made}", self.world.clock(), district="370202",
            name=NAMES[0], phone=NAMES[1], email=NAMES[3],
        )  # fmt: skip
        prepared = receive.prepare(self.world, self.world.domains["hotline"], one, self.somebody("operator"))
        matter = self.world.store.writer.submit(prepared.commit).matters[0]
        intent = Intent("classify", matter.version, {"category": "public_order.noise"})
        moved = handle.prepare(self.world, matter.number, intent, self.somebody("overseer"))
        return self.world.store.writer.submit(moved).matters[0]


@pytest.fixture
def city(world: World, somebody: Callable[..., Actor]) -> City:
    return City(world, somebody)


def publisher(world: World, server: Nats) -> Publisher:
    return Publisher(world, Stream(Settings(nats_url=server.urls)))


async def level(one: Publisher) -> None:
    while await one.turn():
        pass


async def stored(server: Nats) -> list[Any]:
    """Every message of the stream, oldest first."""
    link = await nats.connect(server.nodes[0].url)
    context = link.jetstream()
    last = (await context.stream_info("anlan")).state.last_seq
    found = [await context.get_msg("anlan", n) for n in range(1, last + 1)]
    await link.close()
    return found


def copied(world: World, path: Path) -> Any:
    return read_copy.Copy(path, world.store.public_key)


def same_state(world: World, copy: Any) -> bool:
    wanted = world.store.read.listed(("SELECT number, state FROM matters ORDER BY number", ()))
    return copy.db.execute("SELECT number, state FROM matters ORDER BY number").fetchall() == wanted


async def test_every_fact_is_there_once_in_order_with_its_stored_bytes(world: World, server: Nats, city: City) -> None:
    for _ in range(20):
        city.report()
    one = publisher(world, server)
    await level(one)
    facts = [m for m in await stored(server) if m.subject.startswith("anlan.facts.")]
    rows = world.store.outbox.stored(0, 5000)
    assert [(m.headers["Nats-Msg-Id"], m.data) for m in facts] == [(f"{r.ledger}/{r.seq}", r.body) for r in rows]
    subjects = {m.subject for m in facts}
    assert {"anlan.facts.370202.received", "anlan.facts.370202.classified"} <= subjects
    assert world.store.messages.cursor(CURSOR) == world.store.outbox.last()
    assert not [word for m in facts for word in NAMES if word.encode() in m.data]
    await one.stream.close()


async def test_a_publisher_that_forgot_everything_goes_on_where_the_stream_is(
    world: World, server: Nats, city: City
) -> None:
    for turn in range(3):
        city.report()
        one = publisher(world, server)
        await level(one)
        await one.stream.close()
        row = ("DELETE FROM cursors WHERE name = ?", (CURSOR,))
        if turn == 1:
            world.store.writer.connection.execute(*row)
    facts = [m.headers["Nats-Msg-Id"] for m in await stored(server) if ".facts." in m.subject]
    assert len(facts) == len(set(facts)) == world.store.outbox.last()


async def test_what_would_overtake_or_come_twice_is_turned_away(world: World, server: Nats) -> None:
    stream = Stream(Settings(nats_url=server.urls))
    assert await stream.open() == 0
    some = [Out(f"l/{n}", "facts.l.x", n + 1, b"{}") for n in range(4)]
    await stream.publish(some[:2])
    assert stream._context is not None
    for wrong in (1, 3):
        with pytest.raises(nats.js.errors.BadRequestError):
            await stream._sent(some[3], wrong)
    await stream.publish(some[2:])
    other = Stream(Settings(nats_url=server.urls))
    assert await other.open() == 4
    await stream.close()
    with pytest.raises(Unpublished):
        await stream.publish(some)
    await other.close()


async def test_an_older_copy_of_the_record_does_not_publish(world: World, server: Nats, city: City) -> None:
    stream = Stream(Settings(nats_url=server.urls))
    await stream.open()
    await stream.publish([Out("x/1", "facts.x.y", 10_000, b"{}")])
    await stream.close()
    city.report()
    one = publisher(world, server)
    with pytest.raises(Unpublished, match="older copy"):
        await one.turn()
    await one.stream.close()


async def test_the_link_lost_and_found_loses_nothing(world: World, server: Nats, city: City) -> None:
    one, stop = publisher(world, server), Stop()
    running = asyncio.create_task(one.run(stop))
    async with asyncio.timeout(60):
        for turn in range(3):
            city.report()
            while world.store.messages.cursor(CURSOR) != world.store.outbox.last():
                await asyncio.sleep(0.02)
            if turn < 2:
                server.nodes[0].kill()
                city.report()
                await asyncio.sleep(0.3)
                server.start(server.nodes[0])
        stop.tell()
        await running
    facts = [m.headers["Nats-Msg-Id"] for m in await stored(server) if ".facts." in m.subject]
    assert facts == [f"{r.ledger}/{r.seq}" for r in world.store.outbox.stored(0, 5000)]


async def test_a_read_copy_has_the_same_state_and_compares_checkpoints(
    world: World, server: Nats, city: City, tmp_path: Path
) -> None:
    one, clock = publisher(world, server), world.clock()
    for n in range(30):
        world.clock = lambda at=clock + n * 4_000: at  # type: ignore[misc] # checkpoints come by time
        city.report()
    await level(one)
    copy = copied(world, tmp_path / "copy.db")
    await read_copy.follow(server.urls, copy, once=True)
    assert same_state(world, copy)
    assert copy.compared > 5
    before = copy.db.execute("SELECT count(*) FROM facts").fetchone()
    city.report()
    await level(one)
    await read_copy.follow(server.urls, copy, once=True)
    assert same_state(world, copy)
    copy.db.execute("DELETE FROM place")
    copy.db.commit()  # it lost its place: everything comes a second time
    assert await read_copy.follow(server.urls, copy, durable="second", once=True) > world.store.outbox.last()
    assert (same_state(world, copy), before[0] < world.store.outbox.last()) == (True, True)
    await one.stream.close()


async def test_a_consumer_that_skips_is_made_anew_and_a_real_gap_is_raised(
    world: World, server: Nats, city: City, tmp_path: Path
) -> None:
    one = publisher(world, server)
    for _ in range(5):
        city.report()
    await level(one)
    link = await nats.connect(server.nodes[0].url)
    skips = read_copy.consumer_from(SimpleNamespace(place=lambda: 6))
    await link.jetstream().pull_subscribe("", "read-copy", "anlan", config=skips)
    copy = copied(world, tmp_path / "copy.db")
    await read_copy.follow(server.urls, copy, once=True)
    assert same_state(world, copy)
    await link.jetstream().purge_stream("anlan", seq=8)
    await link.close()
    late = copied(world, tmp_path / "late.db")
    with pytest.raises(read_copy.Gap, match="should be next"):
        await read_copy.follow(server.urls, late, durable="late", once=True)
    await one.stream.close()


async def test_a_read_copy_finds_gap_change_and_forged_checkpoint(world: World, city: City, tmp_path: Path) -> None:
    city.report()
    rows = [r for r in world.store.outbox.stored(0, 100) if r.ledger == "370202"]
    copy = copied(world, tmp_path / "copy.db")
    copy.take("370202", 0, rows[0].body)
    copy.take("370202", 0, rows[0].body)
    with pytest.raises(read_copy.Wrong, match="1 should be next, 2 came"):
        copy.take("370202", 2, rows[2].body)
    with pytest.raises(read_copy.Wrong, match="another fact"):
        copy.take("370202", 0, rows[1].body)
    with pytest.raises(read_copy.Wrong, match="not signed"):
        copy.compare(b'{"ledger":"370202","size":1,"root":"00","at":1,"signature":"%s"}' % (b"00" * 64))


@pytest.mark.parametrize("said", [{"nats_url": "http://h"}, {"nats_url": "nats://h", "nats_replicas": 2}])
def test_settings_that_cannot_be_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"settings\.wrong"):
        Stream(Settings(**said))
