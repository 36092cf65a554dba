"""Reports as they were made, each a file named by the SHA-256 of its bytes: never changed, written whole.

A file is on disk before anything that names it is committed, so a power cut leaves at most a file nobody names. What is
read is compared with its name: a file that was changed is not given out.
"""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from pathlib import Path

from anlan.loop.errors import Refused
from anlan.store.database import MEMORY


class ReportFiles:
    """The files of one folder; of a store in memory, kept in memory too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, bytes] | None = {} if folder.is_relative_to(MEMORY) else None

    def put(self, body: bytes) -> str:
        """Keep the bytes; answers their name. Raises Refused("store.full") when the disk is."""
        name = sha256(body).hexdigest()
        if self._held is not None:
            self._held[name] = body
            return name
        path = self._path(name)
        if not path.exists():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                _written(path.with_suffix(f".{os.getpid()}"), body).replace(path)
                _synced(path.parent)
            except OSError as error:
                raise Refused("store.full" if error.errno == errno.ENOSPC else "store.failed") from error
        return name

    def get(self, name: str) -> bytes:
        """The bytes of that name. Raises Refused("report.file_lost") when they are gone or no longer the same."""
        try:
            body = self._held[name] if self._held is not None else self._path(name).read_bytes()
        except (KeyError, FileNotFoundError):
            raise Refused("report.file_lost", file=name[:12]) from None
        if sha256(body).hexdigest() != name:
            raise Refused("report.file_lost", file=name[:12])
        return body

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


def _written(path: Path, body: bytes) -> Path:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    return path


def _synced(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
