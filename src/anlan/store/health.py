"""What is read of a store to tell how it is: small statements, for `Reader.listed`."""

from __future__ import annotations

from typing import Any

from anlan.store.read import OPEN_KINDS

Statement = tuple[str, tuple[Any, ...]]
_KINDS = ", ".join(f"'{kind}'" for kind in OPEN_KINDS)

ANSWERS: Statement = ("SELECT 1", ())
KINDS: Statement = (f"SELECT kind, count(*) FROM matters WHERE kind IN ({_KINDS}) GROUP BY kind", ())
"""How many open matters are in each kind of stage."""
CURSORS: Statement = ("SELECT name, pos FROM cursors ORDER BY name", ())
"""How far each reader of the facts has come."""
SHARED_BYTES: Statement = ("SELECT pg_database_size(current_database())", ())
"""The size of a database that is not a file of ours."""
LEDGERS: Statement = (
    "SELECT l.key, l.size,"
    " (SELECT c.size FROM checkpoints c WHERE c.ledger = l.no ORDER BY c.size DESC LIMIT 1),"
    " (SELECT c.at FROM checkpoints c WHERE c.ledger = l.no ORDER BY c.size DESC LIMIT 1)"
    " FROM ledgers l ORDER BY l.key",
    (),
)
"""Each ledger's facts, and size and moment (UTC ms) of its newest checkpoint; None where there is none yet."""


def late(minute: int) -> Statement:
    """How many open matters were due before a minute."""
    return f"SELECT count(*) FROM matters WHERE kind IN ({_KINDS}) AND due < ?", (minute,)
