"""The arrays under the duplicate finder: which slots share a rare gram, which lie near a place. No scoring here.

Everything has a fixed stride, so that a look-up is a handful of array operations whatever the number of open matters,
and one hot gram or address can never grow a list without end: the newest win. Slots are small integers given by the
caller; 0 is an empty entry in the tables, so slot + 1 is stored.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.int32]

POSTING_BITS: Final = 19
POSTING_STRIDE: Final = 16
"""A gram leads to at most its 16 newest matters. A hot topic is still found: its members share many grams."""
CELL_M: Final = 250.0
CELL_STRIDE: Final = 64
HOT_ADDRESS: Final = 32
"""So many open matters on one address say nothing about each other by place; more stay off the grid, to leave room."""
WEEK_MINUTES: Final = 10_080
METRES_PER_DEGREE: Final = 111_320.0
_ROW_SHIFT = np.uint32(24 - POSTING_BITS)
_AROUND = [(east, north) for east in (-1, 0, 1) for north in (-1, 0, 1)]


class Arrivals:
    """How many matters of a category arrive per day lately."""

    def __init__(self) -> None:
        self._weights: dict[int, tuple[float, int]] = {}

    def per_day(self, category: int, at_minute: int) -> float:
        """Arrivals per day, those of a week ago weighing 1/e."""
        weight, last = self._weights.get(category, (0.0, at_minute))
        return weight * math.exp(-max(0, at_minute - last) / WEEK_MINUTES) / 7.0

    def add(self, category: int, at_minute: int) -> None:
        """Count one arrival; `at_minute` need not be in order."""
        weight, before = self._weights.get(category, (0.0, at_minute))
        last = max(at_minute, before)
        self._weights[category] = (weight * math.exp((before - last) / WEEK_MINUTES) + 1.0, last)


class Postings:
    """For each gram (hashed to 2**19 rows) the newest 16 slots that carry it."""

    def __init__(self) -> None:
        self.rows = np.zeros((1 << POSTING_BITS, POSTING_STRIDE), dtype=np.int32)

    @staticmethod
    def row_of(grams: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The table row of each gram; neighbouring grams do not share one."""
        return grams >> _ROW_SHIFT

    def add(self, slot: int, grams: NDArray[np.uint32], age: NDArray[np.int64]) -> None:
        """Write `slot` over the empty or oldest entry of each gram's row. `age[slot + 1]` grows with time."""
        where = self.row_of(grams)
        oldest = age.take(self.rows.take(where, axis=0)).argmin(axis=1)
        self.rows[where, oldest] = slot + 1

    def remove(self, slot: int, grams: NDArray[np.uint32]) -> None:
        """Take `slot` out of each gram's row."""
        where = self.row_of(grams)
        rows = self.rows[where]
        rows[rows == slot + 1] = 0
        self.rows[where] = rows

    def fill_older(self, slots: Slots, grams: NDArray[np.uint32]) -> None:
        """Append entries that are older than all in the table; parallel arrays, oldest first; a full row takes none."""
        packed = (self.row_of(grams).astype(np.uint64) << np.uint64(40)) | np.arange(grams.size, dtype=np.uint64)
        packed.sort()  # by row, then age; several times faster than a stable argsort
        order = (packed & np.uint64((1 << 40) - 1)).astype(np.intp)
        where = (packed >> np.uint64(40)).astype(np.intp)
        firsts = _first_of_each(where, True)
        ends = np.append(firsts[1:], where.size)
        taken = np.count_nonzero(self.rows[where[firsts]], axis=1)
        column = np.repeat(taken + ends, ends - firsts) - np.arange(1, where.size + 1)  # the newest comes first
        keep = column < POSTING_STRIDE
        self.rows[where[keep], column[keep]] = slots[order[keep]] + 1

    def sharing(self, grams: NDArray[np.uint32], limit: int) -> Slots:
        """At most `limit` slots that share most of `grams`, most first."""
        found = self.rows.take(self.row_of(grams), axis=0).reshape(-1)
        found.sort()
        firsts = _first_of_each(found, found[:1] > 0)  # the empty entries come first and are none
        slots: Slots = found[firsts] - 1
        if slots.size > limit:
            minus_counts = firsts.copy()
            minus_counts[:-1] -= firsts[1:]
            minus_counts[-1] -= found.size
            slots = slots[minus_counts.argpartition(limit)[:limit]]
        return slots


