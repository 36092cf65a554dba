"""Reading the words to reporters: what is due, what waits, what failed, who wants none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from anlan.store.database import Readers

COLUMNS = "id, pos, matter, receipt, party, template, way, state, made_at, due_at, attempts, why"
INSERT_MESSAGE = f"INSERT INTO messages ({COLUMNS}) VALUES ({', '.join('?' * 12)})"
UPDATE_MESSAGE = "UPDATE messages SET state = ?, way = ?, due_at = ?, attempts = ?, why = ? WHERE id = ?"
SET_CURSOR = "INSERT INTO cursors VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET pos = excluded.pos"
OPT_OUT = "INSERT INTO opt_outs VALUES (?, ?) ON CONFLICT (party) DO NOTHING"
OPT_IN = "DELETE FROM opt_outs WHERE party = ?"
LIST_MAX = 200


class Kept(msgspec.Struct, frozen=True):
    """A message as it stands: `waiting`, `sending`, `sent`, `sandbox` (would have gone), `failed` or `dropped`; `way`
    sms or email once it is known; times are UTC ms."""

    id: str
    pos: int
    matter: int
    receipt: int
    party: str
    template: str
    way: str
    state: str
    made_at: int
    due_at: int
    attempts: int
    why: str


class Messages:
    """Reads over one database."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def cursor(self, name: str) -> int | None:
        """How far a reader of the facts has come; None when it never began."""
        row = self._run("SELECT pos FROM cursors WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def due(self, now: int, limit: int) -> list[Kept]:
        """What is to be sent by now, oldest first; what was being sent when a process died is due again."""
        where = "state IN ('waiting', 'sending') AND due_at <= ? ORDER BY due_at LIMIT ?"
        return self._found(where, (now, limit))

    def waiting(self, receipts: Iterable[int]) -> list[Kept]:
        """What still waits for these receipts."""
        wanted = tuple(receipts)
        return self._found(f"state = 'waiting' AND receipt IN ({', '.join('?' * len(wanted))})", wanted)

    def one(self, message: str) -> Kept | None:
        """The message of that id."""
        return next(iter(self._found("id = ?", (message,))), None)

    def listed(self, state: str, before: str, limit: int) -> list[Kept]:
        """Those in a state ("" for any), newest first, before an id."""
        edge, many = before or "~", min(limit, LIST_MAX)
        if state:
            return self._found("state = ? AND id < ? ORDER BY id DESC LIMIT ?", (state, edge, many))
        return self._found("id < ? ORDER BY id DESC LIMIT ?", (edge, many))

    def counts(self) -> dict[str, int]:
        """How many are in each state."""
        return dict(self._run("SELECT state, count(*) FROM messages GROUP BY state", ()).fetchall())

    def opted_out(self, parties: Iterable[str]) -> set[str]:
        """Those who want no messages."""
        wanted = tuple(parties)
        sql = f"SELECT party FROM opt_outs WHERE party IN ({', '.join('?' * len(wanted))})"
        return {party for (party,) in self._run(sql, wanted)}

    def _found(self, where: str, values: Sequence[Any]) -> list[Kept]:
        rows = self._run(f"SELECT {COLUMNS} FROM messages WHERE {where}", values)
        return [Kept(*row) for row in rows.fetchall()]

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        return self._readers.connection().execute(sql, tuple(values))
