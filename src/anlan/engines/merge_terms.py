"""The words of every open matter: its heaviest grams, how rare they are in the city, and how alike two texts are.

A look-up compares a text with some hundred others, and nearly all its time goes into reading memory. So a term is
one number (gram and weight), the table has a fixed stride, a small sieve stands before the scratch table, and the
arrays a look-up fills are made once; they must not be shared between threads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.merge_store import Slots
from anlan.engines.text import GRAMS, Features

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
WEIGHT_MAX: Final = 255
"""A stored weight is a byte: a cosine is off by about 0.001."""
_TWO, _BYTE = np.uint32(2), np.uint32(24)
_GRAM, _DOOR = np.uint32(GRAMS - 1), np.uint32((1 << SIEVE_BITS) - 1)
_KNUTH, _FOLD = np.uint32(2654435769), np.uint32(32 - FOLD_BITS)
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
        self._terms = np.zeros((slots, TERMS), dtype=np.uint32)  # weight, then gram; 0 is none
        self._scratch = np.zeros(1 << FOLD_BITS, dtype=np.float32)
        self._sieve = np.zeros(1 << SIEVE_BITS, dtype=np.bool_)
        self._desk(256)

    def _desk(self, rows: int) -> None:
        """Room for the working arrays of a look-up: new ones each time cost as much as the look-up."""
        self._theirs = np.empty((rows, TERMS), dtype=np.uint32)
        self._entries = np.empty((rows, TERMS), dtype=np.intp)
        self._passed = np.empty((rows, TERMS), dtype=np.bool_)

    def grow(self, slots: int) -> None:
        """Make room for `slots` in all."""
        more = slots - len(self._terms)
        self._terms = np.concatenate([self._terms, np.zeros((more, TERMS), dtype=np.uint32)])

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
        self._terms[slot, : terms[0].size] = _packed(*terms)

    def of(self, slot: int) -> Terms:
        """The terms of a slot."""
        terms = self._terms[slot]
        return _unpacked(terms[terms > 0])

    def clear(self, slot: int) -> None:
        """Forget the terms of a slot."""
        self._terms[slot] = 0

    def cosines(self, slots: Slots, terms: Terms) -> NDArray[np.float64]:
        """How alike the texts of `slots` are to `terms`, 0..1: every gram of theirs is looked up in a table that holds
        our weights for the moment."""
        n = slots.size
        if n > len(self._theirs):
            self._desk(n)
        where, doors = _fold(terms[0]), terms[0] & _DOOR
        self._scratch[where], self._sieve[doors] = terms[1], True
        theirs = self._terms.take(slots, axis=0, out=self._theirs[:n], mode="clip")  # "clip": straight into `out`
        entries = np.bitwise_and(theirs, _DOOR, out=self._entries[:n])
        passed = self._sieve.take(entries, out=self._passed[:n], mode="clip").reshape(-1).nonzero()[0]
        grams, weights = _unpacked(theirs.reshape(-1).take(passed))
        weights *= self._scratch.take(_fold(grams))
        self._scratch[where], self._sieve[doors] = 0.0, False
        return np.minimum(np.bincount(passed // TERMS, weights, n), 1.0)

    def shared(self, slot: int, grams: Grams) -> NDArray[np.intp]:
        """Which of `grams` the text of a slot has too, by their places in `grams`."""
        where = _fold(self.of(slot)[0])
        self._scratch[where] = 1.0
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
        kept = np.zeros((sizes.size, TERMS), dtype=np.uint32)
        heavy = np.zeros((sizes.size, TERMS), dtype=np.float32)
        for size in np.unique(sizes).tolist():  # texts of one size are ranked together, each as `heaviest` would
            rows = (sizes == size).nonzero()[0]
            spots = starts[rows][:, None] + np.arange(size)
            if size > TERMS:
                keep = weights[spots].argpartition(size - TERMS, axis=1)[:, size - TERMS :]
                spots = np.take_along_axis(spots, keep, axis=1)
            kept[rows, : spots.shape[1]] = grams[spots]
            heavy[rows, : spots.shape[1]] = weights[spots]
        heavy /= np.sqrt(np.maximum(np.einsum("ij,ij->i", heavy, heavy), 1e-12))[:, None]
        filled = heavy > 0
        slots, grams = (filled.nonzero()[0] + first).astype(np.int32), kept[filled]
        self._terms[first : first + sizes.size][filled] = _packed(grams, heavy[filled])
        return slots, grams


def _wide(rows: Sequence[Features]) -> tuple[Grams, NDArray[np.uint8], NDArray[np.int64]]:
    """The pairs, triples and words of many texts in one array, their counts, and how many each text has."""
    wide = [row.wide for row in rows]
    counts = [row.counts[row.counts.size - grams.size :] for row, grams in zip(rows, wide, strict=True)]
    return np.concatenate(wide), np.concatenate(counts), np.array([grams.size for grams in wide])


def _fold(grams: Grams) -> Grams:
    """Entries of the scratch table (multiplicative hashing, Knuth 6.4)."""
    return (grams * _KNUTH) >> _FOLD


def _packed(grams: Grams, weights: Weights) -> NDArray[np.uint32]:
    """A gram and its weight of 0..1 in one number above 0. What rounding takes from one weight the next one gets: many
    are equal, and their errors would add up."""
    upto = np.rint((weights * WEIGHT_MAX).cumsum(dtype=np.float64))
    upto[1:] -= upto[:-1].copy()
    packed: NDArray[np.uint32] = np.maximum(upto, 1.0).astype(np.uint32) << _BYTE
    packed |= grams
    return packed


def _unpacked(terms: NDArray[np.uint32]) -> Terms:
    return terms & _GRAM, (terms >> _BYTE) * np.float32(1 / WEIGHT_MAX)
