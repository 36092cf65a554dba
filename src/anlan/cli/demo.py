"""The demo: a generated city, an account to log in with for each role, and a fortnight that the city has lived."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from anlan import main
from anlan.app import accounts, duties
from anlan.app.learn import keep_model
from anlan.app.travel import prepare
from anlan.app.world import World, utc_now_ms
from anlan.city.demo import write_demo
from anlan.city.people import Officer
from anlan.cli.headless import DAY_MS, headless, living
from anlan.cli.show import bar
from anlan.domains.campaign.seed import deeds
from anlan.domains.command.seed import demo_units, fresh_shift, put_units
from anlan.domains.hotline.seed import labelled
from anlan.engines.classify import train
from anlan.loop.grants import Actor
from anlan.loop.working_calendar import DAY, minute_of
from anlan.sim.timeline import Progress
from anlan.sim.town import Plan
from anlan.store.vault import Random

ROLES = ("operator", "dispatcher", "officer", "chief", "overseer", "callback", "auditor", "security", "system_admin")
SEED = 2026
PAST = Plan(SEED, orders=18, notices=40, calls=12, few=True, desk_minutes=5)
"""A good quarter of a city's orders and few of its notices: enough to look at, and soon made."""


def demo_password() -> str:
    """The password of the demo's log-ins."""
    return main.settings().demo_password


def prepare_demo(home: Path, days: float = 14, now: int | None = None) -> None:
    """Make the demo at `home`: city, model, accounts, and what happened in the days up to `now` (else the clock's)."""
    now = now or utc_now_ms()
    began = now - round(days * DAY_MS)
    with bar("demo city") as on_progress:
        world = new_city(home, SEED, began, on_progress=on_progress)
    logins = {role: _login(world, role) for role in ROLES}
    (home / "demo.txt").write_text("".join(f"  {role}: {o.number}\n" for role, o in logins.items()), "utf-8")
    town = headless(world, PAST, began, demo_password(), without=humans(home))
    for deed in deeds(world, began, now):
        town.timeline.after(deed.at - began, deed.do)
    with bar("demo days") as on_progress:
        asyncio.run(living(world, town, now, on_progress))
    rosters(world, logins["security"])
    world.store.writer.submit(fresh_shift(world, "system"))
    world.store.close()


def rosters(world: World, by: Officer) -> None:
    """Duty rosters of this week and the next for the busy station and its neighbours: two a shift, turn by turn."""
    actor = Actor(by.number, by.unit, by.roles)
    monday = duties.monday_of(minute_of(world.clock()) // DAY)
    shifts = [shift.key for shift in duties.shifts(world)]
    for unit in world.city.organisation.of_kind("station", "370202"):
        people = [officer.number for officer in world.city.roster.of_unit(unit.key)]
        for first in (monday, monday + duties.WEEK):
            turns = [(day, shift) for day in range(first, first + duties.WEEK) for shift in shifts]
            start = (first - monday) * len(shifts) * 2
            cells = {
                turn: tuple(people[(start + 2 * i + n) % len(people)] for n in range(2)) for i, turn in enumerate(turns)
            }
            seen = duties.week(world, unit.key, first)
            world.store.writer.submit(duties.set_week(world, actor, seen, cells))


def new_city(
    home: Path, seed: int, begins: int, random: Random = os.urandom, on_progress: Progress | None = None
) -> World:
    """The demo city in an empty folder, where it is `begins`, with a classifier that has read the demo's phrases."""
    write_demo(home / "city", SEED, on_progress)
    prepare(home / "city")
    world = main.open_world(home, random=random)
    world.clock = lambda: begins
    keep_model(world, train(*labelled(world.city), seed=seed), "demo phrases")
    world.store.writer.submit(put_units(world, "system", demo_units(world, seed)))
    return world


def humans(home: Path) -> frozenset[str]:
    """The accounts of the demo that are meant for people: nobody in a simulation uses them."""
    return frozenset(line.split()[-1] for line in (home / "demo.txt").read_text("utf-8").splitlines())


def _login(world: World, role: str) -> Officer:
    officer = world.city.roster.with_role(role)[0]
    if role in {"officer", "chief"}:
        mates = world.city.roster.of_unit(_busy_station(world), role)
        officer = next(o for o in mates if (role == "chief") == ("chief" in o.roles))
    world.store.writer.submit(accounts.add(world, officer.number, officer.unit, officer.roles, demo_password()))
    return officer


def _busy_station(world: World) -> str:
    return world.city.organisation.of_kind("station", "370202")[0].key
