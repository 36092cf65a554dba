"""The demo: a generated city, accounts for each role, and a fortnight of reports in all stages of the loop."""

from __future__ import annotations

import os
import random
from pathlib import Path

from anlan import main
from anlan.app import accounts, handle, receive
from anlan.app.learn import keep_model
from anlan.app.world import World
from anlan.city.demo import write_demo
from anlan.cli.show import bar
from anlan.domains.hotline.seed import labelled, reports
from anlan.engines.classify import train
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter

DEMO_PASSWORD = os.environ.get("ANLAN_DEMO_PASSWORD", "qingdao-2026")
ROLES = ("operator", "officer", "chief", "overseer", "callback", "auditor")
REPORTS = 320
SEED = 2026
HOUR_MS = 3600 * 1000
STEPS = {
    "assigned": ("accept", 2, 15),
    "acting": ("report", 30, 400),
    "verifying": ("verify", 5, 60),
    "calling": ("call_back", 10, 120),
}
"""The next step by stage, and how long it takes in tenths of an hour."""
LINGERS = 0.006
"""The chance at each step that somebody lets a matter lie: an ordinary fortnight has a few."""
ROUNDS_MAX = 40


def prepare_demo(home: Path) -> None:
    """Make the demo at `home`: city, model, accounts, reports."""
    with bar("demo city") as on_progress:
        write_demo(home / "city", SEED, on_progress)
    world = main.open_world(home)
    keep_model(world, train(*labelled(world.city), seed=SEED), "demo phrases")
    logins = [_account(world, role) for role in ROLES]
    (home / "demo.txt").write_text("".join(f"  {role}: {number}\n" for role, number in logins), "utf-8")
    now = world.clock()
    with bar("demo reports") as on_progress:
        for n, intake in enumerate(reports(world.city, SEED, REPORTS, now), 1):
            _one(world, intake, now, random.Random(n))  # noqa: S311 - demo data
            on_progress(n, REPORTS)
    world.store.close()


def _account(world: World, role: str) -> tuple[str, str]:
    officer = world.city.roster.with_role(role)[0]
    if role in {"officer", "chief"}:
        mates = world.city.roster.of_unit(_busy_station(world), role)
        officer = next(o for o in mates if (role == "chief") == ("chief" in o.roles))
    world.store.writer.submit(accounts.add(world, officer.number, officer.unit, officer.roles, DEMO_PASSWORD))
    return role, officer.number


def _busy_station(world: World) -> str:
    return world.city.organisation.of_kind("station", "370202")[0].key


def _one(world: World, intake: Intake, now: int, rng: random.Random) -> None:
    domain, _ = world.channels[intake.channel]
    at = intake.at
    world.clock = lambda: at
    operator = _actor(world, "operator")
    prepared = receive.prepare(world, domain, intake, operator)
    key = receive.enter(world, prepared, intake)
    done = world.store.writer.submit(prepared.commit)
    receive.settle(world, key, done)
    matter, rounds = done.matters[0], 0
    while matter.stage in STEPS and rng.random() > LINGERS:
        step, low, high = STEPS[matter.stage]
        at += rng.randrange(low, high) * HOUR_MS // 10
        rounds += 1
        if at > now or not matter.lead or rounds > ROUNDS_MAX:
            return
        matter = _step(world, matter, step, rng)


def _step(world: World, matter: Matter, step: str, rng: random.Random) -> Matter:
    for unit in matter.open_assists if step == "report" else ():
        matter = _move(world, matter, _actor(world, "officer", unit), "report_assist", {"note": "协办部分已完成。"})
    fields: dict[str, object] = {}
    if step == "report":
        fields = {"note": "已到现场处置，告知当事人并登记。", "solved": rng.random() < 0.9}
    if step == "call_back":
        outcome = rng.choices(("satisfied", "not_satisfied", "unreachable", "refused"), (80, 6, 11, 3))[0]
        receipt = matter.pending_callbacks[0].receipt
        fields = {"receipt": receipt, "outcome": outcome, "solved": outcome == "satisfied"}
    role = {"verify": "overseer", "call_back": "callback"}.get(step)
    return _move(world, matter, _actor(world, role) if role else _handler(world, matter.lead), step, fields)


def _move(world: World, matter: Matter, who: Actor, step: str, fields: dict[str, object]) -> Matter:
    done = world.store.writer.submit(handle.prepare(world, matter.number, Intent(step, matter.version, fields), who))
    handle.after(world, done)
    return done.matters[0]


def _handler(world: World, unit: str) -> Actor:
    return _actor(world, "officer" if world.city.roster.of_unit(unit, "officer") else "operator", unit)


def _actor(world: World, role: str, unit: str = "") -> Actor:
    found = world.city.roster.of_unit(unit, role) if unit else world.city.roster.with_role(role)
    return Actor(found[0].number, found[0].unit, found[0].roles)
