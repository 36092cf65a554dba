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
REPORTS = 240
SEED = 2026
HOUR_MS = 3600 * 1000


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
            _one(world, intake, random.Random(n))  # noqa: S311 - demo data
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


def _one(world: World, intake: Intake, rng: random.Random) -> None:
    domain, _ = world.channels[intake.channel]
    at = intake.at
    world.clock = lambda: at
    operator = _actor(world, "operator")
    assert operator is not None, "a city has operators"
    prepared = receive.prepare(world, domain, intake, operator)
    done = world.store.writer.submit(prepared.commit)
    receive.after(world, prepared, done, intake)
    matter = done.matters[0]
    for step in ("accept", "report", "verify", "call_back")[: rng.randrange(5)]:
        at += rng.randrange(1, 30) * HOUR_MS
        if at > intake.at + 12 * 24 * HOUR_MS or not matter.lead:
            return
        moved = _step(world, matter, step, rng)
        if moved is None:
            return
        matter = moved


def _step(world: World, matter: Matter, step: str, rng: random.Random) -> Matter | None:
    fields: dict[str, object] = {}
    if step == "report":
        if matter.open_assists:
            return None
        fields = {"note": "已到现场处置，告知当事人并登记。", "solved": rng.random() < 0.9}
    if step == "call_back":
        outcome = rng.choice(("satisfied", "satisfied", "satisfied", "not_satisfied", "unreachable"))
        fields = {"receipt": matter.number, "outcome": outcome, "solved": outcome == "satisfied"}
    role = {"verify": "overseer", "call_back": "callback"}.get(step, "officer")
    who = _actor(world, role, matter.lead if role == "officer" else "")
    if who is None:
        return None
    commit = handle.prepare(world, matter.number, Intent(step, matter.version, fields), who)
    done = world.store.writer.submit(commit)
    handle.after(world, done)
    return done.matters[0]


def _actor(world: World, role: str, unit: str = "") -> Actor | None:
    found = world.city.roster.of_unit(unit, role) if unit else world.city.roster.with_role(role)
    return Actor(found[0].number, found[0].unit, found[0].roles) if found else None
