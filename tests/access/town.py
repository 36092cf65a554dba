"""A city with one person in every role, and a marked matter for every relation, stage and level."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from tests.app.test_media import picture

from anlan.app import accounts, attach, handle, receive
from anlan.app.world import World
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.main import open_world

CATEGORIES = {"ordinary": "public_order.noise", "sensitive": "school.bullying", "restricted": "enterprise.rights"}
LEVELS = tuple(CATEGORIES)
RELATIONS = ("own", "below", "above", "beside", "foreign", "assist", "unassigned")
STAGES = ("received", "assigned", "acting", "verifying", "calling", "closed")
OVERSEER = Actor("o0", "bureau", ("overseer",))
CALLER = Actor("b0", "bureau", ("callback",))


@dataclass(frozen=True)
class Cell:
    """Where a matter stands."""

    relation: str
    stage: str
    level: str


@dataclass
class Town:
    """The world, the matters by cell with the word that marks each, a file of each, tokens by role."""

    world: World
    unit: str
    matters: dict[Cell, Matter] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


def cells() -> Iterator[Cell]:
    """Every cell that can be: a matter is nobody's only before it is assigned."""
    for level in LEVELS:
        yield Cell("unassigned", "received", level)
        for relation in RELATIONS[:-1]:
            for stage in STAGES[1:]:
                yield Cell(relation, stage, level)


def town_at(path: Path, city: Path, roles: list[str], at: int) -> Town:
    """Build it. One category of the city is restricted."""
    shutil.copytree(city, path / "city")
    catalogue = path / "city" / "catalogue.json"
    read = json.loads(catalogue.read_text("utf-8"))
    next(c for c in read["categories"] if c["key"] == CATEGORIES["restricted"])["level"] = "restricted"
    catalogue.write_text(json.dumps(read, ensure_ascii=False), "utf-8")
    world = open_world(path)
    world.clock = lambda: at
    town = Town(world, "branch.370202")
    for role in roles[1:]:
        account = f"r-{role}"
        world.store.writer.submit(accounts.add(world, account, town.unit, (role,), "long enough"))
        commit, town.tokens[role] = accounts.token_for(world, account)
        world.store.writer.submit(commit)
    leads = _leads(world, town.unit)
    asyncio.run(_plant(town, leads))
    return town


def _leads(world: World, unit: str) -> dict[str, str]:
    """A lead unit for each relation."""
    units = world.city.organisation
    found: dict[str, str] = {}
    for other in units:
        found.setdefault(world.relation(unit, other.key), other.key)
    return found | {"assist": found["foreign"], "unassigned": found["own"]}


async def _plant(town: Town, leads: dict[str, str]) -> None:
    for n, cell in enumerate(cells()):
        world, word = town.world, f"记号{n:03d}号"
        photo = await attach.stage(world, picture(), "x.jpg", "citizen")
        place = world.city.places.places[n]
        intake = Intake(
            "call_968110", f"c-{n}", f"{word}楼下有事", f"{word}，楼下一直有事，请来看看",
            world.clock(), place.lon, place.lat, f"{word}弄", f"{word}先生", f"138{n:08d}",
            category=CATEGORIES[cell.level], unit=leads[cell.relation], by_hand=True, files=(photo.id,),
        )  # fmt: skip
        prepared = receive.prepare(world, world.domains["hotline"], intake, OVERSEER)
        key = receive.enter(world, prepared, intake)
        done = world.store.writer.submit(prepared.commit)
        receive.settle(world, key, done)
        matter = _walked(town, done.matters[0], cell)
        town.matters[cell] = matter
        town.words[matter.number], town.files[matter.number] = word, photo.id


def _walked(town: Town, matter: Matter, cell: Cell) -> Matter:
    lead = Actor("p0", matter.lead, ("chief",))
    helper = Actor("p1", town.unit, ("chief",))
    if cell.stage == "received":
        return _move(town, matter, lead, "return", reason="not_our_work", note="不归我们")
    if cell.relation == "assist":
        matter = _move(town, matter, lead, "ask_assist", unit=town.unit, note="请协助")
    steps: dict[str, list[tuple[Actor, str, dict[str, Any]]]] = {
        "acting": [(lead, "accept", {})],
        "verifying": [(lead, "report", {"note": "已办"})],
        "calling": [(OVERSEER, "verify", {})],
        "closed": [(CALLER, "call_back", {"receipt": matter.number, "outcome": "satisfied"})],
    }
    if cell.relation == "assist":
        helped = [(helper, "accept_assist", {}), (helper, "report_assist", {"note": "协办已毕"})]
        steps["verifying"] = [*helped, *steps["verifying"]]
    for stage in STAGES[2 : STAGES.index(cell.stage) + 1]:
        for who, move, fields in steps[stage]:
            matter = _move(town, matter, who, move, **fields)
    assert matter.stage == cell.stage, (matter.stage, cell)
    return matter


def _move(town: Town, matter: Matter, who: Actor, move: str, **fields: Any) -> Matter:
    commit = handle.prepare(town.world, matter.number, Intent(move, matter.version, fields), who)
    return town.world.store.writer.submit(commit).matters[0]


def as_json(value: Any) -> bytes:
    """A body."""
    return msgspec.json.encode(value)
