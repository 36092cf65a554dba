"""The console as two hundred desks use it: how soon a move stands on another page, and how long a list takes.

`console.seen`: one real Chromium page watches the widest list; 199 more desks hold a stream and ask for the changed
rows as a page would; a mover reminds one matter after another through the API; the demo city lives beside it at ×60.
Measured is the time from the API's answer to the words standing in the page.
"""

from __future__ import annotations

import asyncio
import gzip
import math
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from anlan import main
from anlan.app import accounts
from anlan.city.pack import load_pack
from anlan.cli.bench.client import Connection, run
from anlan.cli.bench.hotline import prepared_home
from anlan.cli.bench.lists import MATTERS
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.server import HOST, Server
from anlan.cli.beside import beside
from anlan.cli.demo import demo_password, prepare_demo
from anlan.cli.show import errors

DESKS, MOVES = 200, 40
MOVE_SECONDS, SETTLE_SECONDS, COUNTS_SECONDS = 1.0, 3.0, 4.5
ASKED = 300
SEEN_MS, QUEUE_MS, PAGE_KB = 1_000.0, 50.0, 100.0
WIDEST = "/queue?view=open"
WATCH = """() => {
  window.seen = {};
  const look = () => document.querySelectorAll("#queue .row").forEach((row) => {
    const number = row.getAttribute("href").split(/[/?]/)[2].replaceAll("-", "");
    if (!(number in window.seen) && row.textContent.includes("督办")) window.seen[number] = Date.now();
  });
  look();
  new MutationObserver(look).observe(document.getElementById("queue"), { subtree: true, childList: true });
}"""
UNMARKED = """() => [...document.querySelectorAll("#queue .row")].filter((row) => !row.textContent.includes("督办"))
  .map((row) => row.getAttribute("href").split(/[/?]/)[2].replaceAll("-", ""))"""


def seen() -> list[BenchRow]:
    """p50 and p95 of a move's way to another browser; nothing where there is no Chromium."""
    if (chromium := shutil.which("chromium")) is None:
        errors.print("no chromium: console.seen is not measured")
        return []
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        home = Path(folder)
        prepare_demo(home)
        token = _token(home)
        server = Server(home, token)
        with beside(f"http://{HOST}:{server.port}", home), server:
            return asyncio.run(_seen(server, chromium))


def queue() -> list[BenchRow]:
    """p99 of the list as a page on a million open matters, for the widest and for one unit's view, and its size."""
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        home = Path(folder)
        _, source = prepared_home(home, MATTERS)
        return asyncio.run(_queue(home, source))


def _token(home: Path, account: str = "watcher", role: str = "overseer", unit: str = "") -> str:
    world = main.open_world(home, index=False)
    of = unit or world.city.organisation.of_kind("bureau")[0].key
    world.store.writer.submit(accounts.add(world, account, of, (role,), demo_password()))
    commit, token = accounts.token_for(world, account)
    world.store.writer.submit(commit)
    world.store.close()
    return token


async def _queue(home: Path, source: str) -> list[BenchRow]:
    station = load_pack(home / "city").organisation.of_kind("station")[0].key
    rows = []
    tokens = {"widest": _token(home), "unit": _token(home, "one", "officer", station)}
    with Server(home, "") as server:
        for name, token in tokens.items():
            await _asked(server, token, 20)
            took = await _asked(server, token, ASKED)
            page, packed = len(took.bodies[-1]), len(gzip.compress(took.bodies[-1], 4))
            note = f"{WIDEST}, {MATTERS:,} open matters of {source}; p50 {took.percentile(0.5):.1f} ms, {took.statuses}"
            rows.append(BenchRow(f"console.queue.{name}.p99", took.percentile(0.99), "ms", QUEUE_MS, None, ASKED, note))
            more = f"gzipped as served, of {page / 1000:.0f} kB; styles and scripts are in the browser's cache"
            rows.append(BenchRow(f"console.queue.{name}.kB", packed / 1000, "kB", PAGE_KB, None, 1, more))
    return rows


async def _asked(server: Server, token: str, count: int) -> Any:
    left = [WIDEST] * count
    return await run(HOST, server.port, token, 1, lambda: ("GET", left.pop(), b"") if left else None, keep=True)


async def _seen(server: Server, chromium: str) -> list[BenchRow]:
    desks = [asyncio.create_task(_desk(server, n)) for n in range(DESKS - 1)]
    try:
        took, refused = await _watched(server, chromium)
    finally:
        for desk in desks:
            desk.cancel()
    assert not [desk for desk in desks if desk.done() and not desk.cancelled() and desk.exception()], "a desk fell out"
    ordered = sorted(took)
    note = f"{DESKS} desks on {WIDEST}, the city at ×60 beside; a move a second, {refused} came after the city's"
    return [
        BenchRow(f"console.seen.p{share}", ordered[len(ordered) * share // 100], "ms", floor, None, len(took), note)
        for share, floor in ((50, None), (95, SEEN_MS))
    ]


async def _watched(server: Server, chromium: str) -> tuple[list[float], int]:
    """The milliseconds from each move's answer to its mark in the page, and how many moves were refused."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - of the tests' tools, and only for this

    url = f"http://{HOST}:{server.port}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context(locale="zh-CN")
        await context.add_cookies([{"name": "anlan_session", "value": server.token, "url": url}])
        page = await context.new_page()
        await page.goto(url + WIDEST)
        await page.evaluate(WATCH)
        await asyncio.sleep(SETTLE_SECONDS)
        moved, refused = await _moved(server, await page.evaluate(UNMARKED))
        await asyncio.sleep(SETTLE_SECONDS)
        seen: dict[str, float] = await page.evaluate("window.seen")
        await browser.close()
    return [seen.get(number, math.inf) - at for number, at in moved.items()], refused


async def _moved(server: Server, numbers: list[str]) -> tuple[dict[str, float], int]:
    """Remind the units of these matters, one a second; when each answer came (UTC ms), and how many were refused."""
    mover, moved, refused = Connection(HOST, server.port, server.token), dict[str, float](), 0
    _, listed = await mover.ask("GET", "/api/v1/matters?limit=200&kind=waiting&kind=working&kind=calling")
    versions = {str(row["number"]): row["version"] for row in msgspec.json.decode(listed)["rows"]}
    for number in [n for n in numbers if n in versions][:MOVES]:
        body = msgspec.json.encode({"version": versions[number]})
        status, _ = await mover.ask("POST", f"/api/v1/matters/{number}/moves/remind", body)
        if status < 300:
            moved[number] = time.time() * 1000
        refused += status >= 300
        await asyncio.sleep(MOVE_SECONDS)
    mover.close()
    return moved, refused


async def _desk(server: Server, n: int) -> None:
    """What a page of the list does all day: listen, and ask for the rows that changed and, more slowly, the counts."""
    reader, writer = await asyncio.open_connection(HOST, server.port)
    asks, counted = Connection(HOST, server.port, server.token), 0.0
    head = f"GET /live HTTP/1.1\r\nHost: {HOST}\r\nCookie: anlan_session={server.token}\r\n\r\n"
    writer.write(head.encode())
    while line := await reader.readline():
        if not line.startswith(b"data: "):
            continue
        told = msgspec.json.decode(line[6:])
        if told["matters"]:
            named = "".join(f"&number={number}" for number in told["matters"][:50])
            await asks.ask("GET", f"/queue/rows?view=open{named}")
        if told["matters"] and time.monotonic() - counted > COUNTS_SECONDS + n / DESKS:
            await asks.ask("GET", "/queue/counts?view=open")
            counted = time.monotonic()
