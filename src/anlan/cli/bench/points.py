"""What a map and a wall ask: 50,000 open matters with a place as points, one station's of them, and today's counts."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import msgspec

from anlan import main
from anlan.app.load import Loader
from anlan.city.pack import load_pack
from anlan.cli.bench.hotline import prepared_home
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.server import Server
from anlan.cli.bench.texts import Texts
from anlan.cli.show import errors

PLACED = int(os.environ.get("ANLAN_BENCH_POINTS", "50000"))
ASKED = 100
ALL, ONE, TODAY = "/api/v1/matters/points", "/api/v1/matters/points?unit={unit}", "/api/v1/matters/today"


def bench() -> list[BenchRow]:
    """Latencies of one client on loopback, uncompressed."""
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        home = Path(folder)
        token, _ = prepared_home(home, 0)
        fill_placed(home)
        with Server(home, token) as server:
            return asyncio.run(_measured(server, home))


def fill_placed(home: Path) -> None:
    """`PLACED` open matters, each within some hundred metres of a named place."""
    world = main.open_world(home)
    texts = Texts(world.city)
    loader = Loader(world, world.domains["hotline"], lambda _line, refused: errors.print(str(refused)), engines=False)
    adapt = world.channels["partner"][1].adapt
    for n in range(PLACED):
        body = texts.body(40)
        while "lon" not in body:
            body = texts.body(40)
        loader.add(n, adapt(body | {"outside_id": f"p{n}"}, world.clock()))
    loader.flush()
    world.store.close()


async def _measured(server: Server, home: Path) -> list[BenchRow]:
    unit = load_pack(home / "city").organisation.of_kind("station")[0].key
    rows = []
    for name, path, floor in (
        ("map.points.p99", ALL, 1000.0),
        ("map.points.unit.p99", ONE.format(unit=unit), 30.0),
        ("wall.today.p99", TODAY, 200.0),
    ):
        left = [path] * ASKED
        run = await server.load(1, lambda left=left: ("GET", left.pop(), b"") if left else None, keep=True)  # type: ignore[misc]
        found = msgspec.json.decode(run.bodies[-1])
        n = len(found["number"]) if "number" in found else sum(d["open"] for d in found["districts"])
        note = f"{n:,} of {PLACED:,} open matters, {len(run.bodies[-1]) / 1000:,.0f} kB; "
        note += f"p50 {run.percentile(0.5):.1f} ms, statuses {run.statuses}"
        rows.append(BenchRow(name, run.percentile(0.99), "ms", floor, None, ASKED, note))
    return rows
