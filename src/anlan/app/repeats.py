"""Repeats: the first of its kind is told at once; those that follow within a window are counted and told together.

So a flood costs one entry a window, and nothing of it is lost. Pure: whoever keeps it says what time it is (UTC ms).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

import msgspec

K = TypeVar("K", bound=Hashable)


class Window(msgspec.Struct):
    """Since when its kind is counted, and how many are still untold."""

    since: int
    untold: int


class Repeats(Generic[K]):
    """The windows that are open. `length` in milliseconds."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._open: dict[K, Window] = {}

    def __len__(self) -> int:
        return len(self._open)

    def keys(self) -> Iterator[K]:
        """What is being counted."""
        return iter(self._open)

    def __contains__(self, key: K) -> bool:
        return key in self._open

    def met(self, key: K, now: int) -> bool:
        """Count one; whether it is the first of its window, to be told now (`told`)."""
        first = key not in self._open
        self._open.setdefault(key, Window(now, 0)).untold += 1
        return first

    def told(self, key: K, times: int) -> None:
        """So many have been told."""
        if key in self._open:
            self._open[key].untold -= times

    def over(self, now: int) -> Iterator[tuple[K, Window]]:
        """The windows that have run out. Those with nothing untold are forgotten on the way."""
        for key, window in [(k, w) for k, w in self._open.items() if now - w.since >= self._length]:
            if window.untold:
                yield key, window
            if not window.untold:
                self._open.pop(key, None)
