"""Seen: which version of a matter a person last opened, so that a list can say what is new to them.

For their own eyes only: no page, figure or feed shows anybody what somebody else has opened (who read personal data is
on the ledger, and another matter). Forgotten 30 days after a matter was closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from anlan.app.world import World
from anlan.loop.matter import Matter

KEPT_MAX = 5_000
FORGOTTEN_AFTER_MS = 30 * 24 * 3600 * 1000
Rows = list[tuple[str, Sequence[Any]]]


def versions(world: World, account: str, numbers: Sequence[int]) -> dict[int, int]:
    """The versions last opened, of those of the matters that the account ever opened."""
    marks = ", ".join("?" * len(numbers))
    sql = f"SELECT matter, version FROM seen WHERE account = ? AND matter IN ({marks})"
    return dict(world.store.read.listed((sql, (account, *numbers))))


def opened(account: str, matters: Iterable[Matter], at: int) -> Rows:
    """What a commit writes beside the rest: these have been seen as they stand."""
    sql = (
        "INSERT INTO seen VALUES (?, ?, ?, ?) ON CONFLICT (account, matter) DO UPDATE SET at = excluded.at,"
        " version = CASE WHEN seen.version > excluded.version THEN seen.version ELSE excluded.version END"
    )
    return [(sql, (account, matter.number, matter.version, at)) for matter in matters]


def moved(account: str, matter: Matter, facts: int) -> Rows:
    """Beside a move: who had seen the matter as it stood has seen their own move too."""
    sql = "UPDATE seen SET version = ?4 WHERE account = ?1 AND matter = ?2 AND version = ?3"
    return [(sql, (account, matter.number, matter.version, matter.version + facts))]


def everything(account: str, at: int) -> Rows:
    """Whatever the account has opened counts as seen as it stands."""
    sql = (
        "UPDATE seen SET at = ?2, version = (SELECT m.version FROM matters m WHERE m.number = seen.matter)"
        " WHERE account = ?1 AND version < (SELECT m.version FROM matters m WHERE m.number = seen.matter)"
    )
    return [(sql, (account, at))]


def forgotten(account: str, now: int) -> Rows:
    """At log-in: what was closed long ago, and the oldest beyond what is kept."""
    closed = (
        "SELECT m.number FROM seen s JOIN matters m ON m.number = s.matter"
        " WHERE s.account = ?1 AND m.kind = 'closed' AND m.closed_at < ?2"
    )
    oldest = "SELECT matter FROM seen WHERE account = ?1 ORDER BY at DESC LIMIT 9223372036854775807 OFFSET ?2"
    delete = "DELETE FROM seen WHERE account = ?1 AND matter IN"
    return [
        (f"{delete} ({closed})", (account, now - FORGOTTEN_AFTER_MS)),
        (f"{delete} ({oldest})", (account, KEPT_MAX)),
    ]
