"""Fitting the intake classifier: grams to TF-IDF rows, and two linear learners averaged into one weight matrix.

Ridge regression and a ridge on naive-Bayes-weighted grams (Wang & Manning 2012, "Baselines and Bigrams") err on
different messages, and both are linear: their average costs nothing at serving time. Classes are weighted by the
inverse of their size, because a small class counts as much as a large one in the macro F1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.text import GRAMS, TRIPLES_FROM, Features

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Matrix = Any
"""A `scipy.sparse.csr_matrix`."""

ROWS_OF_GRAM_MIN: Final = 2
"""A gram of a single row cannot say anything about the next one."""
VOCABULARY_MAX: Final = 150_000
"""The most frequent grams that are kept: 24 MB of weights at 40 classes."""
DAMPED = np.array([0.0, *(1.0 + math.log(count) for count in range(1, 256))], dtype=np.float32)
_SIX, _LOW_SIX = np.uint32(6), np.uint32(63)
_BIT = np.uint64(1) << np.arange(64, dtype=np.uint64)
_RIDGE: Final = 0.7
_BAYES_RIDGE: Final = 1.0
_BAYES_SMOOTHING: Final = 0.1
_TRIPLES: Final = 0.7
"""Triples and words weigh less: most repeat what their pairs say, and there are many."""


class Places:
    """Where a gram stands in a sorted vocabulary: one bit per gram and, for every 64, how many come before (Jacobson
    1989, "Space-efficient static trees and graphs"). 3 MB; twice as fast as a binary search."""

    def __init__(self, vocabulary: NDArray[np.uint32]) -> None:
        self._bits = np.zeros(GRAMS // 64, dtype=np.uint64)
        np.bitwise_or.at(self._bits, vocabulary >> _SIX, _BIT.take(vocabulary & _LOW_SIX))
        ones = np.bitwise_count(self._bits)
        self._before = ones.cumsum(dtype=np.int32) - ones

    def of(self, grams: NDArray[np.uint32]) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
        """Which grams are in the vocabulary, shape (n,), and the places of those that are."""
        words = grams >> _SIX
        bit, bits = _BIT.take(grams & _LOW_SIX), self._bits.take(words)
        known = (bits & bit) > 0
        places = self._before.take(words) + np.bitwise_count(bits & (bit - _BIT[0]))
        return known, places[known]


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Scores of a row x of TF-IDF weights are `x @ weights + bias`.

    `vocabulary`: (v,) sorted grams; `rarity`: (v,) inverse document frequencies; `weights`: (v, k); `bias`: (k,).
    """

    vocabulary: NDArray[np.uint32]
    rarity: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    _places: Places = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", Places(self.vocabulary))

    def row(self, features: Features) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Places in the vocabulary of the known grams and their weights, scaled to length one."""
        known, places = self._places.of(features.grams)
        values = DAMPED.take(features.counts[known]) * self.rarity.take(places)
        length = math.sqrt(float(values.dot(values)))
        return places, values / np.float32(length or 1.0)

    def scores(self, features: Features) -> NDArray[np.float32]:
        """One score per class, shape (k,)."""
        places, values = self.row(features)
        scores: NDArray[np.float32] = values.dot(self.weights.take(places, axis=0)) + self.bias
        return scores


def fit(rows: Sequence[Features], classes: Ints, count: int) -> Linear:
    """Fit on rows with classes 0..count-1, each with at least one row."""
    vocabulary = _vocabulary(rows)
    matrix, rarity = _matrix(rows, vocabulary)
    learners = [_ridge(matrix, classes, count), _bayes_ridge(matrix, classes, count)]
    weights = np.zeros((vocabulary.size, count))
    bias = np.zeros(count)
    for learned, offset in learners:
        scores = matrix @ learned + offset
        spread = float(scores.std()) or 1.0
        weights += learned / spread
        bias += (offset - scores.mean()) / spread
    return Linear(vocabulary, rarity, (weights / 2).astype(np.float32), (bias / 2).astype(np.float32))


def _vocabulary(rows: Sequence[Features]) -> NDArray[np.uint32]:
    grams, seen = np.unique(np.concatenate([row.grams for row in rows]), return_counts=True)
    grams, seen = grams[seen >= ROWS_OF_GRAM_MIN], seen[seen >= ROWS_OF_GRAM_MIN]
    if grams.size == 0:
        raise ValueError("no two texts share a single character or word: nothing can be learnt")
    if grams.size > VOCABULARY_MAX:
        grams = np.sort(grams[np.argsort(-seen, kind="stable")[:VOCABULARY_MAX]])
    kept: NDArray[np.uint32] = grams
    return kept


def _matrix(rows: Sequence[Features], vocabulary: NDArray[np.uint32]) -> tuple[Matrix, NDArray[np.float32]]:
    """TF-IDF rows of length one, shape (n, v), and the inverse document frequencies."""
    from scipy import sparse  # noqa: PLC0415 - 0.4 s of every start; only training needs it

    grams = np.concatenate([row.grams for row in rows])
    values = DAMPED[np.concatenate([row.counts for row in rows])].astype(np.float64)
    lines = np.repeat(np.arange(len(rows)), [row.grams.size for row in rows])
    places = np.minimum(vocabulary.searchsorted(grams), vocabulary.size - 1)
    known = vocabulary[places] == grams
    lines, places, values = lines[known], places[known], values[known]
    seen = np.bincount(places, minlength=vocabulary.size)
    rarity = np.log((1.0 + len(rows)) / (1.0 + seen)) + 1.0
    rarity[vocabulary >= TRIPLES_FROM] *= _TRIPLES
    values *= rarity[places]
    lengths = np.sqrt(np.bincount(lines, weights=values**2, minlength=len(rows)))
    values /= lengths[lines]
    matrix = sparse.csr_matrix((values, (lines, places)), shape=(len(rows), vocabulary.size))
    return matrix, rarity.astype(np.float32)


def _class_weights(classes: Ints, count: int) -> Floats:
    sizes = np.bincount(classes, minlength=count)
    weights: Floats = classes.size / (count * sizes)
    return weights


def _one_against_rest(classes: Ints, count: int) -> Floats:
    targets: Floats = np.where(classes[:, None] == np.arange(count), 1.0, -1.0)
    return targets


def _ridge(matrix: Matrix, classes: Ints, count: int) -> tuple[Floats, Floats]:
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - half a second of every start; only training needs it

    model = Ridge(alpha=_RIDGE, solver="sparse_cg", tol=1e-3)
    model.fit(matrix, _one_against_rest(classes, count), sample_weight=_class_weights(classes, count)[classes])
    return model.coef_.T, model.intercept_


def _bayes_ridge(matrix: Matrix, classes: Ints, count: int) -> tuple[Floats, Floats]:
    """Ridge after scaling each gram by its log-odds for the class."""
    from scipy import sparse  # noqa: PLC0415 - as above
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - as above

    targets = _one_against_rest(classes, count)
    sums = targets.clip(0).T @ matrix + _BAYES_SMOOTHING
    rest = (sums - _BAYES_SMOOTHING).sum(axis=0) - sums + 2 * _BAYES_SMOOTHING
    odds = np.log(sums / sums.sum(axis=1, keepdims=True)) - np.log(rest / rest.sum(axis=1, keepdims=True))
    weights, bias = np.zeros((matrix.shape[1], count)), np.zeros(count)
    for label in range(count):
        own = classes == label
        balance = np.where(own, own.size / (2 * own.sum()), own.size / (2 * max(1, (~own).sum())))
        model = Ridge(alpha=_BAYES_RIDGE, solver="sparse_cg", tol=1e-3)
        model.fit(matrix @ sparse.diags(odds[label]), targets[:, label], sample_weight=balance)
        weights[:, label] = model.coef_ * odds[label]
        bias[label] = model.intercept_
    return weights, bias
