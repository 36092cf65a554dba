"""People and rights: accounts as those who administer them see and change them. Numbers, units, roles; never a name.

Every change is a fact on the city's ledger with who made it. Nobody changes their own rights, and somebody who may
administer always remains: both are checked again when the change is written. A password given here is good once.
"""

from __future__ import annotations

import base64
import re
from collections import Counter

import msgspec

from anlan.app import accounts
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.fact import Fact, decode
from anlan.loop.grants import Actor, check_apart
from anlan.store import people as sql
from anlan.store.commit import Commit

NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{1,31}")
PAGE = 100
HISTORY = 200
ONCE_MS = 7 * 24 * 3600 * 1000
ONCE_BYTES = 10
CHANGES = (
    "account_set",
    "account_off",
    "account_on",
    "password_reset",
    "password_changed",
    "second_factor_set",
    "second_factor_dropped",
    "second_factor_reset",
)
NOT_GIVEN = frozenset({"citizen"})
"""Roles that no account has."""


class Person(msgspec.Struct, frozen=True):
    """An account: its number, unit, roles; whether it is switched on; until when its password is good once (UTC ms, 0
    for its owner's own); whether it has a second factor; how many sessions are open."""

    id: str
    unit: str
    roles: tuple[str, ...]
    active: bool
    once_until: int
    has_second: bool
    sessions: int


def listed(
    world: World, actor: Actor, prefix: str = "", unit: str = "", role: str = "", active: str = "", after: str = ""
) -> list[Person]:
    """A page of accounts by number. `unit` takes those below it in."""
    world.require(actor, "administer")
    units = [unit, *(u.key for u in world.city.organisation.below(unit))] if unit else []
    return [_person(row) for row in world.store.read.listed(
        sql.listed(world.clock(), prefix, units, role, active, after, PAGE)
    )]  # fmt: skip


def one(world: World, actor: Actor, account: str) -> Person:
    """An account. Raises Refused("people.unknown")."""
    world.require(actor, "administer")
    rows = world.store.read.listed(sql.one(account, world.clock()))
    if not rows:
        raise Refused("people.unknown", account=account)
    return _person(rows[0])


def of_unit(world: World, unit: str) -> list[Person]:
    """Everybody of a unit who is switched on, by number."""
    return [_person(row) for row in world.store.read.listed(sql.of_unit(unit, world.clock()))]


def unit_of(world: World, number: str) -> str | None:
    """The unit somebody works in: of the account where there is one that is switched on, else as the city pack says;
    None for nobody."""
    rows = world.store.read.listed(sql.one(number, 0))
    if rows:
        person = _person(rows[0])
        return person.unit if person.active else None
    officer = world.city.roster.officers.get(number)
    return officer.unit if officer else None


def history(world: World, actor: Actor, account: str) -> list[Fact]:
    """What the ledger says of an account's rights, newest first."""
    world.require(actor, "administer")
    return [decode(body) for (body,) in world.store.read.listed(sql.history(account, CHANGES, HISTORY))]


def roles(world: World) -> list[str]:
    """The roles an account can have, in the order of the table of grants."""
    return [role for role in world.grants.roles() if role not in NOT_GIVEN]


def add(world: World, actor: Actor, account: str, unit: str, given: tuple[str, ...]) -> tuple[Commit, str]:
    """The commit of a new account and its password, good once and shown once."""
    world.require(actor, "administer")
    if not NUMBER.fullmatch(account):
        raise Refused("people.number", account=account)
    _check(world, unit, given)
    taken = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE id = ?)"
    if not world.store.read.listed((taken, (account,))):
        raise Refused("people.taken", account=account)
    once = _once(world)
    commit = accounts.add(world, account, unit, given, once, actor.id, once_until=world.clock() + ONCE_MS)
    commit.checks.append((taken, (account,), Refused("people.taken", account=account)))
    return commit, once


