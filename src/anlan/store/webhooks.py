"""Reading webhook subscriptions and the letters they could not be delivered; the statements that change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from anlan.store.database import Readers

COLUMNS = "id, name, account, url, secret, kinds, ledgers, state, why, pos, attempts, dead, due_at, made_at"
INSERT = f"INSERT INTO webhooks ({COLUMNS}) VALUES ({', '.join('?' * 14)})"
MOVED = (
    "UPDATE webhooks SET pos = ?, attempts = ?, dead = ?, due_at = ?, state = ?, why = ?"
    " WHERE id = ? AND pos = ? AND state = 'active'"
)
"""How far a delivery has come; nothing where somebody paused or removed it meanwhile."""
SET_STATE = "UPDATE webhooks SET state = ?, why = '', attempts = 0, dead = 0, due_at = 0 WHERE id = ?"
REMOVE = "DELETE FROM webhooks WHERE id = ?"
REMOVE_LETTERS = "DELETE FROM webhook_letters WHERE webhook = ?"
LETTER_COLUMNS = "id, webhook, pos, state, why, at"
INSERT_LETTER = (
    f"INSERT INTO webhook_letters ({LETTER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (webhook, pos) DO NOTHING"
)
SET_LETTER = "UPDATE webhook_letters SET state = ?, why = ?, at = ? WHERE id = ?"
LISTED_MAX = 200


class Webhook(msgspec.Struct, frozen=True):
    """A subscription as it stands (see the schema); times are UTC ms."""

    id: str
    name: str
    account: str
    url: str
    secret: bytes
    kinds: str
    ledgers: str
    state: str
    why: str
    pos: int
    attempts: int
    dead: int
    due_at: int
    made_at: int


class Letter(msgspec.Struct, frozen=True):
    """A fact that could not be delivered."""

    id: str
    webhook: str
    pos: int
    state: str
    why: str
    at: int


class Webhooks:
    """Reads over one database."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def all(self) -> list[Webhook]:
        """Every subscription by name."""
        return [Webhook(*row) for row in self._run(f"SELECT {COLUMNS} FROM webhooks ORDER BY name", ())]

    def one(self, webhook: str) -> Webhook | None:
        """The subscription of that id."""
        rows = self._run(f"SELECT {COLUMNS} FROM webhooks WHERE id = ?", (webhook,))
        return next((Webhook(*row) for row in rows), None)

    def letters(self, state: str, before: str = "", limit: int = LISTED_MAX) -> list[Letter]:
        """Letters in a state, newest first, before an id."""
        sql = f"SELECT {LETTER_COLUMNS} FROM webhook_letters WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?"
        return [Letter(*row) for row in self._run(sql, (state, before or "~", min(limit, LISTED_MAX)))]

    def letter(self, letter: str) -> Letter | None:
        """The letter of that id."""
        rows = self._run(f"SELECT {LETTER_COLUMNS} FROM webhook_letters WHERE id = ?", (letter,))
        return next((Letter(*row) for row in rows), None)

    def counts(self) -> dict[str, int]:
        """How many letters are in each state."""
        return dict(self._run("SELECT state, count(*) FROM webhook_letters GROUP BY state", ()))

    def _run(self, sql: str, values: Sequence[Any]) -> list[Any]:
        rows: list[Any] = self._readers.connection().execute(sql, tuple(values)).fetchall()
        return rows
