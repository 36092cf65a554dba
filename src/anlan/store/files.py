"""Photos, sounds and documents: sealed bytes on disk, and the rows that name them. Nothing here opens them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from anlan.loop.errors import Broken
from anlan.store.blobs import Blobs
from anlan.store.database import Readers


class Row(msgspec.Struct, frozen=True):
    """What is known of a file without opening it: its type, size in bytes, the hashes it and its thumbnail are kept
    under, and since when (UTC ms) it waits for a matter (0: one has it)."""

    type: str
    bytes: int
    hash: str
    small: str
    staged_at: int


class Files(Blobs):
    """The folder `files` of a home, and what the database says of it."""

    def __init__(self, home: Path, readers: Readers) -> None:
        super().__init__(home / "files")
        self._readers = readers

    def row(self, file: str) -> Row | None:
        """What the database says of a file."""
        found = self._run("SELECT type, bytes, hash, small, staged_at FROM files WHERE id = ?", file).fetchone()
        return Row(*found) if found else None

    def staged_bytes(self) -> int:
        """How much is waiting for matters, in all."""
        return int(self._run("SELECT coalesce(sum(bytes), 0) FROM files WHERE staged_at != 0").fetchone()[0])

    def staged_before(self, at: int) -> list[str]:
        """The files that have been waiting for a matter since before that moment (UTC ms)."""
        return [file for (file,) in self._run("SELECT id FROM files WHERE staged_at != 0 AND staged_at < ?", at)]

    def faults(self) -> list[str]:
        """What is wrong with the files that rows name: gone, or not what was stored. Opens none of them."""
        found = []
        for file, *names in self._run("SELECT id, hash, small FROM files").fetchall():
            for name in filter(None, names):
                try:
                    self.get(name)
                except Broken as broken:
                    found.append(f"{file}: {broken}")
        return found

    def sweep(self) -> int:
        """Remove what no row names any more, and what a crash left half-written; answers how many.

        For moments when no file is on its way in: between `put` and its commit a file has no row.
        """
        return self.keep_only({name for row in self._run("SELECT hash, small FROM files") for name in row})

    def _run(self, sql: str, *values: Any) -> Any:
        return self._readers.connection().execute(sql, values)
