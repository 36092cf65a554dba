"""What a batch must know of the record before it writes: asked once for all its commits, then kept up by the batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from anlan.store.commit import Commit
from anlan.store.database import Connection


class Standing:
    """The requests and receipts that are known already, and the versions of the matters that are to change."""

    def __init__(self) -> None:
        self.requests: set[bytes] = set()
        self.receipts: set[tuple[str, str]] = set()
        self.versions: dict[int, int] = {}

    def ask(self, connection: Connection, commits: Iterable[Commit]) -> None:
        """Look up what these commits name. All statements go out before the first answer is awaited."""
        requests, receipts, numbers = set[bytes](), set[tuple[str, str]](), set[int]()
        for commit in commits:
            if commit.request:
                requests.add(commit.request[0])
            if commit.receipt:
                receipts.add((commit.receipt.channel, commit.receipt.outside_id))
            numbers |= {change.base.number for change in commit.changes if change.base and not change.latest}
        asked = [
            _found(connection, "SELECT key FROM requests WHERE key IN ({})", [(key,) for key in requests]),
            _found(
                connection,
                "SELECT channel, outside_id FROM receipts WHERE (channel, outside_id) IN (VALUES {})",
                list(receipts),
            ),
            _found(connection, "SELECT number, version FROM matters WHERE number IN ({})", [(one,) for one in numbers]),
        ]
        self.requests.update(key for (key,) in asked[0])
        self.receipts.update(asked[1])
        self.versions.update(asked[2])


def _found(connection: Connection, sql: str, keys: list[tuple[Any, ...]]) -> Iterable[Any]:
    """The rows under these keys. Their number is filled up to a power of two, so that few statements are prepared."""
    if not keys:
        return ()
    keys += [keys[0]] * ((1 << (len(keys) - 1).bit_length()) - len(keys))
    row = ", ".join("?" * len(keys[0]))
    marks = ", ".join([f"({row})" if len(keys[0]) > 1 else row] * len(keys))
    return connection.execute(sql.format(marks), [value for key in keys for value in key])
