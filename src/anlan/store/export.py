"""An export of the ledgers for `verify/anlan_verify.py`: what is published, and the facts and every checkpoint besides.

Facts carry ids and no personal data, but they are not public: an export is for an auditor, not for a web server.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from anlan.loop.errors import Refused
from anlan.store.database import disk_errors
from anlan.store.heads import Heads
from anlan.store.publish import publish, written

FACTS, CHECKPOINTS, KEY = "facts.ndjson", "checkpoints", "key"
Progress = Callable[[int, int], None]


def export(heads: Heads, folder: Path, on_progress: Progress | None = None) -> int:
    """Write every ledger, as far as it is signed, into an empty folder; answers how many facts.

    Raises Refused("ledger.folder_not_empty").
    """
    if folder.exists() and any(folder.iterdir()):
        raise Refused("ledger.folder_not_empty", folder=str(folder))
    done, all_heads = 0, publish(heads, folder)
    total = sum(head.checkpoint.size for head in all_heads)
    for head in all_heads:
        ledger, size = head.checkpoint.ledger, head.checkpoint.size
        at = folder / ledger
        notes = (one.note.to_bytes() + b"\n" for one in heads.all(ledger) if one.checkpoint.size <= size)
        with disk_errors():
            written(at / CHECKPOINTS, b"".join(notes))
            written(at / KEY, (heads.key(ledger).text() + "\n").encode())
            with (at / FACTS).open("wb") as file:
                for body in heads.bodies(head):
                    file.write(body + b"\n")
                file.flush()
                os.fsync(file.fileno())
        done += size
        if on_progress:
            on_progress(done, total)
    return done
