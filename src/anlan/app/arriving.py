"""Arriving: what is on its way to disk is already seen by the next caller's duplicate search.

It stands in the duplicate finder under a key below zero until the writer has given it a number and it is on disk. Two
reports of one fire, handed in within the same millisecond, so find each other.
"""

from __future__ import annotations

from dataclasses import replace

from anlan.engines.merge import Candidate, MergeIndex
from anlan.engines.text import Features

REMEMBERED = 20_000
"""Numbers kept for answers that are still being written, beyond any queue's length."""


class Arriving:
    """The intakes between "prepared" and "on disk"."""

    def __init__(self, index: MergeIndex) -> None:
        self._index = index
        self._last = 0
        self._numbers: dict[int, int] = {}

    def enter(self, row: Features, place: tuple[float | None, float | None], minute: int, category: int) -> int:
        """Let it be found from now on; answers its key."""
        self._last -= 1
        self._index.add(self._last, row, *place, minute, category)
        return self._last

    def numbered(self, key: int, number: int) -> None:
        """The writer gave it a number; it is not on disk yet."""
        self._numbers[key] = number
        if len(self._numbers) > REMEMBERED:
            del self._numbers[next(iter(self._numbers))]

    def settle(self, key: int, number: int) -> None:
        """It is on disk as matter `number`; 0 when it is not (refused, or known before)."""
        if number and number not in self._index:
            self._index.rename(key, number)
            self.numbered(key, number)
        else:
            self._index.remove(key)
            self._numbers.pop(key, None)

    def named(self, offers: list[Candidate]) -> list[Candidate]:
        """The offers by the matters' numbers; one that has none yet cannot be shown to anybody."""
        numbers = ((self._numbers.get(offer.key, 0) if offer.key < 0 else offer.key, offer) for offer in offers)
        return [offer if number == offer.key else replace(offer, key=number) for number, offer in numbers if number]
