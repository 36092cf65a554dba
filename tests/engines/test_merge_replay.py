"""The replay of a year of reports: it must not look into the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anlan.engines.merge_replay import HISTORY_COLUMNS, Reports, figures_at, flag_scores, replay
from anlan.engines.merge_score import PAIR_COLUMNS
from anlan.engines.text import features


def reports(count: int, seed: int) -> Reports:
    """Reports of which a fifth repeats an open one nearby and is soon closed as its duplicate."""
    draw = np.random.default_rng(seed)
    opened = np.sort(draw.uniform(0, 60_000, count))
    closed = opened + draw.exponential(4000, count)
    closed[draw.uniform(size=count) < 0.1] = np.inf
    places = np.column_stack([120.3 + draw.uniform(0, 0.2, count), 36.1 + draw.uniform(0, 0.2, count)])
    categories = draw.integers(0, 5, count).astype(np.int32)
    duplicates = np.zeros(count, dtype=bool)
    for i in range(5, count):
        if draw.uniform() < 0.2:
            places[i], categories[i] = places[i - 3], categories[i - 3]
            duplicates[i], closed[i] = True, opened[i] + 300
    rows = [features(f"第{c}类", "") for c in categories]
    return Reports(opened, closed, places, categories, rows, draw.integers(0, 3, (count, 2)), duplicates)


def test_a_row_knows_nothing_of_its_own_end_nor_of_later_rows() -> None:
    whole = reports(300, seed=1)
    seen = replay(whole)
    other = reports(300, seed=2)
    closed, duplicates = whole.closed.copy(), whole.duplicates.copy()
    closed[150:], duplicates[150:] = other.closed[150:] + 60_000, ~whole.duplicates[150:]
    late = closed[:150] > whole.opened[150]
    closed[:150][late] += 5000  # the end of an earlier row that was not yet known
    duplicates[:150][late] = True
    changed = replay(replace(whole, closed=closed, duplicates=duplicates))
    assert np.array_equal(seen.columns[:151], changed.columns[:151], equal_nan=True)
    assert seen.candidate[:151].tolist() == changed.candidate[:151].tolist()


def test_candidates_are_earlier_and_open() -> None:
    whole = reports(300, seed=3)
    seen = replay(whole)
    for i, j in enumerate(seen.candidate.tolist()):
        if j >= 0:
            assert j < i
            assert whole.closed[j] > whole.opened[i]
    assert len(seen.names) == seen.columns.shape[1] == len(PAIR_COLUMNS) + len(HISTORY_COLUMNS) + 3


def test_flags_find_planted_duplicates() -> None:
    whole = reports(1500, seed=4)
    scores = flag_scores(replay(whole), whole.duplicates, 750, seed=1)
    found = figures_at(scores, whole.duplicates[750:], 0.25)
    assert found.recall > 0.9
    assert found.flagged_share <= 0.25


def test_figures_are_counted_right() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.0])
    found = figures_at(scores, np.array([True, False, True, True]), 0.5)
    assert (found.recall, found.precision, found.flagged_share) == (1 / 3, 0.5, 0.5)
    assert figures_at(scores, np.array([True, False, True, True]), 1.0).flagged_share == 0.75


def test_bad_input_is_refused() -> None:
    whole = reports(20, seed=5)
    with pytest.raises(ValueError, match="order of arrival"):
        replace(whole, opened=whole.opened[::-1])
    with pytest.raises(ValueError, match="one length"):
        replace(whole, closed=whole.closed[:-1])
    with pytest.raises(ValueError, match="share"):
        figures_at(np.zeros(3), np.zeros(3, bool), 0)
    with pytest.raises(ValueError, match="training"):
        flag_scores(replay(whole), np.zeros(20, bool), 10, seed=1)
