"""Replay of a year of reports: what would the duplicate finder have said about each on its arrival?

Only what is known when a row arrives is used: its own description, the matters open at that moment, and how earlier
matters were closed before it. A row's own closing is its label and nothing else. The candidates come from `MergeIndex`
itself, so the figure is that of the running system.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.merge import MergeIndex
from anlan.engines.merge_score import LOGISTIC, PAIR_COLUMNS, Floats, Scorer
from anlan.engines.text import Features

if TYPE_CHECKING:
    import lightgbm

Place = tuple[float, float]

HISTORY_COLUMNS: Final = (
    "address_seen",
    "address_duplicates",
    "cell_duplicates",
    "category_duplicate_share",
    "category_closed",
    "group_duplicate_share",
    "hours_since_like_closed_here",
    "hours_since_like_arrived_here",
    "hour_of_day",
)
_CELL_DEGREES: Final = 0.0025
TREES: Final = 150
FITS: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Reports:
    """n reports in order of arrival.

    `opened`, `closed`: minutes, shape (n,), closed is infinite while open. `places`: (n, 2) longitude and latitude, NaN
    where unknown. `categories`: (n,). `features`: n rows. `groups`: (n, g) further codes known at arrival, such as the
    channel; the first one also gets a history. `duplicates`: (n,) closed as a duplicate, known from `closed` on.
    """

    opened: Floats
    closed: Floats
    places: Floats
    categories: NDArray[np.int32]
    features: Sequence[Features]
    groups: NDArray[np.int32]
    duplicates: NDArray[np.bool_]

    def __post_init__(self) -> None:
        sizes = {len(getattr(self, name)) for name in self.__dataclass_fields__}
        if len(sizes) != 1:
            raise ValueError(f"reports need columns of one length, not {sorted(sizes)}")
        if np.any(np.diff(self.opened) < 0):
            raise ValueError("reports are replayed in order of arrival")


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What was known about each report on arrival.

    `columns`: (n, m), pair columns of the best candidate (NaN without one), history, category and groups. `names`: m.
    `candidate`: (n,) the row of the best open candidate, -1 without one.
    """

    columns: Floats
    names: tuple[str, ...]
    candidate: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FlagFigures:
    """`recall`: flagged duplicates / duplicates; `precision`: flagged duplicates / flagged; `flagged_share` of rows."""

    recall: float
    precision: float
    flagged_share: float
    rows: int
    duplicates: int


class History:
    """How earlier matters ended, per address, cell, category and group."""

    def __init__(self) -> None:
        self._seen: Counter[Place] = Counter()
        self._address: Counter[Place] = Counter()
        self._cell: Counter[Place] = Counter()
        self._closed: Counter[tuple[str, int]] = Counter()
        self._merged: Counter[tuple[str, int]] = Counter()
        self._closed_here: dict[tuple[Place, int], float] = {}
        self._arrived_here: dict[tuple[Place, int], float] = {}

    def row(self, place: Place, category: int, group: int, minute: float) -> list[float]:
        """The history columns of a new matter."""
        here = (place, category)
        return [
            self._seen[place],
            self._address[place],
            self._cell[_cell(place)],
            self._share(("category", category)),
            self._closed["category", category],
            self._share(("group", group)),
            (minute - self._closed_here.get(here, math.nan)) / 60.0,
            (minute - self._arrived_here.get(here, math.nan)) / 60.0,
            (minute % 1440) / 60.0,
        ]

    def arrive(self, place: Place, category: int, minute: float) -> None:
        """A matter was received."""
        self._seen[place] += 1
        self._arrived_here[place, category] = minute

    def close(self, place: Place, category: int, group: int, minute: float, *, duplicate: bool) -> None:
        """A matter was closed, perhaps as a duplicate."""
        self._closed_here[place, category] = minute
        for key in (("category", category), ("group", group)):
            self._closed[key] += 1
            self._merged[key] += duplicate
        self._address[place] += duplicate
        self._cell[_cell(place)] += duplicate

    def _share(self, key: tuple[str, int]) -> float:
        return (self._merged[key] + 0.5) / (self._closed[key] + 20.0)


