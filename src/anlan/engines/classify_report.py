"""How good is the classifier? Scores of rows it has not seen, stratified folds, and the figures made from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.classify_fit import Floats, Ints, fit
from anlan.engines.text import Features

SURE_ACCURACY: Final = 0.93
"""The accuracy that answers above the threshold must reach on unseen rows."""


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Figures of one class; `rows` is its size."""

    precision: float
    recall: float
    f1: float
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Figures over all rows, each predicted by a model that has not seen it.

    `coverage_at_093`: the share of rows above the threshold that gives 0.93 accuracy. `confusion`: (k, k) counts, truth
    down, prediction across, in the order of `labels`. `calibration_error`: mean absolute gap between probability and
    accuracy over ten bins, weighted by rows.
    """

    labels: tuple[str, ...]
    macro_f1: float
    accuracy: float
    top3_accuracy: float
    coverage_at_093: float
    threshold: float
    temperature: float
    calibration_error: float
    per_class: dict[str, ClassFigures]
    confusion: Ints


def folds_of(classes: Ints, labels: Sequence[str], folds: int, seed: int) -> Ints:
    """A fold 0..folds-1 for each row; classes are spread evenly. ValueError for a class with fewer rows than folds."""
    if folds < 2:
        raise ValueError("cross-validation needs at least 2 folds")
    sizes = np.bincount(classes, minlength=len(labels))
    small = [f"{label} ({size})" for label, size in zip(labels, sizes, strict=True) if size < folds]
    if small:
        raise ValueError(f"labels with fewer rows than {folds} folds: {', '.join(small)}")
    order = np.random.default_rng(seed).permutation(classes.size)
    order = order[classes[order].argsort(kind="stable")]
    fold = np.empty(classes.size, dtype=np.int64)
    fold[order] = np.arange(classes.size) % folds
    return fold


def unseen_scores(rows: Sequence[Features], classes: Ints, count: int, fold: Ints) -> Floats:
    """Scores (n, count) of each row by a model fitted on the other folds."""
    scores = np.zeros((len(rows), count))
    for held in range(int(fold.max()) + 1):
        inside = (fold != held).nonzero()[0]
        model = fit([rows[i] for i in inside], classes[inside], count)
        for i in (fold == held).nonzero()[0]:
            scores[i] = model.scores(rows[i])
    return scores


def probabilities(scores: NDArray[np.floating], temperature: float) -> Floats:
    """Softmax of scores / temperature along the last axis."""
    heat = scores / temperature
    powers = np.exp(heat - heat.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def fit_temperature(scores: Floats, classes: Ints) -> float:
    """The temperature with the least log loss (Guo et al. 2017, "On calibration of modern neural networks")."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - 0.4 s of every start; only training needs it

    def loss(log_temperature: float) -> float:
        shares = probabilities(scores, float(np.exp(log_temperature)))
        return float(-np.log(shares[np.arange(classes.size), classes] + 1e-12).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-6.0, 3.0), method="bounded").x))


def sure_threshold(shares: Floats, classes: Ints, accuracy: float = SURE_ACCURACY) -> tuple[float, float]:
    """The threshold on the top probability that keeps most rows at the wanted accuracy, and the share it keeps.

    Where no threshold reaches it: (1.01, 0.0), that is, never sure.
    """
    top = shares.max(axis=1)
    order = np.argsort(-top, kind="stable")
    right = (shares.argmax(axis=1) == classes)[order].cumsum() / np.arange(1, classes.size + 1)
    enough = (right >= accuracy).nonzero()[0]
    if enough.size == 0:
        return 1.01, 0.0
    last = int(enough[-1])
    return float(top[order[last]]), (last + 1) / classes.size


def report_of(scores: Floats, classes: Ints, labels: Sequence[str]) -> Report:
    """The figures of unseen scores (n, k) against the truth (n,)."""
    temperature = fit_temperature(scores, classes)
    shares = probabilities(scores, temperature)
    guess = shares.argmax(axis=1)
    count = len(labels)
    confusion = np.bincount(classes * count + guess, minlength=count * count).reshape(count, count)
    hits = np.diag(confusion)
    precision = hits / np.maximum(confusion.sum(axis=0), 1)
    recall = hits / np.maximum(confusion.sum(axis=1), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    threshold, coverage = sure_threshold(shares, classes)
    top3 = np.argsort(-scores, axis=1)[:, :3]
    figures = zip(labels, precision.tolist(), recall.tolist(), f1.tolist(), confusion.sum(axis=1).tolist(), strict=True)
    return Report(
        labels=tuple(labels),
        macro_f1=float(f1.mean()),
        accuracy=float((guess == classes).mean()),
        top3_accuracy=float((top3 == classes[:, None]).any(axis=1).mean()),
        coverage_at_093=coverage,
        threshold=threshold,
        temperature=temperature,
        calibration_error=_calibration_error(shares.max(axis=1), guess == classes),
        per_class={label: ClassFigures(*rest) for label, *rest in figures},
        confusion=confusion,
    )


def _calibration_error(top: Floats, right: NDArray[np.bool_]) -> float:
    bins = np.minimum((top * 10).astype(np.int64), 9)
    gaps = np.bincount(bins, weights=top, minlength=10) - np.bincount(bins, weights=right, minlength=10)
    return float(np.abs(gaps).sum() / top.size)
