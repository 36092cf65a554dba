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
from anlan.loop.grants import Actor
from anlan.store.commit import Commit

SESSION_MS = 12 * 3600 * 1000
TOKEN_MS = 365 * 24 * 3600 * 1000
PASSWORD_MIN = 8
AGENT_MAX = 120
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's second recommended argon2id setting: 19 MiB, 2 passes."""
_NOBODY = _hasher.hash("nobody")


class Session(msgspec.Struct, frozen=True):
    """A token by its mark (the hex of its hash): kind, since and until when (UTC ms), and in which program."""

    mark: str
    kind: str
    issued_at: int
    expires_at: int
    agent: str


def add(world: World, account: str, unit: str, roles: tuple[str, ...], password: str, by: str = "system") -> Commit:
    """The commit that makes or replaces an account. Raises Refused for an unknown unit or a short password."""
    if unit and unit not in world.city.organisation:
        raise Refused("field.unknown_unit", field="unit", unit=unit)
    checked(password)
    row = (account, unit, msgspec.json.encode(roles).decode(), _hasher.hash(password), 1)
    data = {"account": account, "unit": unit, "roles": list(roles)}
    sql = (
        "INSERT INTO accounts (id, unit, roles, password, active) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " unit = excluded.unit, roles = excluded.roles, password = excluded.password, active = excluded.active"
    )
    return _commit(world, by, "account_set", data, (sql, row))


def log_in(world: World, account: str, password: str, agent: str = "", code: str = "") -> tuple[Commit, str]:
    """The commit of a session and its token. Raises Refused: account.wrong (the same whatever was wrong) and, where the
    account has a second factor, account.code_missing or account.code_wrong."""
    proved(world, account, password)
    step = _second_step(world, account, code)
    commit, token = token_for(world, account, "session", SESSION_MS, agent)
    if step:  # a code works once, even for two who send it in the same moment
        sql, row = commit.rows[0]
        once = "SELECT ?, ?, ?, ?, ?, ? FROM accounts WHERE id = ? AND second_step < ?"
        commit.rows = [
            (sql.replace("VALUES (?, ?, ?, ?, ?, ?)", once), (*row, account, step)),
            ("UPDATE accounts SET second_step = ? WHERE id = ?", (step, account)),
        ]
    return commit, token


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
    return _commit(world, account, "second_factor_set", {"account": account}, (sql, row))


def drop_second(world: World, account: str, password: str) -> Commit:
    """The commit that takes the second factor away; the password must be shown."""
    proved(world, account, password)
    sql = "UPDATE accounts SET second = NULL WHERE id = ?"
    return _commit(world, account, "second_factor_dropped", {"account": account}, (sql, (account,)))


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
    """The commit of a new token, and the token: shown once, never stored. `agent`: the program it was given to."""
    token, now = base64.urlsafe_b64encode(world.random(24)).decode(), world.clock()
    row = (token_hash(token), account, kind, now + life_ms, now, agent[:AGENT_MAX])
    data = {"account": account, "form": kind}
    return _commit(world, account, "token_issued", data, ("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?)", row)), token


def sessions(world: World, account: str) -> list[Session]:
    """The account's tokens that are still good, newest first."""
    rows = world.store.read.tokens_of(account, world.clock())
    return [Session(bytes(mark).hex(), kind, issued, expires, agent) for mark, kind, issued, expires, agent in rows]


def revoke(world: World, account: str, mark: str) -> Commit:
    """The commit that ends one of the account's own sessions, effective on its next request."""
    if mark not in {one.mark for one in sessions(world, account)}:
        raise Refused("session.unknown")
    row = (bytes.fromhex(mark), account)
    sql = "DELETE FROM tokens WHERE hash = ? AND account = ?"
    return _commit(world, account, "token_revoked", {"account": account}, (sql, row))


def change_password(world: World, account: str, old: str, new: str, keep: str) -> Commit:
    """The commit of a new password; every session but the one of token `keep` ends with it."""
    proved(world, account, old)
    checked(new)
    row = (_hasher.hash(new), account)
    sql = "UPDATE accounts SET password = ? WHERE id = ?"
    commit = _commit(world, account, "password_changed", {"account": account}, (sql, row))
    commit.rows.append(("DELETE FROM tokens WHERE account = ? AND hash != ?", (account, token_hash(keep))))
    return commit


def checked(password: str) -> None:
    """Refuse a password that is too short. Raises Refused("account.password_short")."""
    if len(password) < PASSWORD_MIN:
        raise Refused("account.password_short", length=len(password), length_min=PASSWORD_MIN)


def log_out(world: World, token: str, account: str) -> Commit:
    """The commit that ends a session at once."""
    row = (token_hash(token),)
    return _commit(world, account, "token_revoked", {"account": account}, ("DELETE FROM tokens WHERE hash = ?", row))


def actor_of(world: World, token: str) -> Actor | None:
    """Whose token this is now: None when unknown, expired, revoked, or the account is switched off."""
    row = world.store.read.token(token_hash(token), world.clock())
    return Actor(row[0], row[1], tuple(msgspec.json.decode(row[2]))) if row else None


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


def _commit(world: World, actor: str, kind: str, data: dict[str, Any], row: tuple[str, Any]) -> Commit:
    now = world.clock()
    reading = (int(world.ledger), world.ledger, (kind, data))
    return Commit(at=now, actor=actor, year=year_of(now), readings=[reading], rows=[row])
