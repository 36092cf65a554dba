"""The demo city beside its server: a process of its own that speaks HTTP, gently, and ends when the server does.

Hours pass in minutes, so that something changes while one looks; the server's own clock is the true one.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anlan import main
from anlan.app import accounts
from anlan.app.world import utc_now_ms
from anlan.city.pack import load_pack
from anlan.city.people import Officer
from anlan.cli.demo import demo_password, humans
from anlan.sim.command_room import TRACKER
from anlan.sim.door import Ask, Wire
from anlan.sim.living import live
from anlan.sim.staff import Staff, Tokens
from anlan.sim.timeline import Timeline
from anlan.sim.town import Plan, Town

HURRY = 60.0
NOTICES, DESK_MINUTES, CALLS_HOUR = 120.0, 6.0, 40.0
"""At this hurry: a report every 23 seconds, five notices and at most ten call-backs a minute. A call to 110 every 90
seconds, and minutes on the road are real ones."""
WEEK_MS = 7 * 24 * 3_600_000
"""A city that is left alone longer goes quiet: its people are logged out."""
READY_SECONDS, ASK_SECONDS = 60.0, 0.5
FOR_EVER = 2**53


@contextmanager
def beside(url: str, home: Path) -> Iterator[None]:
    """Let the demo city at `home` live as long as this lasts."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_process, args=(url, home, tokens_for(home)), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def town_at(url: str, home: Path, tokens: dict[str, str], timeline: Timeline) -> Town:
    """A town that uses the server at `url` and leaves alone what humans have in hand."""

    async def hire(officer: Officer) -> str:
        return tokens[officer.number]

    city, people = load_pack(home / "city"), humans(home)
    plan = Plan(timeline.now, notices=NOTICES, calls=CALLS_HOUR * 24, always=True, few=True, desk_minutes=DESK_MINUTES)
    staff, label = Staff(city, people, few=True), f"live-{timeline.now}"
    tokens_of = Tokens(hire)
    return Town(plan, city, timeline, Wire(url), staff, tokens_of, label, people, asyncio.sleep, tracked=True)


def tokens_for(home: Path) -> dict[str, str]:
    """A token for everybody who is ever on duty, made before a server opens the data; accounts where there are none."""
    world = main.open_world(home, index=False)
    submit, made = world.store.writer.submit, dict[str, str]()
    tracker = Officer(f"{TRACKER}-demo", world.city.organisation.root.key, (TRACKER,))
    for officer in (*Staff(world.city, humans(home), few=True).regulars(), tracker):
        if world.store.read.account(officer.number) is None:
            submit(accounts.add(world, officer.number, officer.unit, officer.roles, demo_password()))
        commit, made[officer.number] = accounts.token_for(world, officer.number, "simulation", WEEK_MS)
        submit(commit)
    world.store.close()
    return made


def _process(url: str, home: Path, tokens: dict[str, str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server's process tells this one when to end
    with suppress(OSError):
        asyncio.run(_live(url, home, tokens))


async def _live(url: str, home: Path, tokens: dict[str, str]) -> None:
    """Wait for the server, then live until nobody answers any more."""
    async with asyncio.timeout(READY_SECONDS):
        while not await _answers(url):
            await asyncio.sleep(ASK_SECONDS)

    async def until(at: int) -> None:
        await asyncio.sleep(max(0, at - utc_now_ms()) / 1000)

    await live(town_at(url, home, tokens, Timeline(utc_now_ms(), until, HURRY)), FOR_EVER)


async def _answers(url: str) -> bool:
    try:
        return (await Wire(url).ask(Ask("GET", "/healthz"))).ok
    except OSError:
        return False
