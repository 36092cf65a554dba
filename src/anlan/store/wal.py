"""Keeps the write-ahead log short from a thread of its own, so that no commit waits for a checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import apsw

from anlan.loop.errors import Refused

PAGES_MAX = 8_000
"""About 32 MB of log before it is folded back: a page written often is folded once. A start reads it in 8 ms."""


class WalKeeper:
    """Folds the log back when the writing connection says it has grown past PAGES_MAX."""

    def __init__(
        self,
        writing: apsw.Connection,
        connect: Callable[[], apsw.Connection],
        errors: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._connect, self._errors = connect, errors
        self._grown, self._ended = threading.Event(), False
        writing.set_wal_hook(self._on_commit)
        self._thread = threading.Thread(target=self._work, name="anlan-wal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread."""
        self._ended = True
        self._grown.set()
        self._thread.join()

    def _on_commit(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        if pages > PAGES_MAX:
            self._grown.set()
        return int(apsw.SQLITE_OK)

    def _work(self) -> None:
        connection = self._connect()
        while True:
            self._grown.wait()
            self._grown.clear()
            if self._ended:
                connection.close()
                return
            with suppress(Refused), self._errors():  # no room now: tried again after the next commit
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
