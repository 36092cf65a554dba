"""News: which matters have just become somebody's work, and why. Read from the facts after a position; nothing is kept.

A matter that has moved on since (another unit, somebody else's in hand) is no news any more. What a person did
themselves is none either.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from anlan.app.world import World
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.store.outbox import ENTRIES_MAX

FOR_LEAD = ("escalated", "reopened", "sent_back", "reminded", "forwarded", "assigned")
"""Kinds of facts that make a matter the lead unit's concern anew, the gravest first."""
STAYING = frozenset({"escalated", "reopened"})
"""News that needs a person: it stays until somebody has read it."""


class News(msgspec.Struct, frozen=True):
    """A matter, and the kind of fact that made it news."""

    matter: Matter
    kind: str

    @property
    def stays(self) -> bool:
        """Whether it needs a person."""
        return self.kind in STAYING


def why_new(world: World, actor: Actor, matter: Matter, kinds: Collection[str]) -> str:
    """The kind of fact, of those that happened to the matter, that makes it newly the actor's work; "" for none."""
    kind = _why(world, actor, matter, kinds)
    return kind if kind and world.grants.allows(actor, "see", matter, world.relation) else ""


def since(world: World, actor: Actor, after: int, to: int) -> list[News] | None:
    """The actor's news after one position up to another, oldest first; None when too much happened to tell."""
    entries = world.store.outbox.after(after)
    if len(entries) == ENTRIES_MAX:
        return None
    kinds: dict[int, set[str]] = {}
    for entry in entries:
        if entry.pos <= to and entry.fact.version and entry.fact.actor != actor.id:
            kinds.setdefault(entry.fact.matter, set()).add(entry.fact.kind)
    found = ((world.store.read.matter(number), some) for number, some in kinds.items())
    told = ((matter, why_new(world, actor, matter, some)) for matter, some in found)
    return [News(matter, kind) for matter, kind in told if kind]


def _why(world: World, actor: Actor, matter: Matter, kinds: Collection[str]) -> str:
    if not matter.lead:
        if "unassigned" not in world.grants.relations(actor, "assign"):
            return ""
        return next((kind for kind in ("returned", "received") if kind in kinds), "")
    if actor.unit in matter.open_assists:
        return next((kind for kind in ("assist_asked", "assigned") if kind in kinds), "")
    theirs = matter.lead == actor.unit and matter.officer in {"", actor.id}
    if not theirs or matter.closed_at or "own" not in world.grants.relations(actor, "act"):
        return ""
    return next((kind for kind in FOR_LEAD if kind in kinds), "")
