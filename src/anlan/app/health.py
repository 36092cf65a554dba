"""Health: may this process take work, and the figures that whoever is on duty asks for at three in the morning."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from anlan.app.stop import Stop
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.working_calendar import minute_of
from anlan.store import health as sql
from anlan.store.sqlite import MEMORY
from anlan.telemetry.metrics import Samples

BEHIND_MS = 5_000
"""A clock that far before the newest fact is wrong; order never hangs on it, deadlines do."""
MB = 1024 * 1024
CHECKS = ("stopping", "database.silent", "commit.failed", "disk.low", "clock.behind")
"""What may be wrong, by code."""


class Health(msgspec.Struct):
    """What readiness hangs on beside the world: the least free space, and whether the process is told to stop."""

    world: World
    disk_free_mb: int = 512
    stop: Stop = msgspec.field(default_factory=Stop)

    def wrong(self) -> list[str]:
        """The codes of what does not hold; empty when Anlan may take work."""
        tests: dict[str, Callable[[], bool]] = {
            "stopping": self.stop.is_told,
            "commit.failed": self.world.store.writer.fails,
            "disk.low": lambda: _free(self.world.store.home) < self.disk_free_mb * MB,
            "clock.behind": self._behind,
        }
        try:
            self.world.store.read.listed(sql.ANSWERS)
            return [code for code, fails in tests.items() if fails()]
        except (Refused, OSError):
            return ["database.silent"]

    def samples(self) -> Samples:
        """The figures that stand in the database and on the disk. Reads; run it beside the event loop."""
        store, now = self.world.store, self.world.clock()
        read, last, wrong = store.read, store.outbox.last(), self.wrong()
        ledgers, hooks = read.listed(sql.LEDGERS), store.webhooks.all()
        return {
            "anlan_ready": [((check,), float(check not in wrong)) for check in CHECKS],
            "anlan_outbox_lag_facts": [
                *(((name,), float(last - pos)) for name, pos in read.listed(sql.CURSORS)),
                *(((f"webhook {one.id}",), float(last - one.pos)) for one in hooks),
            ],
            "anlan_messages": [((state,), float(n)) for state, n in store.messages.counts().items()],
            "anlan_webhooks": [((state,), float(n)) for state, n in Counter(one.state for one in hooks).items()],
            "anlan_webhook_letters": [((state,), float(n)) for state, n in store.webhooks.counts().items()],
            "anlan_ledger_facts": [((key,), float(size)) for key, size, _, _ in ledgers],
            "anlan_checkpoint_age_seconds": [
                ((key,), max(0, now - (at or 0)) / 1000 if size > (signed or 0) else 0.0)
                for key, size, signed, at in ledgers
            ],
            "anlan_matters": [((kind,), float(n)) for kind, n in read.listed(sql.KINDS)],
            "anlan_matters_late": [((), float(read.listed(sql.late(minute_of(now)))[0][0]))],
            "anlan_database_bytes": [((), float(self._database_bytes()))],
            "anlan_wal_bytes": [((), float(_bytes(store.home / "anlan.db-wal")))],
            "anlan_disk_free_bytes": [((), float(_free(store.home)))],
        }

    def _database_bytes(self) -> int:
        store = self.world.store
        if store.database.shared:
            return int(store.read.listed(sql.SHARED_BYTES)[0][0])
        return _bytes(store.home / "anlan.db")

    def _behind(self) -> bool:
        newest = self.world.store.outbox.after(self.world.store.outbox.last() - 1, 1)
        return bool(newest) and self.world.clock() < newest[0].fact.at - BEHIND_MS


def _free(home: Path) -> int:
    return 2**62 if home.is_relative_to(MEMORY) else shutil.disk_usage(home).free


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
