"""Accounts and tokens: who is asking. Passwords are argon2id; a token is random, only its hash is kept.

Every change is a fact on the city's own ledger, so it is known who was given which right, when, by whom.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from anlan.app import second
from anlan.app.world import World, year_of
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor, are_apart, check_apart
from anlan.store.commit import Commit
from anlan.telemetry import logs

SESSION_MS = 12 * 3600 * 1000
TOKEN_MS = 365 * 24 * 3600 * 1000
PASSWORD_MIN = 8
AGENT_MAX = 120
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's second recommended argon2id setting: 19 MiB, 2 passes."""
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$FY56E0JSJyowmUfit4J+FA$blTaGCUQvxneVAJVp7VqXYn0f/YwRaWFlTQ/w392RN8"
"""Of a random text that nobody kept, so that an unknown name takes as long as a wrong password."""


class Session(msgspec.Struct, frozen=True):
    """A token by its mark (the hex of its hash): kind, since and until when (UTC ms), and in which program."""

    mark: str
    kind: str
    issued_at: int
    expires_at: int
    agent: str


def add(
    world: World,
    account: str,
    unit: str,
    roles: tuple[str, ...],
    password: str,
    by: str = "system",
    once_until: int = 0,
) -> Commit:
    """The commit that makes or replaces an account. Raises Refused for an unknown unit or a short password.

    `once_until` (UTC ms): the password is good once and no longer than that; its owner chooses another with it.
    """
    if unit and unit not in world.city.organisation:
        raise Refused("field.unknown_unit", field="unit", unit=unit)
    check_apart(roles)
    checked(password)
    row = (account, unit, msgspec.json.encode(roles).decode(), _hasher.hash(password), 1, once_until)
    data = {"account": account, "unit": unit, "roles": list(roles)}
    sql = (
        "INSERT INTO accounts (id, unit, roles, password, active, once_until) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, roles = excluded.roles, password = excluded.password,"
        " active = excluded.active, once_until = excluded.once_until"
    )
    return commit_of(world, by, "account_set", data, (sql, row))


def log_in(world: World, account: str, password: str, agent: str = "", code: str = "") -> tuple[Commit, str]:
    """The commit of a session and its token. Raises Refused: account.wrong (the same whatever was wrong) and, where the
    account has a second factor, account.code_missing or account.code_wrong; account.once where the password was given
    by an administrator: `first_password` takes it."""
    proved(world, account, password)
    if _once_until(world, account):
        raise Refused("account.once")
    step = _second_step(world, account, code)
    commit, token = token_for(world, account, "session", SESSION_MS, agent)
    _use_step(commit, account, step)
    return commit, token


def first_password(
    world: World, account: str, once: str, new: str, agent: str = "", code: str = ""
) -> tuple[Commit, str]:
    """The commit that puts the owner's password in the place of one that was good once, and logs in with it.

    Raises Refused as `log_in`; account.once_over when it is too late, account.once_same for the same password again.
    """
    proved(world, account, once)
    until = _once_until(world, account)
    if not until:
        raise Refused("account.wrong")
    if new == once:
        raise Refused("account.once_same")
    checked(new)
    step = _second_step(world, account, code)
    commit, token = token_for(world, account, "session", SESSION_MS, agent)
    commit.readings.append((int(world.ledger), world.ledger, ("password_changed", {"account": account})))
    row = (hashed(new), account)
    commit.rows.append(("UPDATE accounts SET password = ?, once_until = 0 WHERE id = ?", row))
    still = "SELECT 1 FROM accounts WHERE id = ? AND once_until = ? AND active = 1"
    commit.checks.append((still, (account, until), Refused("account.wrong")))
    _use_step(commit, account, step)
    return commit, token


def log_in_from_outside(world: World, account: str, agent: str, once: bytes) -> tuple[Commit, str]:
    """The commit of a session for whom the organisation's provider named, and its token: once for what was asked.

    Raises Refused("oidc.account_unknown") for no account, or one that is switched off: none is ever made.
    """
    refusal = Refused("oidc.account_unknown", account=account)
    if world.store.read.account(account) is None:
        raise refusal
    commit, token = token_for(world, account, "oidc", SESSION_MS, agent)
    commit.request = (once, b"")
    commit.checks.append(("SELECT 1 FROM accounts WHERE id = ? AND active = 1", (account,), refusal))
    return commit, token


def _use_step(commit: Commit, account: str, step: int) -> None:
    """A code works once, even for two who send it in the same moment."""
    if step:
        unused = "SELECT 1 FROM accounts WHERE id = ? AND second_step < ?"
        commit.checks.append((unused, (account, step), Refused("account.code_wrong")))
        commit.rows.append(("UPDATE accounts SET second_step = ? WHERE id = ?", (step, account)))


def _once_until(world: World, account: str) -> int:
    """Until when the account's password is good once; 0 for its owner's own. Raises Refused("account.once_over")."""
    ((until,),) = world.store.read.listed(("SELECT once_until FROM accounts WHERE id = ?", (account,)))
    if until and until <= world.clock():
        raise Refused("account.once_over")
    return int(until)


