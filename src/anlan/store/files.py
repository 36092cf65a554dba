"""Files beside the database: sealed bytes under the SHA-256 of what is stored, so that a changed one is found out.

A file is on disk, synced, before the commit that names it; what no row names is swept away. Nothing here can read them.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from anlan.loop.errors import Broken
from anlan.store.database import MEMORY, Readers, disk_errors


class Row(msgspec.Struct, frozen=True):
    """What is known of a file without opening it: its type, size in bytes, the hashes it and its thumbnail are kept
    under, and since when (UTC ms) it waits for a matter (0: one has it)."""

    type: str
    bytes: int
    hash: str
    small: str
    staged_at: int


class Files:
    """The folder `files` of a home (of one in memory, a table in memory), and what the database says of it."""

    def __init__(self, home: Path, readers: Readers) -> None:
        self._folder, self._readers = home / "files", readers
        self._memory: dict[str, bytes] | None = {} if home.is_relative_to(MEMORY) else None

    def put(self, sealed: bytes) -> str:
        """Keep sealed bytes; answers their hash. They are on disk when this returns. Raises Refused("store.full")."""
        name = sha256(sealed).hexdigest()
        if self._memory is not None:
            self._memory[name] = sealed
            return name
        path = self._path(name)
        with disk_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            with part.open("wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            _sync(path.parent)
        return name

    def get(self, name: str) -> bytes:
        """The sealed bytes of that hash. Raises Broken when they are gone or are not what was stored."""
        try:
            sealed = self._memory[name] if self._memory is not None else self._path(name).read_bytes()
        except (KeyError, FileNotFoundError):
            raise Broken(f"file {name} is gone") from None
        if sha256(sealed).hexdigest() != name:
            raise Broken(f"file {name} was changed")
        return sealed

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
        named = {name for row in self._run("SELECT hash, small FROM files") for name in row}
        if self._memory is not None:
            gone = [name for name in self._memory if name not in named]
            for name in gone:
                del self._memory[name]
            return len(gone)
        stray = [path for path in self._folder.glob("??/*") if path.name not in named]
        for path in stray:
            path.unlink(missing_ok=True)
        return len(stray)

    def _run(self, sql: str, *values: Any) -> Any:
        return self._readers.connection().execute(sql, values)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


def _sync(folder: Path) -> None:
    """Put a folder's entries on disk: a rename is not durable before."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
