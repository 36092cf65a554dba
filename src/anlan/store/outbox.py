"""The outbox: what happened after a position, in the order it was committed. A cursor over the facts, no second table.

Whoever reads (a page's event stream, a partner's feed, a transport) keeps the position it has come to and asks again
from there: nothing is lost while it is away and nothing comes twice.
"""

from __future__ import annotations

import msgspec

from anlan.loop.fact import Fact, decode
from anlan.store.database import Readers

ENTRIES_MAX = 5_000
_SIGNED = (
    "SELECT l.key, c.size, c.root, c.at, c.key_id, c.signature FROM checkpoints c JOIN ledgers l ON l.no = c.ledger"
)
WHOLE: tuple[str, tuple[()]] = (f"{_SIGNED} WHERE c.size = l.size AND l.size > 0 ORDER BY l.key", ())
"""The checkpoints that cover the whole of their ledgers."""


class Entry(msgspec.Struct, frozen=True):
    """A fact with its position, and its place in its own ledger (counted from 0)."""

    pos: int
    ledger: str
    seq: int
    fact: Fact


class Stored(msgspec.Struct, frozen=True):
    """As `Entry`, with the fact's stored bytes: what is hashed."""

    pos: int
    ledger: str
    seq: int
    body: bytes


def checkpoints(ledger: str, after: int, to: int) -> tuple[str, tuple[str, int, int]]:
    """A ledger's checkpoints of more than `after` and at most `to` facts."""
    return f"{_SIGNED} WHERE l.key = ? AND c.size > ? AND c.size <= ? ORDER BY c.size", (ledger, after, to)


class Outbox:
    """Reads the facts of one database in the order of their commits."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def last(self) -> int:
        """The position of the newest fact; 0 when there is none."""
        return int(self._readers.connection().execute("SELECT coalesce(max(pos), 0) FROM facts").fetchone()[0])

    def stored(self, pos: int, limit: int) -> list[Stored]:
        """As `after`, undecoded."""
        rows = self._readers.connection().execute(
            "SELECT f.pos, l.key, f.seq, f.body FROM facts f JOIN ledgers l ON l.no = f.ledger"
            " WHERE f.pos > ? ORDER BY f.pos LIMIT ?",
            (pos, min(limit, ENTRIES_MAX)),
        )
        return [Stored(at, ledger, seq, bytes(body)) for at, ledger, seq, body in rows]

    def after(self, pos: int, limit: int = ENTRIES_MAX) -> list[Entry]:
        """The facts after a position, oldest first, at most `limit` of them."""
        rows = self._readers.connection().execute(
            "SELECT f.pos, l.key, f.seq, f.body FROM facts f JOIN ledgers l ON l.no = f.ledger"
            " WHERE f.pos > ? ORDER BY f.pos LIMIT ?",
            (pos, min(limit, ENTRIES_MAX)),
        )
        return [Entry(at, ledger, seq, decode(body)) for at, ledger, seq, body in rows]

    def beside(self, before: int, limit: int) -> list[Entry]:
        """What is on the ledgers beside the matters' own facts (readings, accounts, sessions), newest first."""
        rows = self._readers.connection().execute(
            "SELECT f.pos, l.key, f.seq, f.body FROM facts f JOIN ledgers l ON l.no = f.ledger"
            " WHERE f.version = 0 AND f.pos < ? ORDER BY f.pos DESC LIMIT ?",
            (before, min(limit, ENTRIES_MAX)),
        )
        return [Entry(at, ledger, seq, decode(body)) for at, ledger, seq, body in rows]
