"""Guesses: whoever tries passwords waits longer and longer. Kept in the store, so a restart forgives nothing.

Wrong ones are counted by account and address together, by address, and by account. Nobody can lock an officer out: what
others guess makes wait only those addresses from which the account has never logged in, and never for more than a
quarter of an hour. A try is counted before the password is looked at, so that many at once gain nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from anlan.app.world import World, year_of
from anlan.loop.errors import Refused
from anlan.store.commit import Commit

T = TypeVar("T")
DAY_MS = 24 * 3600 * 1000
FORGET_MS, KNOWN_MS = DAY_MS, 180 * DAY_MS
WRONG = frozenset({"account.wrong", "account.code_wrong"})
"""The refusals that are a wrong guess."""


class Limit(msgspec.Struct, frozen=True):
    """So many wrong ones are free; each further one doubles the wait, from one second up to `longest_ms`."""

    free: int
    longest_ms: int


LIMITS = {"pair": Limit(5, 15 * 60_000), "address": Limit(20, 60_000), "account": Limit(50, 15 * 60_000)}
_COUNT = (
    "INSERT INTO guesses (kind, key, failures, at) VALUES (?, ?, 1, ?) ON CONFLICT (kind, key) DO UPDATE SET"
    " failures = guesses.failures + 1, at = excluded.at"
)
_STANDS = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM guesses WHERE kind = 'pair' AND key = ? AND failures > ?)"
_GOOD = (
    "INSERT INTO guesses (kind, key, failures, at) VALUES ('known', ?, 0, ?) ON CONFLICT (kind, key) DO UPDATE SET"
    " at = excluded.at"
)


def wait_ms(limit: Limit, failures: int) -> int:
    """How long to wait after so many wrong ones."""
    over = failures - limit.free
    return min(1_000 << min(over, 30), limit.longest_ms) if over >= 0 else 0


async def guarded(world: World, account: str, address: str, prove: Callable[[], T]) -> T:
    """What `prove` answers, once this account and address may try: counted first, forgotten when it was right. `prove`
    runs in a thread of its own: a password takes its time.

    Raises Refused: tries.wait (`seconds`), and what `prove` raises.
    """
    keys = _keys(world, account, address)
    await world.store.writer.write(_counting(world, account, keys))
    try:
        proved = await asyncio.to_thread(prove)
    except Refused as refused:
        if refused.code not in WRONG:
            await world.store.writer.write(_taken_back(world, account, keys))
        elif (commit := _told(world, account, keys)) is not None:
            await world.store.writer.write(commit)
        raise
    await world.store.writer.write(_right(world, account, keys))
    return proved


def _keys(world: World, account: str, address: str) -> dict[str, str]:
    def of(text: str) -> str:
        return world.store.vault.blind(f"guess {text}").hex()

    both = of(f"{account}\n{address}")
    return {"pair": both, "known": both, "address": of(f"at {address}"), "account": of(f"by {account}")}


def _counting(world: World, account: str, keys: dict[str, str]) -> Commit:
    """The commit that counts one more; refused while the last one has to wait out its time."""
    now = world.clock()
    failures = _standing(world, keys, now)
    is_known = "known" in failures
    for kind, limit in LIMITS.items():
        if kind not in failures or (is_known and kind != "pair"):
            continue
        count, at = failures[kind]
        if (left := at + wait_ms(limit, count) - now) > 0:
            raise Refused("tries.wait", seconds=-(-left // 1000))
    commit = Commit(at=now, actor=_named(world, account), year=year_of(now))
    pair = failures.get("pair", (0, 0))[0]
    commit.checks.append((_STANDS, (keys["pair"], pair), Refused("tries.wait", seconds=1)))
    commit.rows.append(("DELETE FROM guesses WHERE at < ? AND kind != 'known'", (now - FORGET_MS,)))
    commit.rows.append(("DELETE FROM guesses WHERE at < ? AND kind = 'known'", (now - KNOWN_MS,)))
    commit.rows += [(_COUNT, (kind, keys[kind], now)) for kind in LIMITS]
    return commit


def _told(world: World, account: str, keys: dict[str, str]) -> Commit | None:
    """The commit that says that waiting begins for somebody; None while it does not, or goes on."""
    failures = _standing(world, keys, now := world.clock())
    begun = [kind for kind, limit in LIMITS.items() if failures.get(kind, (0, 0))[0] == limit.free]
    if not begun:
        return None
    data: dict[str, Any] = {"account": _named(world, account), "by": begun}
    fact = (int(world.ledger), world.ledger, ("locked_out", data))
    return Commit(at=now, actor=_named(world, account), year=year_of(now), readings=[fact])


def _taken_back(world: World, account: str, keys: dict[str, str], kinds: Iterable[str] = LIMITS) -> Commit:
    """The commit that takes the try back: it was no wrong one."""
    now = world.clock()
    less = "UPDATE guesses SET failures = failures - 1 WHERE kind = ? AND key = ? AND failures > 0"
    rows: list[tuple[str, Sequence[Any]]] = [(less, (kind, keys[kind])) for kind in kinds]
    return Commit(at=now, actor=_named(world, account), year=year_of(now), rows=rows)


def _right(world: World, account: str, keys: dict[str, str]) -> Commit:
    """The commit after a right one: the pair begins anew, and the account is at home at the address."""
    commit = _taken_back(world, account, keys, ("address", "account"))
    commit.rows.append(("DELETE FROM guesses WHERE kind = 'pair' AND key = ?", (keys["pair"],)))
    commit.rows.append((_GOOD, (keys["known"], commit.at)))
    return commit


def _standing(world: World, keys: dict[str, str], now: int) -> dict[str, tuple[int, int]]:
    """By kind, how many wrong ones and when the last was; what is old counts no more."""
    where = " OR ".join(["(kind = ? AND key = ?)"] * len(keys))
    values = [part for pair in keys.items() for part in pair]
    rows = world.store.read.listed((f"SELECT kind, failures, at FROM guesses WHERE {where}", values))
    lasts = {"known": KNOWN_MS}
    return {kind: (failures, at) for kind, failures, at in rows if now - at <= lasts.get(kind, FORGET_MS)}


def _named(world: World, account: str) -> str:
    """The account, if there is one: what was typed instead may be a password."""
    return account if world.store.read.roles(account) else "nobody"