class PlaceGrid:
    """The newest 64 slots in each cell of about 250 m, and how many slots stand on one address (11 m)."""

    def __init__(self) -> None:
        self._row_of: dict[tuple[int, int], int] = {}
        self._rows = np.zeros((64, CELL_STRIDE), dtype=np.int32)
        self._counts: list[int] = []
        self._at_address: dict[tuple[int, int], int] = {}
        self._east = 0.0  # metres per degree of longitude, fixed by the first place

    def _cell(self, lon: float, lat: float) -> tuple[int, int]:
        if not self._east:
            self._east = METRES_PER_DEGREE * max(0.1, math.cos(math.radians(lat)))
        return math.floor(lon * self._east / CELL_M), math.floor(lat * METRES_PER_DEGREE / CELL_M)

    def is_hot(self, lon: float, lat: float) -> bool:
        """Do too many slots stand on this address for it to mean anything?"""
        return self._at_address.get(_address(lon, lat), 0) >= HOT_ADDRESS

    def add(self, slot: int, lon: float, lat: float) -> None:
        """Put a slot on the grid; a full cell forgets its oldest, a hot address is only counted."""
        address = _address(lon, lat)
        here = self._at_address.get(address, 0)
        self._at_address[address] = here + 1
        if here >= HOT_ADDRESS:
            return
        row = self._row_of.setdefault(self._cell(lon, lat), len(self._counts))
        if row == len(self._counts):
            self._counts.append(0)
            if row == len(self._rows):
                self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        count = self._counts[row]
        cell = self._rows[row]
        if count == CELL_STRIDE:
            cell[:-1] = cell[1:]
            count -= 1
        cell[count] = slot + 1
        self._counts[row] = count + 1

    def remove(self, slot: int, lon: float, lat: float) -> None:
        """Take a slot off the grid."""
        row = self._row_of.get(self._cell(lon, lat))
        if row is not None:
            cell = self._rows[row]
            kept = cell[(cell != slot + 1) & (cell != 0)]
            cell[: kept.size] = kept
            cell[kept.size :] = 0
            self._counts[row] = int(kept.size)
        address = _address(lon, lat)
        left = self._at_address[address] - 1
        if left:
            self._at_address[address] = left
        else:
            del self._at_address[address]

    def near(self, lon: float, lat: float) -> Slots:
        """The slots in the 3 by 3 cells around a place, in no order."""
        if not self._counts:
            return np.zeros(0, dtype=np.int32)
        east, north = self._cell(lon, lat)
        around = [self._row_of.get((east + dx, north + dy), -1) for dx, dy in _AROUND]
        found = self._rows[[row for row in around if row >= 0]].reshape(-1)
        slots: Slots = found[found > 0] - 1
        return slots


def union(some: Slots, others: Slots) -> Slots:
    """The slots of both, sorted, each once; like `np.union1d` at a third of its time."""
    both = np.concatenate((some, others))
    both.sort()
    return both[_first_of_each(both, True)]


def _first_of_each(ordered: NDArray[np.integer], first: bool | NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where a new value begins in a sorted array; `first`: does one begin at its start?"""
    fresh = np.empty(ordered.size, dtype=np.bool_)
    fresh[:1] = first
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return fresh.nonzero()[0]


def _address(lon: float, lat: float) -> tuple[int, int]:
    return round(lon * 1e4), round(lat * 1e4)
