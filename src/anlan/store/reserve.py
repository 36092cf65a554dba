"""The reserve: room on the disk that is kept for what must go through when there is none left.

A file of that size lies beside the database. When the disk is full and an urgent commit comes (a call, a transfer from
110, the record of a reading), the file goes and its room is used; everything else is refused until there is room again.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

AGAIN = 2
"""So many times its size must be free before it is taken back: what was let go looks like free space too."""


class Reserve:
    """`held` while the room is kept."""

    def __init__(self, path: Path, size: int) -> None:
        self._path, self._size = path, size
        self.held = path.exists() or self._made(1)

    def release(self) -> None:
        """Give the room away."""
        self._path.unlink(missing_ok=True)
        self.held = False

    def regained(self) -> bool:
        """Whether it is held, or can be again."""
        self.held = self.held or self._made(AGAIN)
        return self.held

    def _made(self, times: int) -> bool:
        if shutil.disk_usage(self._path.parent).free < times * self._size:
            return False
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
                os.fsync(file.fileno())
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True
