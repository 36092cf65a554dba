"""Learn from what people joined how likely two matters are the same; the result scores a look-up in microseconds.

Boosted trees of four leaves, each allowed one column beside "same category", are summed into one small table per
column: a pair's log-odds are read off, added up and can be printed. (A generalised additive model; Lou, Caruana &
Gehrke 2012, "Intelligible models for classification and regression".) The probabilities are calibrated on later
matters than those learnt from.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.archive import packed, unpacked
from anlan.engines.merge_score import PAIR_COLUMNS, Floats, Pairs

if TYPE_CHECKING:
    import lightgbm

BINS: Final = 32
"""Bins per column, of equally many training pairs; a missing value has its own."""
FOLDS: Final = 4
SAME_MIN: Final = 50
"""Fewer joined pairs teach nothing that the rule set by hand does not know."""
FLAG_SHARE: Final = 0.08
_VERSION: Final = 1
_OWN: Final = 3
"""Columns that differ between the candidates of one look-up: distance, hours, similarity."""
_TREES: Final = 150


@dataclass(frozen=True, slots=True, eq=False)
class Additive:
    """Log-odds of a pair: `bias` plus one gain per column, by whether the categories are the same and by bin.

    The columns are PAIR_COLUMNS[1:] and last how often matters of the new one's category were joined, as log-odds
    (`odds_of`; "" stands for a category not learnt). `bias`: (2,), different and same category. `edges`: (9, b)
    ascending upper ends of the bins, the last infinite. `gains`: (9, 2, b + 1), the last bin for a missing value.
    """

    bias: Floats
    edges: Floats
    gains: Floats
    odds_of: Mapping[str, float]
    flag_from: float
    """The probability from which the likeliest 8 % of later pairs were flagged: what to offer from."""
    numbers: Mapping[int, float] = field(default_factory=dict)
    """`odds_of` by the numbers that the index knows categories by; see `numbered`."""

    def numbered(self, number_of: Callable[[str], int]) -> Additive:
        """This scorer for an index whose caller numbers categories so."""
        return replace(self, numbers={number_of(name): odds for name, odds in self.odds_of.items() if name})

    def __call__(self, pairs: Pairs) -> Floats:
        """Probabilities that each pair is the same, shape (n,)."""
        base = self.bias.copy()
        shared = (*pairs.of_the_query(), self.numbers.get(pairs.category, self.odds_of[""]))
        for column, value in enumerate(shared, start=_OWN):
            base += self.gains[column, :, self.edges[column].searchsorted(value)]
        same = pairs.same_category.astype(np.intp)
        odds = base.take(same)
        same *= self.gains.shape[2]
        for column, values in enumerate((pairs.distance_m, pairs.hours_apart, pairs.similarity)):
            odds += self.gains[column].take(same + self.edges[column].searchsorted(values))  # NaN sorts after infinity
        return _probability(odds)

    def scores(self, pairs: Floats, categories: Sequence[str]) -> Floats:
        """The same for rows of PAIR_COLUMNS, shape (n, 9), and n categories, from any number of look-ups."""
        same = pairs[:, 0].astype(np.intp)
        odds = self.bias.take(same)
        for column, values in enumerate(_columns(pairs, categories, self.odds_of).T):
            odds += self.gains[column, same, self.edges[column].searchsorted(values)]
        return _probability(odds)

    def to_bytes(self) -> bytes:
        """The scorer as an .npz without pickles; equal scorers give equal bytes."""
        head = {
            "version": _VERSION,
            "columns": PAIR_COLUMNS,
            "odds_of": dict(self.odds_of),
            "flag_from": self.flag_from,
        }
        return packed(head, {"bias": self.bias, "edges": self.edges, "gains": self.gains})

    @staticmethod
    def from_bytes(data: bytes) -> Additive:
        """The inverse of `to_bytes`. Raises ValueError for anything else."""
        head, arrays = unpacked(data, "duplicate scorer", _VERSION)
        if tuple(head["columns"]) != PAIR_COLUMNS:
            raise ValueError(f"a duplicate scorer for the columns {head['columns']}, not {PAIR_COLUMNS}")
        return Additive(arrays["bias"], arrays["edges"], arrays["gains"], head["odds_of"], head["flag_from"])


@dataclass(frozen=True, slots=True)
class LearnReport:
    """Figures over pairs that came later than those learnt from.

    `recall`, `precision`: when the likeliest 8 % are flagged; `by_fold`: recall of each later part in turn.
    `calibration_error`: mean gap between probability and share of same pairs, over ten bins of equally many pairs.
    """

    pairs: int
    same: int
    recall: float
    precision: float
    by_fold: tuple[float, ...]
    calibration_error: float


def learn(
    pairs: Floats, categories: Sequence[str], same: NDArray[np.bool_], seed: int, folds: int = FOLDS
) -> tuple[Additive, LearnReport]:
    """Fit on pairs in order of time: rows of PAIR_COLUMNS (n, 9), the new matters' categories (n), joined or not (n,).

    The rows are cut into folds + 1 parts in time; each part after the first is judged by a fit on all before it. The
    probabilities of these later pairs calibrate the scorer, which is then fitted on all. Raises ValueError for a wrong
    shape, fewer than 50 joined pairs, or none of them (or nothing else) in the first part.
    """
    if pairs.shape != (same.size, len(PAIR_COLUMNS)) or len(categories) != same.size:
        raise ValueError(f"pairs of shape {pairs.shape} and {len(categories)} categories for {same.size} answers")
    if int(same.sum()) < SAME_MIN:
        raise ValueError(f"{int(same.sum())} joined pairs are too few to learn from ({SAME_MIN} at least)")
    cuts = np.linspace(0, same.size, folds + 2).astype(int).tolist()
    if same[: cuts[1]].all() or not same[: cuts[1]].any():
        raise ValueError("the earliest part needs pairs that were joined and pairs that were not")
    odds = np.empty(same.size - cuts[1])
    for start, end in pairwise(cuts[1:]):
        early = _fit(pairs[:start], categories[:start], same[:start], seed)
        chances = early.scores(pairs[start:end], categories[start:end])
        odds[start - cuts[1] : end - cuts[1]] = np.log(chances) - np.log1p(-chances)
    later = same[cuts[1] :]
    slope, shift = _platt(odds, later)
    whole = _fit(pairs, categories, same, seed)
    scores = _probability(odds * slope + shift)
    flag_from = float(np.quantile(scores, 1.0 - FLAG_SHARE))
    scorer = replace(whole, bias=whole.bias * slope + shift, gains=whole.gains * slope, flag_from=flag_from)
    return scorer, _report(scores, later, [cut - cuts[1] for cut in cuts[2:-1]])


def calibration_error(scores: Floats, same: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean absolute gap between probability and share of the same, over bins of equally many pairs."""
    order = np.argsort(scores, kind="stable")
    gaps = [abs(float(scores[part].sum() - same[part].sum())) for part in np.array_split(order, bins)]
    return sum(gaps) / scores.size


