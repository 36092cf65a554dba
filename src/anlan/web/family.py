"""A matter's family on its page: the parent of a child, the children of a parent, each with where it stands.

Whoever sees a matter sees its children. A child's unit is told its parent's number, and the rest only with the right.
"""

from __future__ import annotations

import msgspec

from anlan.app.look import View
from anlan.loop.matter import Matter, shown
from anlan.web.visit import Visit


class Kin(msgspec.Struct, frozen=True):
    """A relative: `href` "" when the actor may not open it."""

    number: str
    title: str
    unit: str
    state: str
    href: str
    closed: bool


def parent(visit: Visit, view: View) -> Kin | None:
    """The matter this one is a part of."""
    return _kin(visit, visit.world.store.read.matter(view.matter.parent), "") if view.matter.parent else None


def children(visit: Visit, view: View) -> list[Kin]:
    """The parts that other units handle, in the order they were opened."""
    numbers = [fact.data["number"] for fact in view.facts if fact.kind == "child_opened"]
    read = visit.world.store.read
    titles = read.titles(numbers) if numbers else {}
    return [_kin(visit, read.matter(number), titles.get(number, "")) for number in numbers]


def _kin(visit: Visit, matter: Matter, title: str) -> Kin:
    world, number = visit.world, shown(matter.number)
    seen = bool(title) or world.grants.allows(visit.actor, "see", matter, world.relation)
    unit = visit.names.unit_short(matter.lead) if matter.lead else visit.t("unit.none")
    state = visit.names.word(matter, f"stage.{matter.stage}")
    return Kin(number, title, unit, state, f"/matters/{number}" if seen else "", matter.closed_at > 0)
