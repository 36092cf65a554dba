"""Bytes in a folder beside the database, each file named by the SHA-256 of what it holds: never changed, written whole.

A file is on disk, synced, before the commit that names it, so a power cut leaves at most a file that nobody names. What
is read is compared with its name: one that was changed is not given out.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path

from anlan.loop.errors import Broken
from anlan.store.database import disk_errors
from anlan.store.sqlite import MEMORY


class Blobs:
    """The files of one folder; of a store in memory, kept in memory too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._memory: dict[str, bytes] | None = {} if folder.is_relative_to(MEMORY) else None

    def put(self, body: bytes) -> str:
        """Keep bytes; answers their name. They are on disk when this returns. Raises Refused("store.full")."""
        name = sha256(body).hexdigest()
        if self._memory is not None:
            self._memory[name] = body
            return name
        path = self._path(name)
        with disk_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            with part.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(path.parent)
        return name

    def get(self, name: str) -> bytes:
        """The bytes of that name. Raises Broken when they are gone or are not what was stored."""
        try:
            body = self._memory[name] if self._memory is not None else self._path(name).read_bytes()
        except (KeyError, FileNotFoundError):
            raise Broken(f"file {name} is gone") from None
        if sha256(body).hexdigest() != name:
            raise Broken(f"file {name} was changed")
        return body

    def keep_only(self, names: Collection[str]) -> int:
        """Remove everything else, and what a crash left half-written; answers how many files that were."""
        if self._memory is not None:
            gone = [name for name in self._memory if name not in names]
            for name in gone:
                del self._memory[name]
            return len(gone)
        stray = [path for path in self._folder.glob("??/*") if path.name not in names]
        for path in stray:
            path.unlink(missing_ok=True)
        return len(stray)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on disk: a rename is not durable before."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
