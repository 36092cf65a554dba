"""Reading calls: what rings where, and for whom."""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.store.database import Readers

COLUMNS = "id, outside_id, extension, account, party, state, at, matter"
INSERT_CALL = f"INSERT INTO calls VALUES ({', '.join('?' * 8)}) ON CONFLICT (outside_id) DO NOTHING"
SET_CALL_STATE = "UPDATE calls SET state = ? WHERE id = ?"
SET_CALL_MATTER = "UPDATE calls SET matter = ? WHERE id = ?"
FORGET_CALL = "DELETE FROM calls WHERE id = ?"
SIT = "INSERT INTO extensions VALUES (?, ?) ON CONFLICT (extension) DO UPDATE SET account = excluded.account"
STAND_UP = "DELETE FROM extensions WHERE account = ?"


class Call(msgspec.Struct, frozen=True):
    """One call at one extension: `ringing`, `answered`, `ended` or `missed`; `at` (UTC ms) is when it began to ring."""

    id: str
    outside_id: str
    extension: str
    account: str
    party: str
    state: str
    at: int
    matter: int


class Calls:
    """Reads over one database."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def account_at(self, extension: str) -> str:
        """Who sits at an extension now; "" for nobody."""
        row = self._run("SELECT account FROM extensions WHERE extension = ?", extension).fetchone()
        return str(row[0]) if row else ""

    def extension_of(self, account: str) -> str:
        """Where an account sits; "" for nowhere."""
        row = self._run("SELECT extension FROM extensions WHERE account = ?", account).fetchone()
        return str(row[0]) if row else ""

    def one(self, call: str) -> Call | None:
        """The call of that id."""
        return self._found("id = ?", call)

    def outside(self, outside_id: str) -> Call | None:
        """The call that the exchange knows by this name."""
        return self._found("outside_id = ?", outside_id)

    def current(self, account: str, since: int) -> Call | None:
        """The newest call that rings or is spoken at an account's place, not older than a moment."""
        return self._found(
            "account = ? AND at >= ? AND state IN ('ringing', 'answered') AND matter = 0 ORDER BY at DESC LIMIT 1",
            account,
            since,
        )

    def before(self, at: int) -> list[str]:
        """The calls that began before a moment."""
        return [call for (call,) in self._run("SELECT id FROM calls WHERE at < ?", at)]

    def _found(self, where: str, *values: Any) -> Call | None:
        row = self._run(f"SELECT {COLUMNS} FROM calls WHERE {where}", *values).fetchone()
        return Call(*row) if row else None

    def _run(self, sql: str, *values: Any) -> Any:
        return self._readers.connection().execute(sql, values)
