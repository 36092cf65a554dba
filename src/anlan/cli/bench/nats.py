"""Facts onto a three-node JetStream whose leader is killed: what is lost, what comes twice, how long it takes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec
import nats as client
from nats.errors import Error as NatsError

from anlan import main
from anlan.app.publish import CURSOR, Publisher
from anlan.app.stop import Stop
from anlan.app.world import World, year_of
from anlan.city.demo import write_demo
from anlan.cli.bench.hotline import fill
from anlan.cli.bench.nats_servers import Nats, Node
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.texts import Texts
from anlan.links.nats import Stream, Unpublished
from anlan.settings import Settings
from anlan.store.commit import Commit
from anlan.store.outbox import Stored

MATTERS = 8_000
NAME = "anlan"
READ_AT_ONCE = 100


class Killed(msgspec.Struct):
    """What came of it: facts in the record, messages about them in the stream that were lost, doubled or out of order;
    seconds in all, the longest after each kill in which no fact was taken, and from the last kill to level."""

    facts: int
    lost: int
    twice: int
    disordered: int
    seconds: float
    stalled: list[float]
    caught_up: list[float]


def bench() -> list[BenchRow]:
    """Facts a second onto one node and onto three, and the leader killed amid them."""
    if not Nats.there():
        return []
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        world = filled(Path(folder) / "home", MATTERS)
        one = asyncio.run(killing(world, Path(folder) / "one", nodes=1, kills=0))
        three = asyncio.run(killing(world, Path(folder) / "three", nodes=3, kills=0))
        killed = asyncio.run(killing(world, Path(folder) / "killed", nodes=3, kills=1))
        world.store.close()
    note = f"{killed.lost} lost, {killed.twice} twice, {killed.disordered} out of order; nodes are killed with SIGKILL"
    base, rate = one.facts / one.seconds, three.facts / three.seconds
    return [
        BenchRow("nats.publish.r1", base, "/s", None, None, one.facts, "one node, file storage"),
        BenchRow("nats.publish.r3", rate, "/s", None, rate / base, three.facts, "three nodes; ratio to one"),
        BenchRow(
            "nats.leader.stalled",
            max(killed.stalled),
            "s",
            None,
            None,
            1,
            "longest without a fact taken, after the kill",
        ),
        BenchRow("nats.leader.caught_up", max(killed.caught_up), "s", None, None, killed.facts, "kill to level"),
        BenchRow("nats.leader.lost", float(killed.lost + killed.twice), "facts", 0, None, killed.facts, note),
    ]


def filled(home: Path, matters: int) -> World:
    """An installation with so many matters."""
    write_demo(home / "city")
    world = main.open_world(home, index=False)
    fill(world, Texts(world.city), matters)
    return world


async def killing(world: World, folder: Path, nodes: int, kills: int) -> Killed:
    """Publish everything; at `kills` points on the way kill the stream's leader, and start it again once level."""
    with Nats(folder, nodes) as servers:
        stop, stream = Stop(), Stream(Settings(nats_url=servers.urls, nats_replicas=nodes))
        await _ready(servers, stream)
        world.store.writer.submit(_from_the_beginning(world))
        publisher, last = Publisher(world, stream), world.store.outbox.last()
        began, stalled, caught_up = time.perf_counter(), list[float](), list[float]()
        running = asyncio.create_task(publisher.run(stop))
        for n in range(1, kills + 1):
            await _reached(world, last * n // (kills + 1))
            node = await _leader(servers)
            node.kill()
            at = time.perf_counter()
            stalled.append(await _reached(world, last * (n + 1) // (kills + 1)))
            if n == kills:
                caught_up.append(time.perf_counter() - at)
            servers.start(node)
        await _reached(world, last)
        seconds = time.perf_counter() - began
        stop.tell()
        await running
        told = await _told(servers)
    wanted = [f"{row.ledger}/{row.seq}" for row in _all(world)]
    counts = Counter(told)
    return Killed(
        len(wanted), len(set(wanted) - set(told)), sum(counts.values()) - len(counts), int(told != wanted), seconds,
        stalled, caught_up,
    )  # fmt: skip


def _all(world: World) -> list[Stored]:
    found, at = list[Stored](), 0
    while rows := world.store.outbox.stored(at, 5_000):
        found += rows
        at = rows[-1].pos
    return found


def _from_the_beginning(world: World) -> Commit:
    row = ("DELETE FROM cursors WHERE name = ?", (CURSOR,))
    return Commit(at=world.clock(), actor="bench", year=year_of(world.clock()), rows=[row])


def _kept(world: World) -> int:
    return world.store.messages.cursor(CURSOR) or 0


async def _reached(world: World, pos: int) -> float:
    """Wait until the facts up to a position are taken; the longest time in between without any, in seconds."""
    longest, moved, last = 0.0, time.perf_counter(), _kept(world)
    async with asyncio.timeout(600):
        while last < pos:
            await asyncio.sleep(0.005)
            now, kept = time.perf_counter(), _kept(world)
            longest = max(longest, now - moved)
            if kept != last:
                moved, last = now, kept
    return longest


async def _ready(servers: Nats, stream: Stream) -> None:
    """A new cluster takes a while until it has a leader and takes streams."""
    async with asyncio.timeout(60):
        while True:
            try:
                await stream.open()
            except Unpublished:
                await asyncio.sleep(0.2)
            else:
                break
        await stream.close()
        while len(servers.nodes) > 1 and not await _settled(servers):
            await asyncio.sleep(0.2)


async def _settled(servers: Nats) -> bool:
    cluster = (await _info(servers)).cluster
    return bool(cluster and cluster.leader and all(peer.current for peer in cluster.replicas or []))


async def _leader(servers: Nats) -> Node:
    """The node that leads the stream."""
    async with asyncio.timeout(60):
        while True:
            cluster = (await _info(servers)).cluster
            if cluster and cluster.leader:
                return next(node for node in servers.nodes if node.name == cluster.leader)
            await asyncio.sleep(0.1)


async def _info(servers: Nats) -> client.js.api.StreamInfo:
    async with asyncio.timeout(60):
        while True:
            link = await client.connect([node.url for node in servers.nodes if node.answers()], error_cb=_unsaid)
            try:
                return await link.jetstream(timeout=2).stream_info(NAME)
            except (NatsError, TimeoutError):  # nats-py's own is none of its errors
                await asyncio.sleep(0.2)
            finally:
                await link.close()


async def _told(servers: Nats) -> list[str]:
    """The ids of the facts in the stream, oldest first, read from its leader one by one: a consumer may skip messages
    while its node is catching up."""
    last = (await _info(servers)).state.last_seq
    link = await client.connect([node.url for node in servers.nodes if node.answers()], error_cb=_unsaid)
    context, ids = link.jetstream(timeout=20), list[str]()
    for first in range(1, last + 1, READ_AT_ONCE):
        some = range(first, min(first + READ_AT_ONCE, last + 1))
        for message in await asyncio.gather(*(context.get_msg(NAME, n) for n in some)):
            if (message.subject or "").startswith(f"{NAME}.facts."):
                ids.append((message.headers or {})["Nats-Msg-Id"])
    await link.close()
    return ids


async def _unsaid(_error: Exception) -> None:
    """What goes wrong is tried again."""