def _probability(odds: Floats) -> Floats:
    scores: Floats = 1.0 / (1.0 + np.exp(-odds))
    return scores


def _columns(pairs: Floats, categories: Sequence[str], odds_of: Mapping[str, float]) -> Floats:
    """The columns of an `Additive`, shape (n, 9)."""
    odds = [odds_of.get(category, odds_of[""]) for category in categories]
    return np.column_stack([pairs[:, 1:], odds])


def _category_odds(categories: Sequence[str], same: NDArray[np.bool_]) -> dict[str, float]:
    """Log-odds of being joined per category, as if each had 20 further matters joined as often as all are."""
    seen, joined = Counter(categories), Counter(c for c, s in zip(categories, same.tolist(), strict=True) if s)
    share = float(same.mean())
    shares = {c: (joined[c] + 20 * share) / (n + 20) for c, n in sorted(seen.items())} | {"": share}
    return {category: math.log(s / (1.0 - s)) for category, s in shares.items()}


def _fit(pairs: Floats, categories: Sequence[str], same: NDArray[np.bool_], seed: int) -> Additive:
    """Uncalibrated tables."""
    odds_of = _category_odds(categories, same)
    columns = _columns(pairs, categories, odds_of)
    width = columns.shape[1]
    edges = np.full((width, BINS), np.inf)
    binned = np.empty_like(columns)
    for column, values in enumerate(columns.T):
        known = values[~np.isnan(values)]
        if known.size:
            ends = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf"))
            edges[column, : ends.size] = ends
        binned[:, column] = edges[column].searchsorted(values)
    binned[np.isnan(columns)] = np.nan
    booster = _boosted(np.column_stack([pairs[:, 0], binned]), same, seed)
    rows = np.zeros((2, width, BINS + 1, width + 1))  # every bin of one column, the others in their first bin
    rows[1, ..., 0] = 1.0
    for column in range(width):
        rows[:, column, :, column + 1] = [*range(BINS), np.nan]
    raw = np.asarray(booster.predict(rows.reshape(-1, width + 1), raw_score=True, num_threads=1)).reshape(
        rows.shape[:3]
    )
    bias = raw[:, 0, 0].copy()
    return Additive(bias, edges, (raw - bias[:, None, None]).transpose(1, 0, 2).copy(), odds_of, flag_from=1.0)


def _boosted(binned: Floats, same: NDArray[np.bool_], seed: int) -> lightgbm.Booster:
    import lightgbm  # noqa: PLC0415 - it takes a second of every start, and few starts need it

    settings = {
        "objective": "binary",
        "num_leaves": 4,
        "learning_rate": 0.05,
        "min_data_in_leaf": 20,
        "lambda_l2": 5.0,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "max_bin": BINS + 2,
        "min_data_in_bin": 1,
        "interaction_constraints": [[0, column] for column in range(1, binned.shape[1])],
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    return lightgbm.train(settings, lightgbm.Dataset(binned, same.astype(float)), _TREES)


def _platt(odds: Floats, same: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and shift of the odds with the least log loss (Platt 1999)."""
    from scipy.optimize import minimize  # noqa: PLC0415 - 0.4 s of every start; only training needs it

    def loss(line: Floats) -> float:
        fitted = line[0] * odds + line[1]
        return float((np.logaddexp(0.0, fitted) - same * fitted).mean())

    slope, shift = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x.tolist()
    return slope, shift


def _report(scores: Floats, same: NDArray[np.bool_], cuts: list[int]) -> LearnReport:
    caught, flagged = _caught(scores, same)
    parts = zip(np.split(scores, cuts), np.split(same, cuts), strict=True)
    return LearnReport(
        pairs=same.size,
        same=int(same.sum()),
        recall=caught / max(1, int(same.sum())),
        precision=caught / max(1, flagged),
        by_fold=tuple(_caught(s, y)[0] / max(1, int(y.sum())) for s, y in parts),
        calibration_error=calibration_error(scores, same),
    )


def _caught(scores: Floats, same: NDArray[np.bool_]) -> tuple[int, int]:
    """How many of the likeliest 8 % are the same, and how many these are."""
    flagged = np.argsort(-scores, kind="stable")[: int(scores.size * FLAG_SHARE)]
    return int(same[flagged].sum()), flagged.size