def change(world: World, actor: Actor, account: str, unit: str, given: tuple[str, ...]) -> Commit:
    """The commit of another unit or other roles: they count from the account's next request on."""
    person = _other(world, actor, account)
    _check(world, unit, given)
    if (person.unit, person.roles) == (unit, given):
        raise Refused("people.same", account=account)
    data = {"account": account, "unit": unit, "roles": list(given)}
    row = (unit, msgspec.json.encode(given).decode(), account)
    commit = accounts.commit_of(
        world, actor.id, "account_set", data, ("UPDATE accounts SET unit = ?, roles = ? WHERE id = ?", row)
    )
    if not _administers(world, given):
        _one_remains(world, commit, person)
    return commit


def switch(world: World, actor: Actor, account: str, *, on: bool) -> Commit:
    """The commit that switches an account off, its sessions with it, or on again."""
    person = _other(world, actor, account)
    kind = "account_on" if on else "account_off"
    sql_text = "UPDATE accounts SET active = ? WHERE id = ?"
    commit = accounts.commit_of(world, actor.id, kind, {"account": account}, (sql_text, (int(on), account)))
    if not on:
        commit.rows.append(("DELETE FROM tokens WHERE account = ?", (account,)))
        _one_remains(world, commit, person)
    return commit


def reset_password(world: World, actor: Actor, account: str) -> tuple[Commit, str]:
    """The commit of a password that is good once, and the password; every session ends."""
    _other(world, actor, account)
    once = _once(world)
    row = (accounts.hashed(once), world.clock() + ONCE_MS, account)
    sql_text = "UPDATE accounts SET password = ?, once_until = ? WHERE id = ?"
    commit = accounts.commit_of(world, actor.id, "password_reset", {"account": account}, (sql_text, row))
    commit.rows.append(("DELETE FROM tokens WHERE account = ?", (account,)))
    return commit, once


def reset_second(world: World, actor: Actor, account: str) -> Commit:
    """The commit that takes away a second factor whose owner has lost it; every session ends."""
    person = _other(world, actor, account)
    if not person.has_second:
        raise Refused("people.no_second", account=account)
    sql_text = "UPDATE accounts SET second = NULL WHERE id = ?"
    commit = accounts.commit_of(world, actor.id, "second_factor_reset", {"account": account}, (sql_text, (account,)))
    commit.rows.append(("DELETE FROM tokens WHERE account = ?", (account,)))
    return commit


def end_session(world: World, actor: Actor, account: str, mark: str) -> Commit:
    """The commit that ends one session of another account, effective on its next request."""
    _other(world, actor, account)
    return accounts.revoke(world, account, mark, actor.id)


def _other(world: World, actor: Actor, account: str) -> Person:
    person = one(world, actor, account)
    if actor.id == account:
        raise Refused("people.own")
    return person


def _check(world: World, unit: str, given: tuple[str, ...]) -> None:
    if unit and unit not in world.city.organisation:
        raise Refused("field.unknown_unit", field="unit", unit=unit)
    known = roles(world)
    check_apart(given)
    if not given:
        raise Refused("people.no_role")
    if len(set(given)) != len(given) or any(role not in known for role in given):
        raise Refused("field.not_an_option", field="role", options=", ".join(known))


def _administers(world: World, given: tuple[str, ...]) -> bool:
    return bool(world.grants.relations(Actor("", "", given), "administer"))


def count_by_role(world: World) -> Counter[str]:
    """How many who are switched on have each role."""
    counts = Counter[str]()
    for roles, n in world.store.read.listed(sql.ROLES):
        counts.update(dict.fromkeys(msgspec.json.decode(roles), n))
    return counts


def _one_remains(world: World, commit: Commit, person: Person) -> None:
    """Refuse to take the rights from the last who has them, now and again in the writer."""
    if not (person.active and _administers(world, person.roles)):
        return
    able = [role for role in world.grants.roles() if _administers(world, (role,))]
    query = sql.other_with(able, person.id)
    refusal = Refused("people.last_administrator", account=person.id)
    if not world.store.read.listed(query):
        raise refusal
    commit.checks.append((*query, refusal))


def _once(world: World) -> str:
    """16 letters and digits in groups of four, as they are read out on the telephone."""
    text = base64.b32encode(world.random(ONCE_BYTES)).decode().lower()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def _person(row: tuple[str, str, str, int, int, int, int]) -> Person:
    account, unit, given, active, once_until, second, sessions = row
    return Person(account, unit, tuple(msgspec.json.decode(given)), bool(active), once_until, bool(second), sessions)
