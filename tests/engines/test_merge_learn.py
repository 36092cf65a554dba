"""The learnt duplicate scorer: it learns, agrees with itself in both forms, is calibrated, and survives as bytes."""

from __future__ import annotations

import numpy as np
import pytest

from anlan.engines.archive import packed
from anlan.engines.merge import MergeIndex
from anlan.engines.merge_learn import Additive, calibration_error, learn
from anlan.engines.merge_score import PAIR_COLUMNS, Floats, Pairs
from anlan.engines.text import features


def history(count: int, seed: int) -> tuple[Floats, list[str], np.ndarray]:
    """Pairs whose chance is known: it grows with the words shared and the nearness, and is high for road works."""
    draw = np.random.default_rng(seed)
    pairs = np.zeros((count, len(PAIR_COLUMNS)))
    pairs[:, 0] = draw.uniform(size=count) < 0.5
    pairs[:, 1] = np.where(draw.uniform(size=count) < 0.3, np.nan, draw.uniform(0, 500, count))
    pairs[:, 2] = draw.uniform(0, 200, count)
    pairs[:, 3] = draw.uniform(0, 1, count)
    pairs[:, 4:] = draw.integers(0, 9, (count, 5))
    categories = [("roads", "noise")[n] for n in draw.integers(0, 2, count).tolist()]
    near = np.nan_to_num(np.exp(-pairs[:, 1] / 100))
    odds = 6 * pairs[:, 3] + 2 * pairs[:, 0] * near - 6 + 1.5 * (np.array(categories) == "roads")
    return pairs, categories, draw.uniform(size=count) < 1 / (1 + np.exp(-odds))


def looked_up(draw: np.random.Generator, count: int = 200) -> Pairs:
    metres = np.where(draw.uniform(size=count) < 0.3, np.nan, draw.uniform(0, 700, count))
    same = draw.uniform(size=count) < 0.4
    return Pairs(same, metres, draw.uniform(0, 300, count), draw.uniform(0, 1, count), 4, 2.5, category=7)


def test_it_learns_what_was_planted_and_its_probabilities_hold() -> None:
    scorer, report = learn(*history(6000, seed=1), seed=1)
    pairs, categories, same = history(6000, seed=2)
    scores = scorer.scores(pairs, categories)
    assert calibration_error(scores, same) < 0.03
    assert report.calibration_error < 0.03
    assert scores[same].mean() > scores[~same].mean() + 0.2
    assert 0.05 < (scores >= scorer.flag_from).mean() < 0.11
    assert report.pairs == 4800
    assert len(report.by_fold) == 4
    assert report.precision > 1.5 * same.mean()


def test_a_look_up_gives_the_probabilities_of_the_table() -> None:
    scorer, _ = learn(*history(2000, seed=3), seed=1)
    index_scorer = scorer.numbered({"roads": 7, "noise": 3}.__getitem__)
    draw = np.random.default_rng(4)
    for _ in range(5):
        pairs = looked_up(draw)
        assert index_scorer(pairs) == pytest.approx(scorer.scores(pairs.matrix(), ["roads"] * 200))
        assert scorer(pairs) == pytest.approx(scorer.scores(pairs.matrix(), ["never seen"] * 200))


def test_a_duplicate_scorer_serves_an_index() -> None:
    scorer, _ = learn(*history(2000, seed=5), seed=1)
    index = MergeIndex(scorer=scorer)
    index.add(1, features("路灯", "人民路路灯不亮"), None, None, 0, 0)
    index.add(2, features("公交", "八路车不停站"), None, None, 0, 0)
    assert index.find(features("路灯", "人民路路灯不亮"), None, None, 9, 0)[0].key == 1


def test_equal_trainings_give_equal_bytes_and_bytes_give_equal_answers() -> None:
    first, second = (learn(*history(1000, seed=6), seed=2)[0] for _ in range(2))
    assert first.to_bytes() == second.to_bytes()
    again = Additive.from_bytes(first.to_bytes())
    assert again.to_bytes() == first.to_bytes()
    pairs, categories, _ = history(50, seed=7)
    assert again.scores(pairs, categories).tolist() == first.scores(pairs, categories).tolist()


def test_the_calibration_error_is_counted_right() -> None:
    assert calibration_error(np.array([0.1] * 10 + [0.9] * 10), np.array([False] * 10 + [True] * 10), bins=2) == (
        pytest.approx(0.1)
    )


def test_bad_input_is_refused() -> None:
    pairs, categories, same = history(1000, seed=8)
    with pytest.raises(ValueError, match="answers"):
        learn(pairs[:, 1:], categories, same, seed=1)
    with pytest.raises(ValueError, match="too few"):
        learn(pairs[:60], categories[:60], same[:60], seed=1)
    with pytest.raises(ValueError, match="earliest part"):
        learn(pairs, categories, same & (np.arange(1000) > 400), seed=1)
    with pytest.raises(ValueError, match="not a duplicate scorer"):
        Additive.from_bytes(b"nonsense")
    with pytest.raises(ValueError, match="version 9"):
        Additive.from_bytes(packed({"version": 9}, {}))
    with pytest.raises(ValueError, match="columns"):
        Additive.from_bytes(packed({"version": 1, "columns": ["other"]}, {}))
