"""The words of every open matter: its heaviest grams, how rare they are in the city, and how alike two texts are.

A look-up compares a text with some two hundred others, and nearly all its time goes into reading memory. So the table
has a fixed stride, a small sieve stands before the scratch table, and the arrays a look-up fills are made once; they
must not be shared between threads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.merge_store import Slots
from anlan.engines.text import Features

Grams = NDArray[np.uint32]
Weights = NDArray[np.float32]
Terms = tuple[Grams, Weights]
"""The grams kept of a text, in no order, and their weights: together of length one."""

TERMS: Final = 64
"""Grams kept per matter, the heaviest: more adds memory and, measured on real messages, no accuracy."""
FREQUENCY_BITS: Final = 22
FOLD_BITS: Final = 19
"""The scratch table of a look-up has 2**19 entries: two grams rarely share one."""
SIEVE_BITS: Final = 16
"""The sieve before it is 64 kB, which stay in the processor's cache; one gram in a thousand passes it wrongly."""
BATCH: Final = 10_000
"""Rows per step of a rebuild, to bound its memory."""
_TWO = np.uint32(2)
_KNUTH, _FOLD, _SIEVE = np.uint32(2654435769), np.uint32(32 - FOLD_BITS), np.uint32(32 - SIEVE_BITS)
_DAMPED = np.array([0.0, *(1.0 + math.log(count) for count in range(1, 256))], dtype=np.float32)


class Frequencies:
    """In how many texts a gram was seen. It describes the language, not the open matters: nothing is taken back."""

    def __init__(self) -> None:
        self.seen = np.zeros(1 << FREQUENCY_BITS, dtype=np.int32)
        self.texts = 0

    def learn(self, grams: Grams) -> None:
        """Count one text's unique grams."""
        self.seen[grams >> _TWO] += 1
        self.texts += 1

    def learn_many(self, grams: Grams, texts: int) -> None:
        """Count the concatenated unique grams of `texts` texts."""
        np.add.at(self.seen, (grams >> _TWO).astype(np.intp), np.int32(1))  # with these types `at` takes its fast path
        self.texts += texts

    def rarity(self, grams: Grams) -> Weights:
        """Inverse document frequency, natural logarithm, as if 200 further texts had none of these grams."""
        counts = self.seen.take(grams >> _TWO)
        rarity: Weights = np.log((self.texts + 200.0) / (counts + 1.0)).astype(np.float32)
        return rarity

    def rarity_of_many(self, grams: Grams) -> Weights:
        """The same for more grams than there are texts: one logarithm for each count that occurs."""
        counts = self.seen.take(grams >> _TWO)
        each = np.arange(1.0, int(counts.max(initial=0)) + 2.0)
        return np.log((self.texts + 200.0) / each).astype(np.float32).take(counts)


