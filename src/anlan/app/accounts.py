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

from anlan.app.world import World, year_of
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.store.commit import Commit

SESSION_MS = 12 * 3600 * 1000
TOKEN_MS = 365 * 24 * 3600 * 1000
PASSWORD_MIN = 8
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's second recommended argon2id setting: 19 MiB, 2 passes."""
_NOBODY = _hasher.hash("nobody")


def add(world: World, account: str, unit: str, roles: tuple[str, ...], password: str, by: str = "system") -> Commit:
    """The commit that makes or replaces an account. Raises Refused for an unknown unit or a short password."""
    if unit and unit not in world.city.organisation:
        raise Refused("field.unknown_unit", field="unit", unit=unit)
    if len(password) < PASSWORD_MIN:
        raise Refused("account.password_short", length=len(password), length_min=PASSWORD_MIN)
    row = (account, unit, msgspec.json.encode(roles).decode(), _hasher.hash(password), 1)
    data = {"account": account, "unit": unit, "roles": list(roles)}
    return _commit(world, by, "account_set", data, ("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?)", row))


def log_in(world: World, account: str, password: str) -> tuple[Commit, str]:
    """The commit of a session and its token. Raises Refused("account.wrong"), the same whatever was wrong."""
    found = world.store.read.account(account)
    try:
        _hasher.verify(found[2] if found else _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        raise Refused("account.wrong") from None
    if found is None:
        raise Refused("account.wrong")
    return token_for(world, account, "session", SESSION_MS)


def token_for(world: World, account: str, kind: str = "api", life_ms: int = TOKEN_MS) -> tuple[Commit, str]:
    """The commit of a new token, and the token: shown once, never stored."""
    token = base64.urlsafe_b64encode(world.random(24)).decode()
    row = (token_hash(token), account, kind, world.clock() + life_ms)
    data = {"account": account, "form": kind}
    return _commit(world, account, "token_issued", data, ("INSERT INTO tokens VALUES (?, ?, ?, ?)", row)), token


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
