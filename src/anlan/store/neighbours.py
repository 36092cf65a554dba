"""The other processes on one PostgreSQL database: word of what they commit, and which one does what is done once.

A connection of its own holds both: it LISTENs for committed facts, and has the session's lock of whoever leads. When it
breaks it is opened again; the facts of meanwhile are found by the cursor of whoever is woken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg

from anlan.store.postgres import Postgres

LEAD = 5
PAUSE_SECONDS = 1.0
"""Between two looks, when nobody sends word; and before a lost connection is opened again."""


class Neighbours:
    """Listens from a thread of its own until `close`; `tell` is called in it."""

    def __init__(self, database: Postgres, tell: Callable[[], None]) -> None:
        self._database, self._tell = database, tell
        self._leads, self._ended = False, threading.Event()
        self._thread = threading.Thread(target=self._work, name="anlan-neighbours", daemon=True)
        self._thread.start()

    def leads(self) -> bool:
        """Whether this process does what is done once: ticking jobs, messages, transports."""
        return self._leads

    def close(self) -> None:
        """Stop listening; the lead passes to another."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
            except psycopg.OperationalError:
                self._ended.wait(PAUSE_SECONDS)
            finally:
                self._leads = False

    def _listen(self) -> None:
        raw = self._database.opened()
        try:
            raw.execute(f'LISTEN "{self._database.channel}"')
            self._tell()
            while not self._ended.is_set():
                if not self._leads:
                    sql = "SELECT pg_try_advisory_lock($1::int, $2::int)"
                    self._leads = bool((raw.execute(sql, (self._database.locks, LEAD)).fetchone() or [0])[0])
                for _ in raw.notifies(timeout=PAUSE_SECONDS, stop_after=1):
                    self._tell()
        finally:
            raw.close()
