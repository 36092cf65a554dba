"""A simulated city within this process: no server and no waiting, the world's clock moved by what happens next."""

from __future__ import annotations

from collections.abc import Collection

from anlan import main
from anlan.app import accounts
from anlan.app.world import World
from anlan.city.people import Officer
from anlan.sim.door import Inside
from anlan.sim.living import live
from anlan.sim.staff import Staff, Tokens
from anlan.sim.timeline import Progress, Timeline, Wait, at_once
from anlan.sim.town import Plan, Town
from anlan.telemetry import logs

DAY_MS = 24 * 3_600_000


def headless(
    world: World,
    plan: Plan,
    begins: int,
    password: str,
    *,
    without: Collection[str] = (),
    wait: Wait = at_once,
) -> Town:
    """A town over that world from `begins` (UTC ms) on. Accounts are made as their officers first act."""
    logs.configure("warning")
    timeline = Timeline(begins, wait)
    world.clock = timeline.clock

    async def hire(officer: Officer) -> str:
        write = world.store.writer.write
        if world.store.read.account(officer.number) is None:
            await write(accounts.add(world, officer.number, officer.unit, officer.roles, password))
        commit, token = accounts.token_for(world, officer.number, "simulation")
        await write(commit)
        return token

    staff, door = Staff(world.city, without, few=plan.few), Inside(main.application(world))
    return Town(plan, world.city, timeline, door, staff, Tokens(hire), f"{plan.seed}-{begins}")


async def living(world: World, town: Town, until: int, on_progress: Progress | None = None) -> None:
    """Let it live until then. At the end everybody logs out, and no token of a simulation opens anything."""
    await live(town, until, on_progress)
    for number, token in town.tokens.given().items():
        await world.store.writer.write(accounts.log_out(world, token, number))
