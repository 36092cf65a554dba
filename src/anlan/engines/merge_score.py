"""How likely are two matters the same? Columns of a pair, and two scorers: a logistic rule and trained trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import lightgbm

Floats = NDArray[np.float64]

PAIR_COLUMNS: Final = (
    "same_category",
    "distance_m",
    "hours_apart",
    "similarity",
    "same_within_50m",
    "same_nearby",
    "any_within_50m",
    "open_of_category",
    "arrivals_per_day",
)
HERE_M: Final = 50.0
NEARBY_M: Final = 500.0
SHORTLIST: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """One new matter against n candidates. Arrays have shape (n,); `distance_m` is NaN without a usable place.

    `open_of_category` and `arrivals_per_day` (of the last week or so) describe the new matter's `category` in the city.
    """

    same_category: NDArray[np.bool_]
    distance_m: Floats
    hours_apart: Floats
    similarity: Floats
    open_of_category: int
    arrivals_per_day: float
    category: int = -1

    def of_the_query(self) -> tuple[float, ...]:
        """The last five of `PAIR_COLUMNS`, which all pairs of a look-up share. The counts are over the n candidates,
        unplaced ones counting as nearby."""
        here = self.distance_m <= HERE_M
        return (
            float(np.count_nonzero(here & self.same_category)),
            float(np.count_nonzero(self.same_category & ~(self.distance_m > NEARBY_M))),
            float(np.count_nonzero(here)),
            self.open_of_category,
            self.arrivals_per_day,
        )

    def matrix(self) -> Floats:
        """The pairs as rows of `PAIR_COLUMNS`, shape (n, 9)."""
        rows = np.empty((self.hours_apart.size, len(PAIR_COLUMNS)))
        rows[:, 0] = self.same_category
        rows[:, 1] = self.distance_m
        rows[:, 2] = self.hours_apart
        rows[:, 3] = self.similarity
        rows[:, 4:] = self.of_the_query()
        return rows


Scorer = Callable[[Pairs], Floats]


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic rule whose weights can be read: bias, then the gain of each sign of sameness. Set by hand."""

    bias: float = -4.2
    similarity: float = 13.0
    same_category: float = 1.0
    near: float = 2.2
    """Added in full at 0 m, by a third at 100 m."""
    far: float = 3.0
    """Taken off for each doubling of the distance beyond a kilometre: far away, the same words are another trouble."""
    recent: float = 0.8
    """Added in full at 0 h, by a third after a week."""

    def __call__(self, pairs: Pairs) -> Floats:
        """Scores in 0..1, shape (n,)."""
        near = np.exp(np.fmin(pairs.distance_m, np.inf) / -100.0)  # fmin and fmax pass over NaN
        far = np.log2(np.fmax(pairs.distance_m, 1000.0) / 1000.0)
        recent = np.exp(pairs.hours_apart / -168.0)
        total = self.bias + self.similarity * pairs.similarity + self.same_category * pairs.same_category
        scores: Floats = 1.0 / (1.0 + np.exp(-(total + self.near * near - self.far * far + self.recent * recent)))
        return scores


LOGISTIC: Final = Logistic()


class Trees:
    """Gradient boosted trees on `PAIR_COLUMNS`, kept as LightGBM's own text."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for a text that is not such a model."""
        import lightgbm  # noqa: PLC0415 - it takes a second of every start, and few starts need it

        if not text.startswith("tree\n"):
            raise ValueError("not a model of boosted trees: LightGBM's text starts with a line 'tree'")
        try:
            self._booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"not a model of boosted trees: {error}") from error
        if tuple(self._booster.feature_name()) != PAIR_COLUMNS:
            raise ValueError(f"trees for the columns {self._booster.feature_name()}, not {PAIR_COLUMNS}")
        self.text = text

    def __call__(self, pairs: Pairs) -> Floats:
        """Probabilities, shape (n,). Beyond 32 candidates only the rule's best 32 are asked about; the others get 0."""
        rough = LOGISTIC(pairs)
        best = np.argsort(-rough, kind="stable")[:SHORTLIST]
        scores = np.zeros(rough.size)
        if best.size:
            scores[best] = self._booster.predict(pairs.matrix()[best], num_threads=1)
        return scores


def train_pairs(pairs: Floats, same: NDArray[np.bool_], seed: int, trees: int = 60) -> Trees:
    """Fit trees on rows of `PAIR_COLUMNS` (n, 9) and whether a person found the two to be the same (n,).

    Raises ValueError for a wrong shape or when all rows have one answer.
    """
    import lightgbm  # noqa: PLC0415 - it takes a second of every start, and few starts need it

    if pairs.shape != (same.size, len(PAIR_COLUMNS)):
        raise ValueError(f"pairs of shape {pairs.shape}, expected {(same.size, len(PAIR_COLUMNS))}")
    if bool(same.all()) or not bool(same.any()):
        raise ValueError("training needs pairs that are the same and pairs that are not")
    data = lightgbm.Dataset(pairs, same.astype(float), feature_name=list(PAIR_COLUMNS))
    return Trees(boost(data, seed, trees).model_to_string())


def boost(data: lightgbm.Dataset, seed: int, trees: int) -> lightgbm.Booster:
    """Small, regular, reproducible trees: duplicates are rare and their labels incomplete."""
    import lightgbm  # noqa: PLC0415 - it takes a second of every start, and few starts need it

    settings = {
        "objective": "binary",
        "num_leaves": 7,
        "learning_rate": 0.05,
        "min_data_in_leaf": 20,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "cat_smooth": 20,
        "cat_l2": 20,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    return lightgbm.train(settings, data, trees)
