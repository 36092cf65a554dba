"""Bulk: one move on many matters, tried first. Each is an intent of its own: one that is refused stops no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from anlan.app import handle, look
from anlan.app.world import World
from anlan.loop.case import Intent
from anlan.loop.decide import possible
from anlan.loop.errors import Refused
from anlan.loop.flow import Field, Move
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter

BULK_MAX = 50
ONE_BY_ONE = frozenset({"call_back", "rate", "open_child", "assist_accept", "assist_report"})
"""Effects that ask for one person or one part: nobody is called back in bulk."""


class Trial(msgspec.Struct, frozen=True):
    """What a move came to, or would: `refused` says why not."""

    matter: Matter
    refused: Refused | None = None


def moves(world: World, actor: Actor, matters: Sequence[Matter]) -> list[tuple[Move, int]]:
    """The moves that could be made on some of the matters, and on how many, the commonest first."""
    found: dict[str, tuple[Move, int]] = {}
    context = world.context(actor)
    for matter in matters:
        for move in possible(world.flow_of(matter), matter, context):
            if move.effect not in ONE_BY_ONE and not move.page:
                found[move.key] = (move, found.get(move.key, (move, 0))[1] + 1)
    return sorted(found.values(), key=lambda one: (-one[1], one[0].key))


def tried(world: World, actor: Actor, seen: Mapping[int, int], key: str, fields: dict[str, Any]) -> list[Trial]:
    """What the move would do to each matter seen at its version; writes nothing. Missing fields are made up."""
    return [_trial(world, actor, number, version, key, fields) for number, version in checked(seen).items()]


async def made(world: World, actor: Actor, seen: Mapping[int, int], key: str, fields: dict[str, Any]) -> list[Trial]:
    """Make the move on each; the outcomes in the same order."""
    outcomes = []
    for number, version in checked(seen).items():
        matter = _seen(world, actor, number)
        try:
            commit = handle.prepare(world, number, Intent(key, version, fields), actor)
            done = await world.store.writer.write(commit)
        except Refused as refused:
            outcomes.append(Trial(matter, refused))
        else:
            handle.after(world, done)
            outcomes.append(Trial(done.matters[0]))
    return outcomes


def checked(seen: Mapping[int, int]) -> Mapping[int, int]:
    """Refuse an empty or too long choice."""
    if not seen:
        raise Refused("bulk.none")
    if len(seen) > BULK_MAX:
        raise Refused("bulk.too_many", count=len(seen), count_max=BULK_MAX)
    return seen


def _trial(world: World, actor: Actor, number: int, version: int, key: str, fields: dict[str, Any]) -> Trial:
    matter = _seen(world, actor, number)
    move = world.flow_of(matter).move(key)
    made_up = {f.key: _sample(f, world, matter) for f in move.needs if f.required} if move else {}
    try:
        handle.prepare(world, number, Intent(key, version, made_up | fields), actor)
    except Refused as refused:
        return Trial(matter, refused)
    return Trial(matter)


def _seen(world: World, actor: Actor, number: int) -> Matter:
    matter = world.store.read.matter(number)
    look.allowed(world, actor, matter)
    return matter


def _sample(field: Field, world: World, matter: Matter) -> Any:
    """A value that a field would take, for a trial before anybody has filled it in."""
    match field.type:
        case "int" | "number":
            return max(field.minimum, 1)
        case "bool":
            return True
        case "unit":
            return next(u.key for u in world.city.organisation if u.key != matter.lead)
        case "category":
            return next(iter(world.city.catalogue.categories), "")
        case "code":
            return field.options[0]
        case _:
            return "–"
