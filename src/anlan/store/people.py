"""What is read of accounts by those who administer them. Statements only; `Reader.listed` runs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Statement = tuple[str, Sequence[Any]]

COLUMNS = (
    "a.id, a.unit, a.roles, a.active, a.once_until, a.second IS NOT NULL,"
    " (SELECT count(*) FROM tokens t WHERE t.account = a.id AND t.expires_at > ?)"
)
HAS_ROLE = "a.roles LIKE ?"
"""Roles are kept as JSON: one stands there in quotation marks (`quoted`)."""
ABOUT = "CAST(body AS TEXT) ->> '$.data.account'"


def quoted(role: str) -> str:
    """A role as HAS_ROLE looks for it."""
    return f'%"{role}"%'


def other_with(roles: Sequence[str], account: str) -> Statement:
    """Whether anybody else who is switched on has one of these roles."""
    holds = " OR ".join([HAS_ROLE] * len(roles))
    sql = f"SELECT 1 FROM accounts a WHERE a.active = 1 AND a.id != ? AND ({holds})"
    return sql, (account, *(quoted(role) for role in roles))


def listed(now: int, prefix: str, units: Sequence[str], role: str, active: str, after: str, limit: int) -> Statement:
    """Accounts in the order of their numbers after `after`; empty means any. `active`: yes, no or any."""
    tests, values = ["a.id > ?"], list[Any]([now, after])
    if prefix:
        tests.append("a.id >= ? AND a.id < ?")
        values += [prefix, prefix + "\U0010ffff"]
    if units:
        tests.append(f"a.unit IN ({', '.join('?' * len(units))})")
        values += units
    if role:
        tests.append(HAS_ROLE)
        values.append(quoted(role))
    if active:
        tests.append(f"a.active = {int(active == 'yes')}")
    return f"SELECT {COLUMNS} FROM accounts a WHERE {' AND '.join(tests)} ORDER BY a.id LIMIT ?", [*values, limit]


def one(account: str, now: int) -> Statement:
    """An account, switched on or not."""
    return f"SELECT {COLUMNS} FROM accounts a WHERE a.id = ?", (now, account)


def of_unit(unit: str, now: int) -> Statement:
    """Everybody of a unit who is switched on."""
    return f"SELECT {COLUMNS} FROM accounts a WHERE a.unit = ? AND a.active = 1 ORDER BY a.id", (now, unit)


def history(account: str, kinds: Sequence[str], limit: int) -> Statement:
    """The stored bodies of the facts about an account, newest first."""
    marks = ", ".join("?" * len(kinds))
    return (
        f"SELECT body FROM facts WHERE version = 0 AND {ABOUT} IS NOT NULL AND {ABOUT} = ?"
        f" AND CAST(body AS TEXT) ->> '$.kind' IN ({marks}) ORDER BY pos DESC LIMIT ?",
        (account, *kinds, limit),
    )


ROLES: Statement = ("SELECT roles, count(*) FROM accounts WHERE active = 1 GROUP BY 1", ())
"""How many who are switched on have which roles (JSON)."""
UNITS: Statement = ("SELECT unit, count(*) FROM accounts WHERE active = 1 GROUP BY 1", ())
"""How many who are switched on are of each unit."""
