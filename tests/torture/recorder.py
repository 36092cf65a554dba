"""A disk that remembers: an SQLite VFS that writes through and records every write, truncation and sync.

Records what SQLite asks for, in order, with its bytes; not what the kernel or the drive make of it. Shared memory (the
WAL's index) is not recorded: after a power cut it is gone anyway.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

SYSTEM = "unix"
Event = tuple[str, str, int, bytes]
"""Kind, file name, offset (or new size, or the answer's number), bytes."""


class RecordingFile(apsw.VFSFile):
    """One open file."""

    def __init__(self, name: Any, flags: list[int], disk: RecordingDisk) -> None:
        self._name = os.path.basename(name.filename() if isinstance(name, apsw.URIFilename) else str(name))
        self._disk, self._events = disk, disk.events
        super().__init__(SYSTEM, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's own name
        self._disk.fail("write", self._name)
        self._events.append(("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite's own name
        self._events.append(("truncate", self._name, size, b""))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's own name
        self._disk.fail("sync", self._name)
        super().xSync(flags)
        self._events.append(("sync", self._name, 0, b""))


class RecordingDisk(apsw.VFS):
    """The default VFS with a memory. `fail(kind, file)` may raise what the disk would."""

    def __init__(self, name: str, fail: Callable[[str, str], None] = lambda _kind, _file: None) -> None:
        self.events: list[Event] = []
        self.fail = fail
        super().__init__(name, SYSTEM, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> RecordingFile:  # noqa: N802 - SQLite's own name
        return RecordingFile(name, flags, self)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802 - SQLite's own name
        self.events.append(("delete", os.path.basename(name), 0, b""))
        super().xDelete(name, sync_folder)

    def answered(self, no: int) -> None:
        """Somebody was told that their commit is kept."""
        self.events.append(("answer", "", no, b""))


def full(kind: str, _file: str) -> None:
    """A disk without room: every write fails, syncs do not."""
    if kind == "write":
        raise apsw.FullError("no room")


def broken_sync(kind: str, _file: str) -> None:
    """A disk that cannot say that it kept what it was given."""
    if kind == "sync":
        error = apsw.IOError(os.strerror(errno.EIO))
        error.extendedresult = apsw.SQLITE_IOERR_FSYNC
        raise error


def files_after(events: list[Event], kept: Callable[[int, Event], bytes | None]) -> dict[str, bytes]:
    """The files as a power cut leaves them: each event as far as `kept` says (None: not at all)."""
    files: dict[str, bytearray] = {}
    for i, event in enumerate(events):
        kind, name, offset, _ = event
        if kind in {"answer", "sync"}:
            continue
        data = kept(i, event)
        if data is None:
            continue
        body = files.setdefault(name, bytearray())
        if kind == "truncate":
            del body[offset:]
        elif kind == "delete":
            files.pop(name, None)
        else:
            body.extend(bytes(max(0, offset + len(data) - len(body))))
            body[offset : offset + len(data)] = data
    return {name: bytes(body) for name, body in files.items()}


def put(files: dict[str, bytes], folder: Path) -> None:
    """Lay files down in an empty folder."""
    folder.mkdir(parents=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
