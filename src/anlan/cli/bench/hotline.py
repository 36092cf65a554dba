"""The hotline over HTTP: creates and moves, beside a validate-only address of the same server in the same run."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from anlan import main
from anlan.app import accounts
from anlan.app.learn import keep_model
from anlan.app.load import Loader
from anlan.app.world import World
from anlan.city.demo import write_demo
from anlan.city.pack import load_pack
from anlan.cli.bench.client import Next, Request
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.server import Server
from anlan.cli.bench.texts import CLASSES, Texts
from anlan.cli.show import errors
from anlan.domains.hotline.seed import labelled
from anlan.engines.classify import train

OPEN_MATTERS = 100_000
CREATES = 6_000
_encode = msgspec.json.Encoder().encode


def prepared_home(root: Path, matters: int) -> tuple[str, str]:
    """An installation with open matters, a classifier and an account that may do it all; its token and unit."""
    write_demo(root / "city")
    world = main.open_world(root)
    texts = Texts(world.city)
    keep_model(world, train(*_forty(world), seed=1), "bench")
    everything = ("operator", "officer", "chief", "overseer", "callback", "system")
    unit = world.city.organisation.of_kind("bureau")[0].key
    world.store.writer.submit(accounts.add(world, "bench", unit, everything, "bench-password"))
    commit, token = accounts.token_for(world, "bench")
    world.store.writer.submit(commit)
    fill(world, texts, matters)
    world.store.close()
    return token, texts.note


def fill(world: World, texts: Texts, matters: int) -> None:
    """Open matters through the bulk path, without engines, with their feature rows."""
    loader = Loader(world, world.domains["hotline"], lambda _line, refused: errors.print(str(refused)), engines=False)
    adapt = world.channels["partner"][1].adapt
    labels = [c.key for c in world.city.catalogue][:CLASSES]
    for n in range(matters):
        body = texts.body(90, labels[n % len(labels)])
        body["outside_id"] = f"fill-{n}"
        loader.add(n, adapt(body, world.clock()))
    loader.flush()


def _forty(world: World) -> tuple[list[tuple[str, str]], list[str]]:
    """Forty classes: the demo's phrases, and more of them under numbered names where the demo has fewer."""
    texts, labels = labelled(world.city, each=20)
    known = sorted(set(labels))
    extra = [known[n % len(known)] for n in range(CLASSES - len(known))]
    for n, key in enumerate(extra):
        some = [t for t, label in zip(texts, labels, strict=True) if label == key]
        texts += [(title, f"{text}{n}号") for title, text in some]
        labels += [f"{key}.{n}"] * len(some)
    return texts, labels


def requests(texts: Texts, count: int, path: str, length: int = 90) -> Next:
    """`count` creates."""

    def some() -> Iterator[Request]:
        for _ in range(count):
            yield "POST", path, _encode(texts.body(length))

    made = list(some())
    return lambda: made.pop() if made else None


def bench() -> list[BenchRow]:
    """Creates and moves at 32 clients and at one, with the server's processor time."""
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        home = Path(folder)
        token, source = prepared_home(home, OPEN_MATTERS)
        with Server(home, token) as server:
            return asyncio.run(_measured(server, home, source))


async def _measured(server: Server, home: Path, source: str) -> list[BenchRow]:
    city = load_pack(home / "city")
    texts = Texts(city, seed=11)
    note = f"{OPEN_MATTERS:,} open matters of {source}; 90 characters, half with a place, {CLASSES} classes, token"
    create, echo = "/api/v1/intakes/partner", "/api/v1/echo"
    await server.load(32, requests(texts, 1500, create))
    yardstick = await server.load(32, requests(texts, CREATES, echo))
    before = server.cpu_seconds()
    full = await server.load(32, requests(texts, CREATES, create), keep=True)
    cpu_ms = (server.cpu_seconds() - before) / CREATES * 1000
    assert set(full.statuses) == {201}, full.statuses
    long = await server.load(32, requests(texts, CREATES // 3, create, 370))
    alone = await server.load(1, requests(texts, 1000, create))
    moved = await server.load(32, _reminders(full.bodies))
    n, base = CREATES, yardstick.rate
    more = f"{note}; p99 {full.percentile(0.99):.0f} ms; ratio to validate-only {base:.0f}/s"
    longer = f"{note}, but 370 characters"
    return [
        BenchRow("hotline.create.c32", full.rate, "/s", 1000, full.rate / base, n, more),
        BenchRow("hotline.create.c32.long", long.rate, "/s", None, long.rate / base, CREATES // 3, longer),
        BenchRow("hotline.create.cpu", cpu_ms, "ms", 1.0, None, n, note),
        BenchRow("hotline.create.c1.p50", alone.percentile(0.5), "ms", 4, None, 1000, note),
        BenchRow("hotline.create.c1.p99", alone.percentile(0.99), "ms", 15, None, 1000, note),
        BenchRow("hotline.move.c32", moved.rate, "/s", 2000, moved.rate / base, n, f"{note}; {moved.statuses}"),
    ]


def _reminders(bodies: list[bytes]) -> Next:
    """Remind the unit of each created matter: one move, one fact, one more version."""
    made = []
    for body in bodies:
        receipt = msgspec.json.decode(body)
        path = f"/api/v1/matters/{receipt['matter']}/moves/remind"
        made.append(("POST", path, _encode({"version": receipt["version"]})))
    return lambda: made.pop() if made else None
