"""The command room at full pace, against the real server: 10 calls a second, 2,000 units that report each second, and a
second screen that must show whom to send.

`command.live`: from the moment a call is sent in until another dispatcher's page, told by its event stream, has the
ranked list. `command.fold`: bursts of fifty callers about one incident, with other incidents around them.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from anlan import main
from anlan.app import accounts, receive
from anlan.app.travel import prepare
from anlan.app.world import World
from anlan.city.demo import write_demo
from anlan.cli.bench.client import Connection
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.server import HOST, Server
from anlan.cli.show import bar
from anlan.domains.command.rules import SEEN_FROM_AFAR, alike
from anlan.domains.command.same import same_incidents
from anlan.domains.command.seed import call, demo_units, put_units
from anlan.domains.command.units import AVAILABLE, Unit
from anlan.loop.grants import Actor

UNITS, CALLS_A_SECOND = 2_000, 10
SECONDS = int(os.environ.get("ANLAN_BENCH_LIVE_SECONDS", "30"))
BATCHES = 4
P95_MS = 300.0
BURSTS, CALLERS, SPREAD_M = 20, 50, 45.0
FOLDED, FALSE = 0.95, 0.01
METRE = 1 / 90_000
_encode = msgspec.json.Encoder().encode


def bench() -> list[BenchRow]:
    """Both."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        tokens, units, places = prepared(home)
        with Server(home, tokens["dispatcher"]) as server:
            live = asyncio.run(Live(server, tokens, units, places).run())
        shutil.rmtree(home)
    with tempfile.TemporaryDirectory() as folder:
        return [*live, *folding(Path(folder))]


def prepared(home: Path) -> tuple[dict[str, str], list[Unit], list[Any]]:
    """A demo city with 2,000 units, a dispatcher and a positions gateway: their tokens, the units, its places."""
    write_demo(home / "city")
    prepare(home / "city")
    world = main.open_world(home)
    officer = world.city.roster.with_role("dispatcher")[0]
    units = fleet_of(world, UNITS)
    world.store.writer.submit(put_units(world, "system", units))
    tokens = {}
    for role, number in (("dispatcher", officer.number), ("tracker", "tracker-1")):
        world.store.writer.submit(accounts.add(world, number, officer.unit, (role,), "bench-only"))
        commit, tokens[role] = accounts.token_for(world, number, "bench")
        world.store.writer.submit(commit)
    places = list(world.city.places.places)
    world.store.close()
    return tokens, units, places


def fleet_of(world: World, count: int) -> list[Unit]:
    """So many units that stand by: the demo's, again and again, each a little elsewhere."""
    rng, some = random.Random(7), demo_units(world)  # noqa: S311 - load, not a secret
    found = []
    for n in range(count):
        like = some[n % len(some)]
        assert like.home is not None
        home = (like.home[0] + rng.randrange(-9_000, 9_000), like.home[1] + rng.randrange(-9_000, 9_000))
        found.append(msgspec.structs.replace(like, key=f"u-{n:04d}", home=home, state=AVAILABLE, call_sign=f"U{n}"))
    return found


