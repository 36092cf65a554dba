"""Who may do what to whose matter, as a table: role × action × relation of units. What is not granted is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from anlan.loop.matter import Matter

Relation = Callable[[str, str], str]
"""(actor's unit, other unit) → own, above, below, beside or foreign: where the *other* unit stands."""

ANY = ("own", "below", "above", "beside", "foreign", "assist", "unassigned")


class Actor(msgspec.Struct, frozen=True):
    """An account acting: an officer's number, a unit, roles. Never a name."""

    id: str
    unit: str
    roles: tuple[str, ...]


class Grant(msgspec.Struct, frozen=True):
    """`role` may do `actions` to matters whose lead unit stands in one of `relations` to the actor's."""

    role: str
    actions: tuple[str, ...]
    relations: tuple[str, ...] = ANY


PLATFORM = (
    Grant("security", ("administer", "roster")),
    Grant("chief", ("roster",), ("own", "below")),
    Grant("overseer", ("roster",), ("own", "below")),
)
"""What the installation itself grants, whatever its lines of work: who administers accounts, who writes duty rosters
(of which units, seen from their own)."""


class Grants:
    """The table, indexed."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        self._table: dict[tuple[str, str], frozenset[str]] = {}
        for grant in grants:
            for action in grant.actions:
                key = (grant.role, action)
                self._table[key] = self._table.get(key, frozenset()) | frozenset(grant.relations)

    def roles(self) -> list[str]:
        """Every role that may do anything, in the table's order."""
        return list(dict.fromkeys(role for role, _ in self._table))

    def of_role(self, role: str) -> dict[str, frozenset[str]]:
        """What a role may do, and in which relations."""
        return {action: relations for (of, action), relations in self._table.items() if of == role}

    def relations(self, actor: Actor, action: str) -> frozenset[str]:
        """The relations in which the actor may do it: empty when never."""
        return frozenset().union(*(self._table.get((role, action), frozenset()) for role in actor.roles))

    def allows(self, actor: Actor, action: str, matter: Matter, relation: Relation) -> bool:
        """Whether the actor may do it to this matter."""
        relations = self.relations(actor, action)
        if not relations:
            return False
        if not matter.lead:
            return "unassigned" in relations
        if "assist" in relations and any(a.unit == actor.unit for a in matter.assists):
            return True
        return relation(actor.unit, matter.lead) in relations
