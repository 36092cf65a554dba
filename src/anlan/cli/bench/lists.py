"""Lists, hard shapes and the matter page over HTTP on a million matters; then its ledger is checked and replayed."""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import msgspec

from anlan.app.reindex import Finding
from anlan.city.pack import load_pack
from anlan.cli.bench.client import Next
from anlan.cli.bench.hotline import prepared_home
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.server import Server
from anlan.main import discover
from anlan.store.rebuild import rebuild
from anlan.store.store import Place
from anlan.store.verify import verify

MATTERS = int(os.environ.get("ANLAN_BENCH_MATTERS", "1000000"))
ASKED = 1_000
WORDS = ("停车", "噪音", "小区", "学校", "路灯", "物业", "公交", "垃圾")


def bench() -> list[BenchRow]:
    """p99 of the three kinds of read; facts checked and replayed per second."""
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        home = Path(folder)
        token, source = prepared_home(home, MATTERS)
        with Server(home, token) as server:
            rows = asyncio.run(_measured(server, home, f"{MATTERS:,} matters of {source}"))
        return [*rows, *_ledger(home)]


async def _measured(server: Server, home: Path, note: str) -> list[BenchRow]:
    units = [u.key for u in load_pack(home / "city").organisation if u.kind in {"station", "team"}]
    rng = random.Random(5)  # noqa: S311 - workload, not a secret
    first = await server.load(
        1, _paths([f"/api/v1/matters?limit=50&lead={u}&stage=assigned" for u in units]), keep=True
    )
    edges = [(u, p["after"]) for u, p in zip(reversed(units), map(msgspec.json.decode, first.bodies), strict=True)]
    easy = [
        f"/api/v1/matters?limit=50&lead={u}&stage=assigned&order={rng.choice(('due', 'new'))}"
        + (f"&after={after}" if after and rng.random() < 0.5 else "")
        for u, after in (rng.choice(edges) for _ in range(ASKED))
    ]
    hard = [_hard(rng, units) for _ in range(ASKED)]
    numbers = [r["number"] for b in first.bodies for r in msgspec.json.decode(b)["rows"]]
    pages = [f"/matters/{rng.choice(numbers)}" for _ in range(ASKED)]
    rows = []
    for name, paths, floor in (
        ("matters.list.p99", easy, 5),
        ("matters.hard.p99", hard, 30),
        ("matters.page.p99", pages, 30),
    ):
        await server.load(1, _paths(paths[:50]))
        run = await server.load(1, _paths(paths))
        rows.append(
            BenchRow(
                name,
                run.percentile(0.99),
                "ms",
                floor,
                None,
                ASKED,
                f"{note}; p50 {run.percentile(0.5):.1f} ms, statuses {run.statuses}",
            )
        )
    return rows


def _ledger(home: Path) -> list[BenchRow]:
    public = bytes.fromhex((home / "keys" / "ledger.pub").read_text("ascii").strip())
    flows = {(d.key, f.key): f for d in discover().values() for f in d.flows}
    began = time.perf_counter()
    verdict = verify(Place(home).database, public)
    checked = time.perf_counter()
    replayed = rebuild(Place(home).database, flows)
    ended = time.perf_counter()
    rebuild(Place(home).database, flows, finding=Finding(Place(home)))
    found = time.perf_counter()
    note = f"{len(verdict.faults)} faults; leaves, tiles, gaps, {verdict.checkpoints} checkpoints"
    facts, rate = verdict.facts, replayed.facts / (ended - checked)
    return [
        BenchRow("ledger.verify", facts / (checked - began), "/s", 400_000, None, facts, note),
        BenchRow("ledger.rebuild", rate, "/s", 150_000, None, facts, "state and roll-ups"),
        BenchRow("ledger.rebuild.search", facts / (found - ended), "/s", 60_000, None, facts, "titles and terms too"),
    ]


def _hard(rng: random.Random, units: list[str]) -> str:
    kind = rng.randrange(3)
    if kind == 0:
        leads = "".join(f"&lead={u}" for u in rng.sample(units, 15))
        return f"/api/v1/matters?limit=50&stage=assigned{leads}"
    if kind == 1:
        return f"/api/v1/matters?limit=50&lead={rng.choice(units)}&stage=assigned&channel=partner&category=traffic."
    return f"/api/v1/matters?limit=50&q={quote(rng.choice(WORDS))}"


def _paths(paths: list[str]) -> Next:
    left = list(paths)
    return lambda: ("GET", left.pop(), b"") if left else None