def replay(reports: Reports, scorer: Scorer = LOGISTIC) -> Replay:
    """Walk through the reports in time, about 0.15 ms each; `scorer` picks the best candidate."""
    index, history = MergeIndex(scorer), History()
    names = (*PAIR_COLUMNS, *HISTORY_COLUMNS, "category", *(f"group{i}" for i in range(reports.groups.shape[1])))
    columns = np.full((len(reports.opened), len(names)), np.nan)
    candidate = np.full(len(reports.opened), -1, dtype=np.int64)
    pairs, past = len(PAIR_COLUMNS), len(PAIR_COLUMNS) + len(HISTORY_COLUMNS)
    ending: list[tuple[float, int]] = []
    for i, minute in enumerate(reports.opened.tolist()):
        while ending and ending[0][0] <= minute:
            _close(reports, heapq.heappop(ending), index, history)
        place, category, group = _identity(reports, i)
        known = None if math.isnan(place[0]) else place
        best = index.best(reports.features[i], known, int(minute), category)
        if best:
            candidate[i], columns[i, :pairs] = best
        columns[i, pairs:past] = history.row(place, category, group, minute)
        history.arrive(place, category, minute)
        lon, lat = known or (None, None)
        index.add(i, reports.features[i], lon, lat, int(minute), category)
        heapq.heappush(ending, (max(minute, float(reports.closed[i])), i))
    columns[:, past] = reports.categories
    columns[:, past + 1 :] = reports.groups
    return Replay(columns, names, candidate)


def flag_scores(seen: Replay, duplicates: NDArray[np.bool_], train_rows: int, seed: int, trees: int = TREES) -> Floats:
    """Scores of the rows after the first `train_rows` by trees fitted on those; a row without a candidate gets 0.

    Several fits on different samples are averaged: with some hundred duplicates one fit depends on its luck.

    Raises ValueError when the training rows hold no duplicate or nothing else.
    """
    import lightgbm  # noqa: PLC0415 - it takes a second of every start, and few starts need it

    answers = duplicates[:train_rows]
    if not 0 < int(answers.sum()) < train_rows:
        raise ValueError("training needs rows that are duplicates and rows that are not")
    coded = list(range(len(PAIR_COLUMNS) + len(HISTORY_COLUMNS), len(seen.names)))
    data = lightgbm.Dataset(
        seen.columns[:train_rows], answers.astype(float), feature_name=list(seen.names), categorical_feature=coded
    )
    later = seen.columns[train_rows:]
    scores: Floats = np.mean(
        [_boosted(data, seed + i, trees).predict(later, num_threads=1) for i in range(FITS)], axis=0
    )
    scores[seen.candidate[train_rows:] < 0] = 0.0
    return scores


def figures_at(scores: Floats, duplicates: NDArray[np.bool_], flag_share: float) -> FlagFigures:
    """Recall and precision when the highest `flag_share` of the scores are flagged; a score of 0 never is."""
    if not 0 < flag_share <= 1:
        raise ValueError("the share to flag lies in (0, 1]")
    best = np.argsort(-scores, kind="stable")[: int(scores.size * flag_share)]
    best = best[scores[best] > 0]
    hits = int(duplicates[best].sum())
    total = int(duplicates.sum())
    return FlagFigures(hits / max(1, total), hits / max(1, best.size), best.size / scores.size, scores.size, total)


def _boosted(data: lightgbm.Dataset, seed: int, trees: int) -> lightgbm.Booster:
    """Small, regular, reproducible trees: duplicates are rare and their labels incomplete."""
    import lightgbm  # noqa: PLC0415 - it takes a second of every start, and few starts need it

    settings = {
        "objective": "binary",
        "num_leaves": 7,
        "learning_rate": 0.05,
        "min_data_in_leaf": 60,
        "lambda_l2": 10.0,
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


def _identity(reports: Reports, i: int) -> tuple[Place, int, int]:
    lon, lat = reports.places[i].tolist()
    return (lon, lat), int(reports.categories[i]), int(reports.groups[i, 0])


def _close(reports: Reports, ending: tuple[float, int], index: MergeIndex, history: History) -> None:
    minute, i = ending
    index.remove(i)
    history.close(*_identity(reports, i), minute, duplicate=bool(reports.duplicates[i]))


def _cell(place: Place) -> Place:
    if math.isnan(place[0]):
        return place
    return math.floor(place[0] / _CELL_DEGREES), math.floor(place[1] / _CELL_DEGREES)
