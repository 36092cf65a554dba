"""How likely are two matters the same? Columns of a pair, and a logistic rule set by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
