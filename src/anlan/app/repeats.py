"""Repeats: the first of its kind is told at once; those that follow within a window are counted and told together.

So a flood costs one entry a window, and nothing of it is lost. Pure: whoever keeps it says what time it is (UTC ms).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

import msgspec

K = TypeVar("K", bound=Hashable)


class Window(msgspec.Struct):
    """Since when its kind is counted, and how many are still untold."""

    since: int
    untold: int


class Repeats(Generic[K]):
    """The windows that are open. `length` in milliseconds; `whose` says to whom a kind belongs."""

    def __init__(self, length: int, whose: Callable[[K], str]) -> None:
        self._length, self._whose = length, whose
        self._open: dict[K, Window] = {}
        self._count: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def of(self, whose: str) -> int:
        """How many kinds are being counted for somebody."""
        return self._count[whose]

    def __contains__(self, key: K) -> bool:
        return key in self._open

    def met(self, key: K, now: int) -> bool:
        """Count one; whether it is the first of its window, to be told now (`told`)."""
        first = key not in self._open
        self._count[self._whose(key)] += first
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
            if not window.untold and key in self._open:
                del self._open[key]
                self._count[self._whose(key)] -= 1
                self._count += Counter()  # those that came to nothing are forgotten
