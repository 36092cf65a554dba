"""Who may do what to whose matter, as a table: role × action × relation of units × how sensitive the matter is.

What is not granted is refused. The three administrators (GB/T 22239-2019, level 3) are apart: whoever holds one of
their roles holds no other, and none of them may touch a matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from anlan.loop.errors import Broken, Refused
from anlan.loop.level import LEVELS, Level, graver
from anlan.loop.matter import Matter

Relation = Callable[[str, str], str]
"""(actor's unit, other unit) → own, above, below, beside or foreign: where the *other* unit stands."""

ANY = ("own", "below", "above", "beside", "foreign", "assist", "unassigned")
SENT = "sent"
"""A relation of its own: the actor rides in a unit that is out for the matter."""

ADMINISTRATORS = ("system_admin", "security", "auditor")
"""System administrator, security administrator, auditor (系统管理员、安全管理员、审计管理员)."""
NO_MATTER = frozenset(
    {
        "administer", "audit", "board", "configure", "deploy", "load", "measure", "receive", "report", "review", "ride",
        "roster", "share", "telephone", "track",
    }
)  # fmt: skip
"""Actions that are not about one matter: how sensitive it is says nothing about them."""
READING = frozenset({"see", "search", "audit", "measure"})
"""What the auditor may have of a line of work; the other two have nothing."""


class Actor(msgspec.Struct, frozen=True):
    """An account acting: an officer's number, a unit, roles, and the vehicle or team (`rides`) it has logged on to.
    Never a name."""

    id: str
    unit: str
    roles: tuple[str, ...]
    rides: str = ""


class Grant(msgspec.Struct, frozen=True):
    """`role` may do `actions` to matters whose lead unit stands in one of `relations` to the actor's, of every level
    up to this one."""

    role: str
    actions: tuple[str, ...]
    relations: tuple[str, ...] = ANY
    up_to: Level = "ordinary"


PLATFORM = (
    Grant("security", ("administer", "roster")),
    Grant("system_admin", ("configure",)),
    Grant("auditor", ("audit",)),
    Grant("chief", ("roster",), ("own", "below")),
    Grant("overseer", ("roster",), ("own", "below")),
)
"""What the installation itself grants, whatever its lines of work: who administers accounts, who sets up the system,
who reads the record of both, who writes duty rosters (of which units, seen from their own)."""


class Grants:
    """The table, indexed. `level_of` tells how sensitive a matter is."""

    def __init__(self, grants: Iterable[Grant], level_of: Callable[[Matter], Level] = lambda _: "ordinary") -> None:
        self._table: dict[tuple[str, str, Level], frozenset[str]] = {}
        self._found: dict[tuple[tuple[str, ...], str, Level], frozenset[str]] = {}
        self._level_of = level_of
        for grant in grants:
            for level in LEVELS[: LEVELS.index(grant.up_to) + 1]:
                for action in grant.actions:
                    key = (grant.role, action, level)
                    self._table[key] = self._table.get(key, frozenset()) | frozenset(grant.relations)

    def roles(self) -> list[str]:
        """Every role that may do anything, in the table's order."""
        return list(dict.fromkeys(role for role, _, _ in self._table))

    def of_role(self, role: str, level: Level = "ordinary") -> dict[str, frozenset[str]]:
        """What a role may do to matters of a level, and in which relations."""
        return {action: rel for (of, action, at), rel in self._table.items() if (of, at) == (role, level)}

    def relations(self, actor: Actor, action: str, level: Level = "ordinary") -> frozenset[str]:
        """The relations in which the actor may do it to a matter of a level: empty when never."""
        key = (actor.roles, action, level)
        found = self._found.get(key)
        if found is None:
            of_roles = (self._table.get((role, action, level), frozenset()) for role in actor.roles)
            found = self._found[key] = frozenset[str]().union(*of_roles)
        return found

    def allows(self, actor: Actor, action: str, matter: Matter, relation: Relation, like: Matter | None = None) -> bool:
        """Whether the actor may do it to this matter; with `like`, to one that is as sensitive as both."""
        level = self._level_of(matter)
        if like is not None:
            level = graver(level, self._level_of(like))
        relations = self.relations(actor, action, level)
        if not relations:
            return False
        if SENT in relations and any(one.unit == actor.rides for one in matter.units_out):
            return True
        if not matter.lead:
            return "unassigned" in relations
        if "assist" in relations and any(a.unit == actor.unit for a in matter.assists):
            return True
        return relation(actor.unit, matter.lead) in relations


def are_apart(roles: Iterable[str]) -> bool:
    """Whether no administrator's role stands beside another role."""
    held = set(roles)
    return len(held) < 2 or held.isdisjoint(ADMINISTRATORS)


def check_apart(roles: Iterable[str]) -> None:
    """Refuse an administrator's role beside any other. Raises Refused("people.apart")."""
    held = sorted(set(roles))
    if not are_apart(held):
        office = next(role for role in ADMINISTRATORS if role in held)
        raise Refused("people.apart", role=office, others=", ".join(role for role in held if role != office))


def check_administrators(grants: Mapping[str, Iterable[Grant]]) -> None:
    """Stop a line of work (by its key) that lets an administrator touch a matter. Raises Broken."""
    for key, some in grants.items():
        for grant in some:
            may = READING if grant.role == "auditor" else frozenset()
            if grant.role in ADMINISTRATORS and (more := set(grant.actions) - may):
                raise Broken(f"domain {key}: {grant.role} may not {', '.join(sorted(more))}")
