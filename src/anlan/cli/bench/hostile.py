"""Slow and hostile clients beside normal ones, against the real server: does a desk notice?

`hostile`: 250 connections send headers at a byte a second, 250 a body at a byte a second, 200 connect and say nothing,
50 hold an event stream and never read it; whoever is cut off comes again. Beside them 50 desks ask as before: the p99
of their answers is compared with that of the same run without the others, and so is the server's memory. The hostile
ones have a process of their own, so that a desk's clock does not wait for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.connection import Connection as Link
from pathlib import Path
from typing import Any

import msgspec

from anlan.city.pack import load_pack
from anlan.cli.bench.client import Connection, Request, Run
from anlan.cli.bench.hotline import prepared_home
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.server import HOST, Server
from anlan.cli.bench.texts import Texts

MATTERS = 10_000
DESKS, PAUSE_SECONDS = 50, 1.0
SLOW_HEADS, SLOW_BODIES, SILENT, STUCK = 250, 250, 200, 50
QUIET_SECONDS, HOSTILE_SECONDS, SETTLE_SECONDS = 20.0, 45.0, 3.0
RATIO_MAX, P99_MS, GROWTH_MB = 2.0, 300.0, 100.0
_encode = msgspec.json.Encoder().encode
Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Attack:
    """What the hostile ones saw: how many connections they opened and how many the server cut off."""

    port: int
    token: str
    opened: int = 0
    cut: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self) -> None:
        """All of them at once."""
        kinds = (
            (self.slow_head, SLOW_HEADS),
            (self.slow_body, SLOW_BODIES),
            (self.silent, SILENT),
            (self.stuck, STUCK),
        )
        for kind, count in kinds:
            self.tasks += [asyncio.create_task(self._again(kind)) for _ in range(count)]

    async def end(self) -> None:
        """Away with them."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _again(self, kind: Callable[[Opened], Coroutine[Any, Any, None]]) -> None:
        while True:
            writer = None
            try:
                reader, writer = await self._open(small=kind == self.stuck)
                self.opened += 1
                await kind((reader, writer))
            except OSError:
                await asyncio.sleep(0.5)
            finally:
                if writer:
                    writer.close()
            self.cut += 1

    async def _open(self, *, small: bool) -> Opened:
        plain = socket.socket()
        if small:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, (HOST, self.port))
        return await asyncio.open_connection(sock=plain)

    async def slow_head(self, opened: Opened) -> None:
        """A request line and headers without an end, a byte a second."""
        await _drip(opened, cycle(b"GET /login HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 4000))

    async def slow_body(self, opened: Opened) -> None:
        """A whole head, then a body at a byte a second."""
        head = f"POST /api/v1/intakes/web HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        opened[1].write(f"{head}Content-Length: 100000\r\n\r\n".encode())
        await _drip(opened, cycle(b" "))

    async def silent(self, opened: Opened) -> None:
        """Nothing at all."""
        await opened[0].read()

    async def stuck(self, opened: Opened) -> None:
        """An event stream that nobody reads."""
        opened[1].transport.pause_reading()  # type: ignore[attr-defined]
        head = f"GET /live?after=0 HTTP/1.1\r\nHost: {HOST}\r\nCookie: anlan_session={self.token}\r\n\r\n"
        opened[1].write(head.encode())
        await asyncio.sleep(3600)


def _attacking(port: int, token: str, told: Link) -> None:
    """The attackers' process, until it is told that it is enough."""

    async def attacking() -> None:
        attack = Attack(port, token)
        attack.begin()
        told.send("begun")
        await asyncio.to_thread(told.recv)
        seen = attack.opened, attack.cut
        await attack.end()
        told.send(seen)

    asyncio.run(attacking())


async def _drip(opened: Opened, source: Any) -> None:
    reader, writer = opened
    gone = asyncio.create_task(reader.read())
    try:
        while not gone.done():
            writer.write(bytes([next(source)]))
            await asyncio.wait([gone], timeout=1.0)
    finally:
        gone.cancel()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await gone


def bench() -> list[BenchRow]:
    """p99 beside hostile clients over p99 without them, and the server's memory."""
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        home = Path(folder)
        token, _ = prepared_home(home, MATTERS)
        with Server(home, token) as server:
            return asyncio.run(_measured(server, Texts(load_pack(home / "city"))))


async def _measured(server: Server, texts: Texts) -> list[BenchRow]:
    await _desks(server, texts, SETTLE_SECONDS)
    quiet = await _desks(server, texts, QUIET_SECONDS)
    memory = server.memory_mb()
    ours, theirs = multiprocessing.Pipe()
    attack = multiprocessing.get_context("spawn").Process(target=_attacking, args=(server.port, server.token, theirs))
    attack.start()
    await asyncio.to_thread(ours.recv)
    await asyncio.sleep(SETTLE_SECONDS)
    beside, most = await _watched(server, texts, memory)
    ours.send("enough")
    opened, cut = await asyncio.to_thread(ours.recv)
    attack.join()
    ratio = beside.percentile(0.99) / quiet.percentile(0.99)
    who = f"{SLOW_HEADS} slow heads, {SLOW_BODIES} slow bodies, {SILENT} silent, {STUCK} unread streams"
    more = f"{who}; {opened} connections opened, {cut} cut off; quiet p99 {quiet.percentile(0.99):.1f} ms"
    n, p99 = len(beside.latencies), beside.percentile(0.99)
    answers = f"{DESKS} desks, {n} answers {beside.statuses}"
    return [
        BenchRow("hostile.p99", p99, "ms", P99_MS, ratio, n, f"{more}; {answers}"),
        BenchRow("hostile.ratio", ratio, "×", RATIO_MAX, ratio, n, who),
        BenchRow("hostile.memory", most - memory, "MB", GROWTH_MB, most / memory, 1, f"from {memory:.0f} MB"),
    ]


async def _watched(server: Server, texts: Texts, memory: float) -> tuple[Run, float]:
    """The desks' run and the most memory the server had during it."""
    most = memory
    running = asyncio.create_task(_desks(server, texts, HOSTILE_SECONDS))
    while not running.done():
        most = max(most, server.memory_mb())
        await asyncio.sleep(0.5)
    return await running, most


async def _desks(server: Server, texts: Texts, seconds: float) -> Run:
    """What desks ask, each with a pause between."""
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    until = time.perf_counter() + seconds

    async def desk(n: int) -> None:
        connection = Connection(HOST, server.port, server.token)
        await asyncio.sleep(n * PAUSE_SECONDS / DESKS)
        for turn in range(10**6):
            if time.perf_counter() > until:
                break
            began = time.perf_counter()
            status, _ = await connection.ask(*_asked(texts, n + turn))
            latencies.append((time.perf_counter() - began) * 1000)
            statuses[status] = statuses.get(status, 0) + 1
            await asyncio.sleep(PAUSE_SECONDS)
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(desk(n) for n in range(DESKS)))
    return Run(latencies, time.perf_counter() - began, statuses, [])


def _asked(texts: Texts, turn: int) -> Request:
    """Three in four read a list, one hands in."""
    if turn % 4:
        return "GET", f"/api/v1/matters?limit=50&order={'due' if turn % 2 else 'new'}&kind=waiting", b""
    return "POST", "/api/v1/intakes/partner", _encode(texts.body(90))
