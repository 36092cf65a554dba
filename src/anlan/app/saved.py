"""Saved views: filters of the list under a name, a person's own or shared with a unit by who may share.

What a view holds is judged when it is opened, not when it was saved: units, channels and categories come and go. A view
keeps no telephone or identity number: it would outlive the matter it was typed for.
"""

from __future__ import annotations

import msgspec

from anlan.app.redact import redacted
from anlan.app.world import World, year_of
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.store.commit import Commit

VIEWS_MAX = 12
NAME_MAX = 40
QUERY_MAX = 2_000
_COLUMNS = "id, account, unit, name, query"


class Saved(msgspec.Struct, frozen=True):
    """A view: whose, shared with which unit ("" for none), its name, the list's query; `first`: it opens at log-in."""

    id: int
    account: str
    unit: str
    name: str
    query: str
    first: bool = False


def of(world: World, actor: Actor) -> list[Saved]:
    """The actor's own views and those shared with their unit, own first, by age."""
    sql = (
        f"SELECT {_COLUMNS}, id = (SELECT first_view FROM accounts WHERE id = ?1) FROM views"
        " WHERE account = ?1 OR (unit = ?2 AND unit != '') ORDER BY account != ?1, id"
    )
    rows = world.store.read.listed((sql, (actor.id, actor.unit)))
    return [
        Saved(number, account, unit, name, query, bool(first)) for number, account, unit, name, query, first in rows
    ]


def save(world: World, actor: Actor, name: str, query: str, unit: str = "") -> Commit:
    """The commit that keeps a view, shared with `unit` if one is named. Raises Refused."""
    own = [view for view in of(world, actor) if view.account == actor.id]
    if len(own) >= VIEWS_MAX:
        raise Refused("view.too_many", count_max=VIEWS_MAX)
    _checked(name, query, own)
    if unit:
        _may_share(world, actor, unit)
    sql = "INSERT INTO views (account, unit, name, query, at) VALUES (?, ?, ?, ?, ?)"
    return _commit(world, actor, sql, actor.id, unit, name, query, world.clock())


def rename(world: World, actor: Actor, view: int, name: str) -> Commit:
    """The commit that gives an own view another name."""
    found = _own(world, actor, view)
    _checked(name, found.query, [v for v in of(world, actor) if v.account == actor.id and v.id != view])
    return _commit(world, actor, "UPDATE views SET name = ? WHERE id = ?", name, view)


def share(world: World, actor: Actor, view: int, unit: str) -> Commit:
    """The commit that shares an own view with a unit, or ("") with nobody any more."""
    _own(world, actor, view)
    if unit:
        _may_share(world, actor, unit)
    return _commit(world, actor, "UPDATE views SET unit = ? WHERE id = ?", unit, view)


def delete(world: World, actor: Actor, view: int) -> Commit:
    """The commit that forgets an own view."""
    _own(world, actor, view)
    commit = _commit(world, actor, "UPDATE accounts SET first_view = 0 WHERE first_view = ?", view)
    commit.rows.append(("DELETE FROM views WHERE id = ?", (view,)))
    return commit


def open_first(world: World, actor: Actor, view: int) -> Commit:
    """The commit that opens a view (0: none) at log-in."""
    if view and view not in {v.id for v in of(world, actor)}:
        raise Refused("view.unknown")
    return _commit(world, actor, "UPDATE accounts SET first_view = ? WHERE id = ?", view, actor.id)


def may_share(world: World, actor: Actor) -> tuple[str, ...]:
    """The units the actor may share views with: their own and those below, for who has the right."""
    if not actor.unit or not world.grants.relations(actor, "share"):
        return ()
    return (actor.unit, *(unit.key for unit in world.city.organisation.below(actor.unit)))


def _may_share(world: World, actor: Actor, unit: str) -> None:
    if unit not in may_share(world, actor):
        raise Refused("access.denied", action="share")


def _own(world: World, actor: Actor, view: int) -> Saved:
    found = next((v for v in of(world, actor) if v.id == view and v.account == actor.id), None)
    if found is None:
        raise Refused("view.unknown")
    return found


def _checked(name: str, query: str, others: list[Saved]) -> None:
    if not name:
        raise Refused("field.missing", field="name")
    for field, text, length_max in (("name", name, NAME_MAX), ("q", query, QUERY_MAX)):
        if len(text) > length_max:
            raise Refused("field.too_long", field=field, length=len(text), length_max=length_max)
    if redacted(name) != name or redacted(query) != query:
        raise Refused("view.personal")
    if name in {view.name for view in others}:
        raise Refused("view.name_taken", name=name)


def _commit(world: World, actor: Actor, sql: str, *values: object) -> Commit:
    now = world.clock()
    return Commit(at=now, actor=actor.id, year=year_of(now), rows=[(sql, values)])
