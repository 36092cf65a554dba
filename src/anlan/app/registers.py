"""Registers (台账): the lists a line of work keeps, a row as a Struct of its own. What a row says may change at any
time, so it is no matter; that it changed, and from what, is a fact on the ledger, written with it.

A row is written by whoever saw its version: two who change the same row cannot overwrite each other.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.store.commit import Commit

UNSEEN = 0
"""The version of a row that is not there yet."""
STANDS = "SELECT 1 WHERE coalesce((SELECT version FROM registers WHERE register = ? AND key = ?), 0) = ?"
SET = (
    "INSERT INTO registers (register, key, version, body) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (register, key) DO UPDATE SET version = excluded.version, body = excluded.body"
)
Row = TypeVar("Row", bound=msgspec.Struct)
_encode = msgspec.json.Encoder(order="sorted").encode


class Register(Generic[Row]):
    """One list, in this process as it was last read: `rows` reads again only what has changed."""

    def __init__(self, world: World, name: str, shape: type[Row]) -> None:
        self._world, self._name = world, name
        self._decode = msgspec.json.Decoder(shape).decode
        self._rows: dict[str, tuple[int, Row]] = {}
        self._pos = -1

    def rows(self) -> dict[str, tuple[int, Row]]:
        """Every row with its version, by key, in the order of the keys."""
        pos = self._world.store.outbox.last()
        if pos != self._pos:
            self._read()
            self._pos = pos
        return self._rows

    def one(self, key: str) -> tuple[int, Row] | None:
        """A row with its version; None for none."""
        return self.rows().get(key)

    def put(self, commit: Commit, key: str, seen: int, row: Row, changed: Refused) -> None:
        """Let a commit write a row that was seen at a version. Refused as `changed` when it has moved on."""
        commit.checks.append((STANDS, (self._name, key, seen), changed))
        commit.rows.append((SET, (self._name, key, seen + 1, _encode(row).decode())))

    def _read(self) -> None:
        listed = self._world.store.read.listed
        found: list[Any] = listed(("SELECT key, version FROM registers WHERE register = ? ORDER BY key", (self._name,)))
        stale = [key for key, version in found if (known := self._rows.get(key)) is None or known[0] != version]
        if len(stale) > len(found) // 4:
            bodies = listed(("SELECT key, version, body FROM registers WHERE register = ?", (self._name,)))
        else:
            one = "SELECT key, version, body FROM registers WHERE register = ? AND key = ?"
            bodies = [row for key in stale for row in listed((one, (self._name, key)))]
        fresh = {key: (version, self._decode(body)) for key, version, body in bodies}
        self._rows = {key: fresh[key] if key in fresh else self._rows[key] for key, _ in found}