class Live:
    """The run: trackers, callers, and the other screen."""

    def __init__(self, server: Server, tokens: dict[str, str], units: list[Unit], places: list[Any]) -> None:
        self._server, self._tokens, self._units, self._places = server, tokens, units, places
        self._sent: dict[int, float] = {}
        self._seen: dict[int, float] = {}
        self._ranked: dict[int, float] = {}
        self._called: list[float] = []
        self._positions = self._late_batches = 0

    async def run(self) -> list[BenchRow]:
        """Everything at once, for some seconds."""
        screen = asyncio.create_task(self._screen())
        await asyncio.sleep(2.0)
        began_cpu = self._server.cpu_seconds()
        with bar("command") as on_progress:
            callers = asyncio.create_task(self._callers(on_progress))
            trackers = [asyncio.create_task(self._tracker(n)) for n in range(BATCHES)]
            await callers
        await asyncio.sleep(2.0)
        for task in (screen, *trackers):
            task.cancel()
        await asyncio.gather(screen, *trackers, return_exceptions=True)
        took = [(self._ranked[n] - at) * 1000 for n, at in self._sent.items() if n in self._ranked]
        seen = [(self._seen[n] - at) * 1000 for n, at in self._sent.items() if n in self._seen]
        missing = len(self._sent) - len(took)
        busy = (self._server.cpu_seconds() - began_cpu) / SECONDS
        note = (
            f"median {np.median(took):.0f}, event seen p95 {np.percentile(seen, 95):.0f}; {missing} never shown; "
            f"{self._positions / SECONDS:.0f} positions/s, {self._late_batches} batches late; server {busy:.0%} of a"
            " core"
        )
        p95 = float(np.percentile(took, 95)) if not missing else float("inf")
        return [BenchRow("command.live.p95", p95, "ms", P95_MS, None, len(took), note)]

    async def _callers(self, on_progress: Any) -> None:
        rng = random.Random(11)  # noqa: S311 - load, not a secret
        total, began = SECONDS * CALLS_A_SECOND, time.perf_counter()
        tasks = []
        for n in range(total):
            await asyncio.sleep(max(0.0, began + n / CALLS_A_SECOND - time.perf_counter()))
            place = rng.choice(self._places)
            category, text = call(rng, place.name)
            east, north = (rng.uniform(-400, 400) * METRE for _ in range(2))
            said = {
                "call_id": f"b{n}", "text": text, "lon": place.lon + east, "lat": place.lat + north,
                "address": place.name, "category": category, "caller": f"138{n:08d}",
            }  # fmt: skip
            tasks.append(asyncio.create_task(self._call(_encode(said))))
            on_progress(n + 1, total)
        await asyncio.gather(*tasks)

    async def _call(self, body: bytes) -> None:
        began, connection = time.perf_counter(), Connection(HOST, self._server.port, self._tokens["dispatcher"])
        status, answer = await connection.ask("POST", "/api/v1/intakes/call_110", body)
        connection.close()
        if status != 201:
            raise RuntimeError(f"a call was refused: {status} {answer[:200]!r}")
        self._sent[int(msgspec.json.decode(answer)["matter"])] = began

    async def _tracker(self, turn: int) -> None:
        mine = self._units[turn::BATCHES]
        rng = np.random.default_rng(turn)
        at = np.array([unit.home for unit in mine], np.float64) / 1e6
        connection = Connection(HOST, self._server.port, self._tokens["tracker"])
        due = time.perf_counter() + turn / BATCHES
        while True:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self._late_batches += time.perf_counter() - due > 1.0
            due += 1.0
            at += rng.normal(0, 8 * METRE, at.shape)
            now = round(time.time() * 1000)
            fixes = [
                {"unit": u.key, "lon": a[0], "lat": a[1], "at": now} for u, a in zip(mine, at.tolist(), strict=True)
            ]
            _, answer = await connection.ask("POST", "/api/v1/command/positions", _encode({"positions": fixes}))
            self._positions += int(msgspec.json.decode(answer)["taken"])

    async def _screen(self) -> None:
        """The other dispatcher: told of a new incident, it asks whom to send."""
        reader, writer = await asyncio.open_connection(HOST, self._server.port)
        token = self._tokens["dispatcher"]
        writer.write(f"GET /command/live HTTP/1.1\r\nHost: {HOST}\r\nCookie: anlan_session={token}\r\n\r\n".encode())
        asks = [Connection(HOST, self._server.port, token) for _ in range(4)]
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in asks:
            free.put_nowait(connection)
        pending: set[asyncio.Task[None]] = set()
        with suppress(asyncio.IncompleteReadError):
            while line := await reader.readline():
                if line.startswith(b"data:"):
                    for number in msgspec.json.decode(line[5:].strip()).get("matters", ()):
                        if number not in self._seen:
                            self._seen[number] = time.perf_counter()
                            task = asyncio.create_task(self._ask(free, number))
                            pending.add(task)
                            task.add_done_callback(pending.discard)

    async def _ask(self, free: asyncio.Queue[Connection], number: int) -> None:
        connection = await free.get()
        try:
            status, answer = await connection.ask("GET", f"/api/v1/command/incidents/{number}/advice")
            if status == 200 and msgspec.json.decode(answer)["needs"]:
                self._ranked[number] = time.perf_counter()
        finally:
            free.put_nowait(connection)


def folding(home: Path) -> list[BenchRow]:
    """Bursts of callers, one incident each; and calls about other things near them. Who is offered what as likely?"""
    write_demo(home / "city")
    world = main.open_world(home)
    officer = world.city.roster.with_role("dispatcher")[0]
    actor = Actor(officer.number, officer.unit, officer.roles)
    rng = random.Random(13)  # noqa: S311 - load, not a secret
    now, places = world.clock(), rng.sample(list(world.city.places.places), BURSTS)
    world.clock = lambda: now
    folded = asked = wrong = others = 0
    with bar("folding") as on_progress:
        for n, place in enumerate(places):
            several = [call(rng, place.name) for _ in range(50)]
            category, text = next(one for one in several if one[0] in SEEN_FROM_AFAR)
            first = _taken(world, actor, (place.lon, place.lat), category, text, f"f{n}")
            for _ in range(CALLERS - 1):
                now += rng.randrange(500, 5_000)
                at = _near(rng, place, SPREAD_M)
                found = same_incidents(world, actor, at, category, call(rng, place.name)[1])
                asked += 1
                folded += bool(found and found[0].likely and found[0].matter.number == first)
            for _ in range(CALLERS):
                now += rng.randrange(500, 5_000)
                other, words = call(rng, place.name)
                at = _near(rng, place, 600.0)
                apart = _metres(at, (place.lon, place.lat)) > 210 or not alike(other, category)
                if apart:
                    found = same_incidents(world, actor, at, other, words)
                    others += 1
                    wrong += bool(found and found[0].likely)
            on_progress(n + 1, len(places))
    world.store.close()
    note = f"{BURSTS} bursts of {CALLERS}; callers {SPREAD_M:.0f} m around (sigma)"
    return [
        BenchRow("command.fold.recall", folded / asked, "", FOLDED, None, asked, note),
        BenchRow(
            "command.fold.false", wrong / others, "", None, None, others, f"bar at most {FALSE}; other type or place"
        ),
    ]


def _taken(world: World, actor: Actor, at: tuple[float, float], category: str, text: str, label: str) -> int:
    said = {"call_id": label, "text": text, "lon": at[0], "lat": at[1], "category": category}
    intake = world.channels["call_110"][1].adapt(said, world.clock())
    prepared_ = receive.prepare(world, world.domains["command"], intake, actor)
    return world.store.writer.submit(prepared_.commit).matters[0].number


def _near(rng: random.Random, place: Any, metres: float) -> tuple[float, float]:
    return place.lon + rng.gauss(0, metres) * METRE, place.lat + rng.gauss(0, metres) * METRE


def _metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(np.hypot((one[0] - other[0]), (one[1] - other[1])) / METRE)
