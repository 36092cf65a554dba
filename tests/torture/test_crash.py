"""Crash (T1): the real server under fifty clients, killed with SIGKILL again and again. Acknowledged is kept, once: on
SQLite, and on PostgreSQL with two processes.

Short: 5 kills. Long (`make torture`): 200 kills of each. A process kill does not lose the page cache: that
answers wait for the fsync is shown by `test_before_the_fsync` (from inside) and `test_system_calls` (from the kernel),
and what a power cut leaves by `test_crash_states`.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from anlan.cli.bench.server import HOST, Server
from anlan.main import discover
from anlan.store.database import Database
from anlan.store.rebuild import compare
from anlan.store.verify import verify

from . import living

pytestmark = pytest.mark.anyio
LONG = bool(os.environ.get("ANLAN_TEST_TORTURE"))
KILLS = 200 if LONG else 5
CLIENTS = 50
RETRY_S = 0.2
SEED = 20261128
RESTART_P95_S = 1.5


class Acknowledged(msgspec.Struct):
    """What clients were told: the receipt by idempotency key. `retried`: requests sent again."""

    receipts: dict[str, int] = {}
    contradicted: list[str] = []
    retried: int = 0


async def client(no: int, url: str, token: str, told: Acknowledged, stop: asyncio.Event) -> None:
    """One client: a request with its own key, sent until it is acknowledged; then the next."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=5) as http:
        n = 0
        while not stop.is_set():
            n += 1
            key = f"c{no}-{n}"
            body = {"outside_id": key, "text": f"第{n}件，{no}号反映路灯不亮", "district": "370202"}
            while True:
                try:
                    answer = await http.post("/api/v1/intakes/partner", json=body, headers={"idempotency-key": key})
                except httpx.HTTPError:
                    told.retried += 1
                    await asyncio.sleep(RETRY_S)
                    if stop.is_set():
                        return
                    continue
                if answer.status_code in {200, 201}:
                    receipt = int(answer.json()["number"])
                    if told.receipts.setdefault(key, receipt) != receipt:
                        told.contradicted.append(key)
                    break
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.02)


async def killed(server: Server, rng: random.Random, told: Acknowledged) -> list[float]:
    """Kill and start the server so many times; seconds from each start to the first new acknowledgement."""
    restarts = []
    for _ in range(KILLS):
        await asyncio.sleep(rng.uniform(0.2, 0.6))
        await asyncio.to_thread(server.kill)
        before, began = len(told.receipts), time.perf_counter()
        await asyncio.to_thread(server.start)
        while len(told.receipts) == before:
            await asyncio.sleep(0.005)
            assert time.perf_counter() - began < 60, "nothing was acknowledged after a start"
        restarts.append(time.perf_counter() - began)
    return restarts


async def lived(server: Server, told: Acknowledged) -> list[float]:
    """The clients at work through all kills."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for no in range(CLIENTS):
            group.create_task(client(no, f"http://{HOST}:{server.port}", server.token, told, stop))
        restarts = await killed(server, random.Random(SEED), told)
        stop.set()
    return restarts


def judged(database: Database, public: bytes, told: Acknowledged) -> dict[str, Any]:
    """Lost and doubled among the acknowledged; gaps, faults and differences in what was kept."""
    connection = database.connect(read_only=True)
    kept = dict(connection.execute("SELECT outside_id, number FROM receipts").fetchall())
    rows = connection.execute("SELECT ledger, count(*), min(seq), max(seq) FROM facts GROUP BY ledger").fetchall()
    doubled = connection.execute("SELECT count(*) - count(DISTINCT matter) FROM receipts").fetchone()[0]
    flows = {(d.key, f.key): f for d in discover().values() for f in d.flows}
    return {
        "lost": sum(kept.get(key) != receipt for key, receipt in told.receipts.items()),
        "doubled": doubled + len(told.contradicted) + len(kept) - len(set(kept.values())),
        "gaps": sum(count != last - first + 1 or first != 0 for _, count, first, last in rows),
        "faults": len(verify(database, public).faults),
        "different": len(compare(database, flows).different),
    }


@pytest.mark.parametrize(("where", "workers"), [("sqlite", 1), ("postgres", 2)])
async def test_what_was_acknowledged_is_kept_once(
    where: str, workers: int, tmp_path: Path, demo_city: Path, request: pytest.FixtureRequest, capsys: Any
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if where == "postgres":
        url = request.getfixturevalue("postgres_url")
        (home / "anlan.toml").write_text(f'database_url = "{url}"\n', "utf-8")
    world, token = living.prepared(home, demo_city)
    told, began = Acknowledged(), time.perf_counter()
    with Server(home, token, workers) as server:
        restarts = sorted(await lived(server, told))
    seconds = time.perf_counter() - began
    said = judged(world.store.database, world.store.public_key, told)
    p95 = restarts[min(len(restarts) - 1, int(len(restarts) * 0.95))]
    with capsys.disabled():
        print(
            f"\n  crash on {where}: {KILLS} kills, {len(told.receipts):,} acknowledged in {seconds:.0f} s,"
            f" {told.retried:,} retries; {said}; start to first answer p50 {restarts[len(restarts) // 2]:.2f} s,"
            f" p95 {p95:.2f} s (aim {RESTART_P95_S})"
        )
    assert told.receipts
    assert said == {"lost": 0, "doubled": 0, "gaps": 0, "faults": 0, "different": 0}