def _second_step(world: World, account: str, code: str) -> int:
    """The time step of a right code; 0 for an account without a second factor."""
    kept = world.store.read.second(account)
    if kept is None:
        return 0
    if not code:
        raise Refused("account.code_missing")
    step = second.step_of(
        world.store.vault.opened_by_master(f"second {account}", kept[0]), code, world.clock(), kept[1]
    )
    if not step:
        raise Refused("account.code_wrong")
    return step


def set_second(world: World, account: str, secret: bytes, code: str) -> Commit:
    """The commit that gives the account a second factor, once a code shows that the app has the secret."""
    step = second.step_of(secret, code, world.clock(), 0)
    if not step:
        raise Refused("account.code_wrong")
    row = (world.store.vault.sealed_by_master(f"second {account}", secret), step, account)
    sql = "UPDATE accounts SET second = ?, second_step = ? WHERE id = ?"
    return commit_of(world, account, "second_factor_set", {"account": account}, (sql, row))


def drop_second(world: World, account: str, password: str) -> Commit:
    """The commit that takes the second factor away; the password must be shown."""
    proved(world, account, password)
    sql = "UPDATE accounts SET second = NULL WHERE id = ?"
    return commit_of(world, account, "second_factor_dropped", {"account": account}, (sql, (account,)))


def proved(world: World, account: str, password: str) -> None:
    """Refuse a password that is not the account's, in the same time and words whatever was wrong."""
    found = world.store.read.account(account)
    try:
        _hasher.verify(found[2] if found else _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        raise Refused("account.wrong") from None
    if found is None:
        raise Refused("account.wrong")


def token_for(
    world: World, account: str, kind: str = "api", life_ms: int = TOKEN_MS, agent: str = ""
) -> tuple[Commit, str]:
    """The commit of a new token, and the token: shown once, never stored. `agent`: the program it was given to.

    Raises Refused("people.apart") for an account that holds two administrators' roles, however it came to them."""
    check_apart(world.store.read.roles(account))
    token, now = base64.urlsafe_b64encode(world.random(24)).decode(), world.clock()
    row = (token_hash(token), account, kind, now + life_ms, now, agent[:AGENT_MAX])
    data = {"account": account, "form": kind}
    return commit_of(world, account, "token_issued", data, ("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?)", row)), token


def sessions(world: World, account: str) -> list[Session]:
    """The account's tokens that are still good, newest first."""
    rows = world.store.read.tokens_of(account, world.clock())
    return [Session(bytes(mark).hex(), kind, issued, expires, agent) for mark, kind, issued, expires, agent in rows]


def kind_of(world: World, account: str, token: str) -> str:
    """What kind of session a token is: session, oidc, api …; "" for none that is good."""
    mark = token_hash(token).hex()
    return next((one.kind for one in sessions(world, account) if one.mark == mark), "")


def revoke(world: World, account: str, mark: str, by: str = "") -> Commit:
    """The commit that ends one of the account's sessions, effective on its next request; `by` its owner or another."""
    if mark not in {one.mark for one in sessions(world, account)}:
        raise Refused("session.unknown")
    row = (bytes.fromhex(mark), account)
    sql = "DELETE FROM tokens WHERE hash = ? AND account = ?"
    return commit_of(world, by or account, "token_revoked", {"account": account}, (sql, row))


def change_password(world: World, account: str, old: str, new: str, keep: str) -> Commit:
    """The commit of a new password; every session but the one of token `keep` ends with it."""
    proved(world, account, old)
    checked(new)
    row = (_hasher.hash(new), account)
    sql = "UPDATE accounts SET password = ? WHERE id = ?"
    commit = commit_of(world, account, "password_changed", {"account": account}, (sql, row))
    commit.rows.append(("DELETE FROM tokens WHERE account = ? AND hash != ?", (account, token_hash(keep))))
    return commit


def hashed(password: str) -> str:
    """What is kept of a password. Raises Refused("account.password_short")."""
    checked(password)
    return _hasher.hash(password)


def checked(password: str) -> None:
    """Refuse a password that is too short. Raises Refused("account.password_short")."""
    if len(password) < PASSWORD_MIN:
        raise Refused("account.password_short", length=len(password), length_min=PASSWORD_MIN)


def log_out(world: World, token: str, account: str) -> Commit:
    """The commit that ends a session at once."""
    row = (token_hash(token),)
    return commit_of(world, account, "token_revoked", {"account": account}, ("DELETE FROM tokens WHERE hash = ?", row))


def left(token: str) -> list[tuple[str, tuple[bytes]]]:
    """What a log-in writes beside its own: the session that this browser had before ends."""
    return [("DELETE FROM tokens WHERE hash = ?", (token_hash(token),))] if token else []


def actor_of(world: World, token: str) -> Actor | None:
    """Whose token this is now: None when unknown, expired, revoked, or the account is switched off or may not be."""
    row = world.store.read.token(token_hash(token), world.clock())
    roles = tuple(msgspec.json.decode(row[2])) if row else ()
    if row is None or not are_apart(roles):
        return None
    logs.who.set(row[0])
    return Actor(row[0], row[1], roles)


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


def commit_of(world: World, actor: str, kind: str, data: dict[str, Any], row: tuple[str, Any]) -> Commit:
    """The commit of one fact on the city's ledger and the row that follows from it."""
    now = world.clock()
    reading = (int(world.ledger), world.ledger, (kind, data))
    return Commit(at=now, actor=actor, year=year_of(now), readings=[reading], rows=[row])
