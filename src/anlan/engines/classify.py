"""The intake classifier: which category is this message? Three guesses with probabilities and reasons, or "not sure".

It reads the same feature row as search and the duplicate finder (single characters, pairs, triples and words of the
title and the first 200 characters), so a message is tokenised once. It never decides alone: below the threshold that
reached 0.93 accuracy on unseen rows it says so, and a person chooses.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.classify_fit import Ints, Linear, fit
from anlan.engines.classify_report import Report, folds_of, probabilities, report_of, unseen_scores
from anlan.engines.text import PAIRS_FROM, Features, features, gram_positions

GUESSES: Final = 3
WHY_MAX: Final = 3
FOLDS: Final = 5
_VERSION: Final = 1

Message = str | tuple[str, str] | Features
"""A text (its first line is the title when there are more), a title and a text, or the features of both."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One category with its probability and the words that speak most for it."""

    label: str
    probability: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """At most three guesses, likeliest first; `sure` is False where a person should choose."""

    guesses: tuple[Guess, ...]
    sure: bool


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A trained classifier. `threshold`: top probability from which it is sure; `temperature` makes probabilities."""

    labels: tuple[str, ...]
    linear: Linear
    temperature: float
    threshold: float

    def predict(self, message: Message, *, explain: bool = True) -> Prediction:
        """The likeliest categories. A message without one known gram gets the classes' order and is never sure.

        Without `explain` the telling words are left out: half of the time, where nobody reads them.
        """
        row = as_features(message)
        places, values = self.linear.row(row)
        picked = self.linear.weights.take(places, axis=0)
        shares = probabilities(values.dot(picked) + self.linear.bias, self.temperature)
        best = (-shares).argsort(kind="stable")[:GUESSES]
        reasons: Sequence[tuple[str, ...]] = [()] * best.size
        if explain:
            gains = values[:, None] * (picked[:, best] - picked.mean(axis=1, keepdims=True))
            reasons = _why(row, self.linear.vocabulary[places], gains)
        guesses = tuple(
            Guess(self.labels[i], share, why)
            for i, share, why in zip(best.tolist(), shares.take(best).tolist(), reasons, strict=True)
        )
        return Prediction(guesses, places.size > 0 and guesses[0].probability >= self.threshold)

    def to_bytes(self) -> bytes:
        """The model as an .npz without pickles; equal models give equal bytes."""
        head = {
            "version": _VERSION,
            "labels": self.labels,
            "temperature": self.temperature,
            "threshold": self.threshold,
        }
        arrays: dict[str, NDArray[np.generic]] = {
            "head": np.frombuffer(json.dumps(head, ensure_ascii=True).encode(), dtype=np.uint8),
            "vocabulary": self.linear.vocabulary,
            "rarity": self.linear.rarity,
            "weights": self.linear.weights,
            "bias": self.linear.bias,
        }
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980-01-01, so that bytes do not depend on the clock
                entry.compress_type = zipfile.ZIP_DEFLATED
                body = io.BytesIO()
                np.lib.format.write_array(body, array, allow_pickle=False)
                archive.writestr(entry, body.getvalue(), compresslevel=1)
        return target.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> Model:
        """The inverse of `to_bytes`. Raises ValueError for anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                head = json.loads(arrays["head"].tobytes())
                parts = [arrays[name] for name in ("vocabulary", "rarity", "weights", "bias")]
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"not a classifier: {error}") from error
        if head.get("version") != _VERSION:
            raise ValueError(f"classifier version {head.get('version')}, this code reads {_VERSION}")
        if parts[2].shape != (parts[0].size, len(head["labels"])):
            raise ValueError("the weights do not fit the vocabulary and the labels")
        return Model(tuple(head["labels"]), Linear(*parts), head["temperature"], head["threshold"])


def train(texts: Sequence[Message], labels: Sequence[str], seed: int, folds: int = FOLDS) -> Model:
    """Fit on labelled messages; temperature and threshold come from rows that the fold's model has not seen.

    Raises ValueError for unequal lengths, fewer than two labels, or a label with fewer rows than folds.
    """
    rows, classes, names = _checked(texts, labels)
    fold = folds_of(classes, names, folds, seed)
    report = report_of(unseen_scores(rows, classes, len(names), fold, seed), classes, names)
    return Model(names, fit(rows, classes, len(names), seed), report.temperature, report.threshold)


def cross_validate(texts: Sequence[Message], labels: Sequence[str], folds: int = FOLDS, seed: int = 0) -> Report:
    """The figures of stratified cross-validation. Raises ValueError as `train` does."""
    rows, classes, names = _checked(texts, labels)
    fold = folds_of(classes, names, folds, seed)
    return report_of(unseen_scores(rows, classes, len(names), fold, seed), classes, names)


def as_features(message: Message) -> Features:
    """The feature row of a message in any of its three forms."""
    if isinstance(message, Features):
        return message
    if isinstance(message, tuple):
        return features(*message)
    title, _, text = message.strip().partition("\n")
    return features(title, text) if text else features("", title)


def _checked(texts: Sequence[Message], labels: Sequence[str]) -> tuple[list[Features], Ints, tuple[str, ...]]:
    if len(texts) != len(labels):
        raise ValueError(f"{len(texts)} texts but {len(labels)} labels")
    names = tuple(sorted(set(labels)))
    if len(names) < 2:
        raise ValueError("a classifier needs at least two labels")
    place = {name: i for i, name in enumerate(names)}
    rows = [as_features(text) for text in texts]
    empty = [i for i, row in enumerate(rows) if row.grams.size == 0]
    if len(empty) == len(rows):
        raise ValueError("no text has a letter, a digit or a Chinese character")
    return rows, np.array([place[label] for label in labels], dtype=np.int64), names


def _why(row: Features, grams: NDArray[np.uint32], gains: NDArray[np.float32]) -> list[tuple[str, ...]]:
    """For each guess (a column of `gains`) the words with the largest gain, none inside another."""
    if not row.text or not grams.size:
        return [()] * gains.shape[1]
    spots, starts, lengths = gram_positions(row.text)
    reasons = []
    for column in gains.T:
        words: list[str] = []
        for i in np.argsort(-column, kind="stable")[: 4 * WHY_MAX].tolist():
            if column[i] <= 0 or len(words) == WHY_MAX:
                break
            if grams[i] < PAIRS_FROM:
                continue  # a single character explains nothing to a reader
            spot = int((spots == grams[i]).argmax())
            word = row.text[starts[spot] : starts[spot] + lengths[spot]]
            if not any(word in other or other in word for other in words):
                words.append(word)
        reasons.append(tuple(words))
    return reasons