class TermTable:
    """The terms of each slot, and the language they are written in."""

    def __init__(self, slots: int) -> None:
        self.frequencies = Frequencies()
        self._grams = np.zeros((slots, TERMS), dtype=np.uint32)
        self._weights = np.zeros((slots, TERMS), dtype=np.float32)
        self._scratch = np.zeros(1 << FOLD_BITS, dtype=np.float32)
        self._sieve = np.zeros(1 << SIEVE_BITS, dtype=np.bool_)
        self._desk(256)

    def _desk(self, rows: int) -> None:
        """Room for the working arrays of a look-up: new ones each time cost as much as the look-up."""
        self._their_grams = np.empty((rows, TERMS), dtype=np.uint32)
        self._their_weights = np.empty((rows, TERMS), dtype=np.float32)
        self._entries = np.empty((rows, TERMS), dtype=np.intp)
        self._passed = np.empty((rows, TERMS), dtype=np.bool_)
        self._ours = np.zeros((rows, TERMS), dtype=np.float32)

    def grow(self, slots: int) -> None:
        """Make room for `slots` in all."""
        more = slots - len(self._grams)
        self._grams = np.concatenate([self._grams, np.zeros((more, TERMS), dtype=np.uint32)])
        self._weights = np.concatenate([self._weights, np.zeros((more, TERMS), dtype=np.float32)])

    def heaviest(self, features: Features) -> Terms:
        """The heaviest grams of a text by (1 + ln count) x rarity."""
        grams = features.wide
        counts = features.counts[features.counts.size - grams.size :]
        weights = _DAMPED.take(counts) * self.frequencies.rarity(grams)
        if grams.size > TERMS:
            keep = weights.argpartition(grams.size - TERMS)[grams.size - TERMS :]
            grams, weights = grams.take(keep), weights.take(keep)
        length = math.sqrt(float(weights.dot(weights)))
        return grams, weights / np.float32(length or 1.0)

    def write(self, slot: int, terms: Terms) -> None:
        """Keep the terms of a slot that has none."""
        grams, weights = terms
        self._grams[slot, : grams.size] = grams
        self._weights[slot, : grams.size] = weights

    def of(self, slot: int) -> Terms:
        """The terms of a slot."""
        filled = self._weights[slot] > 0
        return self._grams[slot][filled], self._weights[slot][filled]

    def clear(self, slot: int) -> None:
        """Forget the terms of a slot."""
        self._weights[slot] = 0

    def cosines(self, slots: Slots, terms: Terms) -> NDArray[np.float64]:
        """How alike the texts of `slots` are to `terms`, 0..1: every gram of theirs is looked up in a table that holds
        our weights for the moment."""
        n = slots.size
        if n > len(self._ours):
            self._desk(n)
        mixed = terms[0] * _KNUTH
        where, doors = mixed >> _FOLD, mixed >> _SIEVE
        self._scratch[where], self._sieve[doors] = terms[1], True
        theirs = self._grams.take(slots, axis=0, out=self._their_grams[:n], mode="clip")  # "clip": straight into `out`
        theirs *= _KNUTH
        entries = np.right_shift(theirs, _SIEVE, out=self._entries[:n])
        passed = self._sieve.take(entries, out=self._passed[:n], mode="clip").reshape(-1).nonzero()[0]
        ours = self._ours[:n].reshape(-1)
        ours[passed] = self._scratch.take(theirs.reshape(-1).take(passed) >> _FOLD)
        weights = self._weights.take(slots, axis=0, out=self._their_weights[:n], mode="clip")
        cosines: NDArray[np.float64] = np.einsum("ij,ij->i", self._ours[:n], weights).astype(np.float64)
        ours[passed], self._scratch[where], self._sieve[doors] = 0.0, 0.0, False
        return np.minimum(cosines, 1.0, out=cosines)

    def shared(self, slot: int, grams: Grams) -> NDArray[np.intp]:
        """Which of `grams` the text of a slot has too, by their places in `grams`."""
        where = _fold(self._grams[slot])
        self._scratch[where] = self._weights[slot]
        hit = (self._scratch.take(_fold(grams)) > 0).nonzero()[0]
        self._scratch[where] = 0.0
        return hit

    def fill(self, rows: Sequence[Features]) -> Iterator[tuple[Slots, Grams]]:
        """Learn and write the texts of slots 0, 1, 2 ...; answers their postings, oldest slot first in each batch but
        the newest batch first."""
        starts = range(0, len(rows), BATCH)
        for start in starts:
            grams, _, sizes = _wide(rows[start : start + BATCH])
            self.frequencies.learn_many(grams, len(sizes))
        for start in reversed(starts):
            yield self._fill_batch(start, *_wide(rows[start : start + BATCH]))

    def _fill_batch(
        self, first: int, grams: Grams, counts: NDArray[np.uint8], sizes: NDArray[np.int64]
    ) -> tuple[Slots, Grams]:
        weights = _DAMPED.take(counts) * self.frequencies.rarity_of_many(grams)
        starts = sizes.cumsum() - sizes
        for size in np.unique(sizes).tolist():  # texts of one size are ranked together, each as `heaviest` would
            rows = (sizes == size).nonzero()[0]
            spots = starts[rows][:, None] + np.arange(size)
            if size > TERMS:
                keep = weights[spots].argpartition(size - TERMS, axis=1)[:, size - TERMS :]
                spots = np.take_along_axis(spots, keep, axis=1)
            self._grams[first + rows, : spots.shape[1]] = grams[spots]
            self._weights[first + rows, : spots.shape[1]] = weights[spots]
        written = self._weights[first : first + sizes.size]
        written /= np.sqrt(np.maximum(np.einsum("ij,ij->i", written, written), 1e-12))[:, None]
        filled = written > 0
        slots = (filled.nonzero()[0] + first).astype(np.int32)
        return slots, self._grams[first : first + sizes.size][filled]


def _wide(rows: Sequence[Features]) -> tuple[Grams, NDArray[np.uint8], NDArray[np.int64]]:
    """The pairs, triples and words of many texts in one array, their counts, and how many each text has."""
    wide = [row.wide for row in rows]
    counts = [row.counts[row.counts.size - grams.size :] for row, grams in zip(rows, wide, strict=True)]
    return np.concatenate(wide), np.concatenate(counts), np.array([grams.size for grams in wide])


def _fold(grams: Grams) -> Grams:
    """Entries of the scratch table (multiplicative hashing, Knuth 6.4)."""
    return (grams * _KNUTH) >> _FOLD
