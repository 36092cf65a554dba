"""Dispatch (派警): what a move of an incident means to the units, in the same transaction; and moving a unit from one
incident to another.

A unit is out for one incident at a time. Whoever sends a unit that somebody else has just sent is told so, and nothing
of theirs is written.
"""

from __future__ import annotations

import msgspec

from anlan.app.handle import prepare
from anlan.app.world import World
from anlan.domains.command import units as board
from anlan.domains.command.advise import advise, as_fact, kept
from anlan.domains.command.rules import minutes_to_be_there, rules
from anlan.domains.command.units import ASSIGNED, AVAILABLE, EN_ROUTE, ON_SCENE, Unit
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.store.commit import Commit

MINUTE_MS = 60_000
BECOMES = {
    "unit_sent": ASSIGNED,
    "unit_set_out": EN_ROUTE,
    "unit_arrived": ON_SCENE,
    "unit_cleared": AVAILABLE,
    "unit_withdrawn": AVAILABLE,
}
"""What a fact of an incident makes of its unit."""


class Said(msgspec.Struct, frozen=True):
    """What goes with a move of a unit: the number of the advice its person saw; `diverted` where the unit goes from one
    incident to another in the same commit."""

    advice: str = ""
    diverted: bool = False


def prepared(world: World, intake: Intake) -> Intake:
    """An incident with its type's urgency and its limit to be there, where the one who took it did not say."""
    if intake.flow not in {"", "incident"}:
        return intake
    urgency = intake.urgency or rules().type(intake.category).urgency
    due = intake.due_at or intake.at + minutes_at(world, intake.lon, intake.lat) * MINUTE_MS
    return msgspec.structs.replace(intake, urgency=urgency, due_at=due)


def minutes_at(world: World, lon: float | None, lat: float | None) -> int:
    """The limit to be at a place. Raises CityError for a place that is none."""
    if lon is None or lat is None:
        return minutes_to_be_there(())
    station = next(iter(world.city.areas.locate(lon, lat).stations), None)
    area = world.city.areas.by_key.get(station.area) if station else None
    streets = [world.city.areas.by_key[key].name for key in area.covers] if area else []
    return minutes_to_be_there([area.name, *streets] if area else ())


def completes(world: World, commit: Commit, matter: Matter, drafts: list[Draft], said: Said | None) -> None:
    """Let the units of an incident's facts change with them. Raises Refused: unit.unknown, unit.not_free, unit.out; in
    the writer unit.moved_on."""
    diverted = said is not None and said.diverted
    for kind, data in drafts:
        if kind not in BECOMES:
            continue
        seen, unit = board.one(world, data["unit"])
        data["call_sign"] = unit.call_sign
        if kind == "unit_sent":
            if unit.matter and not diverted:
                raise Refused("unit.out", unit=unit.call_sign)
            if unit.state != AVAILABLE and not diverted:
                raise Refused("unit.not_free", unit=unit.call_sign)
            shown = kept(world, said.advice, matter.number) if said else None
            data["advice"] = as_fact(shown or advise(world, matter), unit.key)
        if not (kind == "unit_withdrawn" and diverted):
            board.put(commit, world, seen, _after(unit, BECOMES[kind], matter.number, commit.at))


def send(world: World, number: int, intent: Intent, actor: Actor, advice: str = "") -> Commit:
    """The commit of sending one unit; one that is out for another incident is diverted from it. `advice`: the number of
    the recommendation the person saw. Raises as `handle.prepare` and `completes`."""
    _, unit = board.one(world, str(intent.fields.get("unit", "")))
    if not unit.matter:
        return prepare(world, number, intent, actor, Said(advice))
    if unit.matter == number:
        raise Refused("sending.already_sent", unit=unit.call_sign)
    other, said = world.store.read.matter(unit.matter), Said(advice, diverted=True)
    leaving = Intent("withdraw", other.version, {"unit": unit.key, "reason": "diverted"})
    commit, left = prepare(world, number, intent, actor, said), prepare(world, other.number, leaving, actor, said)
    commit.changes += left.changes
    commit.rows += left.rows
    return commit


def _after(unit: Unit, state: str, number: int, at: int) -> Unit:
    out = number if state in {ASSIGNED, EN_ROUTE, ON_SCENE} else 0
    return msgspec.structs.replace(unit, state=state, since=at, until=0, matter=out, heard_at=at)
