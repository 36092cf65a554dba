"""The classifier: the figures against scikit-learn, storage without pickles, and when it says that it is not sure."""

from __future__ import annotations

import io

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from anlan.engines import classify_report
from anlan.engines.classify import Model, as_features, cross_validate, train
from anlan.engines.classify_fit import Places, fit
from anlan.engines.text import GRAMS, Features, features

PHRASES = {
    "噪音": ["工地夜间施工噪音很大", "楼下广场舞音响太吵", "酒吧半夜放音乐吵闹", "装修电钻声影响休息"],
    "路灯": ["路灯坏了一直不亮", "整条街没有灯很黑", "路灯白天亮晚上灭", "灯杆倾斜有危险"],
    "停车": ["小区门口乱停车", "占用消防通道停放车辆", "僵尸车长期占位", "人行道上停满汽车"],
}
FILLERS = ["我是附近的居民", "请尽快处理", "反映过多次没有结果", "谢谢", "希望有关部门重视"]


def messages(count: int, seed: int, noise: float = 0.0) -> tuple[list[tuple[str, str]], list[str]]:
    """Messages made of phrases; a share `noise` of the labels is wrong."""
    draw = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(count):
        label = list(PHRASES)[i % 3]
        body = "，".join([str(draw.choice(PHRASES[label])), str(draw.choice(FILLERS)), str(draw.choice(FILLERS))])
        texts.append((str(draw.choice(FILLERS)), body))
        labels.append(str(draw.choice(list(PHRASES))) if draw.uniform() < noise else label)
    return texts, labels


def test_it_learns_names_its_reasons_and_is_sure() -> None:
    model = train(*messages(150, seed=1), seed=1)
    found = model.predict(("投诉", "我家楼下工地夜间施工噪音很大"))
    assert found.sure
    assert found.guesses[0].label == "噪音"
    assert sum(guess.probability for guess in found.guesses) == pytest.approx(1.0)
    assert found.guesses[0].why
    assert all(word in "投诉\n我家楼下工地夜间施工噪音很大" for word in found.guesses[0].why)


def test_a_message_it_knows_nothing_about_is_never_sure() -> None:
    model = train(*messages(150, seed=1), seed=1)
    found = model.predict("Ψφω")
    assert not found.sure
    assert len(found.guesses) == 3
    assert not model.predict("").sure


def test_two_labels_and_stored_rows_work() -> None:
    texts, labels = messages(150, seed=2)
    pairs = [(text, label) for text, label in zip(texts, labels, strict=True) if label != "停车"]
    model = train([text for text, _ in pairs], [label for _, label in pairs], seed=0)
    row = features("", "路灯坏了一直不亮")
    found = model.predict(Features(row.grams, row.counts))
    assert found.guesses[0].label == "路灯"
    assert found.guesses[0].why == ()
    assert len(found.guesses) == 2


def test_equal_trainings_give_equal_bytes_and_bytes_give_equal_answers() -> None:
    data = messages(90, seed=3)
    first, second = train(*data, seed=5), train(*data, seed=5)
    assert first.to_bytes() == second.to_bytes()
    again = Model.from_bytes(first.to_bytes())
    assert again.to_bytes() == first.to_bytes()
    for text in data[0][:10]:
        assert again.predict(text) == first.predict(text)


def test_what_is_not_a_model_is_refused() -> None:
    model = train(*messages(60, seed=3), seed=5)
    pickled = io.BytesIO()
    np.savez(pickled, head=np.array([{"no": "pickles"}], dtype=object))
    for bad in (b"", b"PK nonsense", model.to_bytes()[:-100], pickled.getvalue()):
        with pytest.raises(ValueError, match="not a classifier"):
            Model.from_bytes(bad)


def test_sparse_scores_are_the_dense_product() -> None:
    texts, labels = messages(60, seed=4)
    rows = [as_features(text) for text in texts]
    classes = np.array([list(PHRASES).index(label) for label in labels])
    linear = fit(rows, classes, 3, seed=0)
    for row in rows[:10]:
        dense = np.zeros(linear.vocabulary.size)
        for gram, count in zip(row.grams.tolist(), row.counts.tolist(), strict=True):
            spot = np.flatnonzero(linear.vocabulary == gram)
            dense[spot] = (1 + np.log(count)) * linear.rarity[spot]
        wanted = dense / np.linalg.norm(dense) @ linear.weights + linear.bias
        assert linear.scores(row) == pytest.approx(wanted, abs=1e-5)


def test_places_are_those_of_a_binary_search() -> None:
    draw = np.random.default_rng(5)
    vocabulary = np.unique(draw.integers(0, GRAMS, 5000)).astype(np.uint32)
    asked = np.concatenate([vocabulary[::3], draw.integers(0, GRAMS, 500).astype(np.uint32), vocabulary[-1:]])
    known, places = Places(vocabulary).of(asked)
    assert known.tolist() == np.isin(asked, vocabulary).tolist()
    assert places.tolist() == np.searchsorted(vocabulary, asked[known]).tolist()


def test_the_report_agrees_with_scikit_learn() -> None:
    draw = np.random.default_rng(6)
    truth = draw.integers(0, 4, 500)
    scores = draw.normal(size=(500, 4)) + 1.5 * np.eye(4)[truth]
    report = classify_report.report_of(scores, truth, "abcd")
    assert report.macro_f1 == pytest.approx(f1_score(truth, scores.argmax(axis=1), average="macro"))
    assert report.accuracy == pytest.approx(accuracy_score(truth, scores.argmax(axis=1)))
    assert report.confusion.sum() == 500
    top = classify_report.probabilities(scores, report.temperature).max(axis=1)
    kept = top >= report.threshold
    assert kept.mean() == pytest.approx(report.coverage_at_093)
    assert (scores.argmax(axis=1) == truth)[kept].mean() >= 0.93


def test_the_temperature_undoes_a_known_scale() -> None:
    draw = np.random.default_rng(7)
    scores = draw.normal(size=(20_000, 3))
    shares = classify_report.probabilities(scores, 1.0)
    truth = (shares.cumsum(axis=1) < draw.uniform(size=(20_000, 1))).sum(axis=1)
    assert classify_report.fit_temperature(scores * 5, truth) == pytest.approx(5.0, rel=0.1)


def test_folds_spread_every_class_evenly() -> None:
    classes = np.repeat([0, 1, 2], [50, 23, 7])
    fold = classify_report.folds_of(classes, "abc", 5, seed=1)
    for label in range(3):
        sizes = np.bincount(fold[classes == label], minlength=5)
        assert sizes.max() - sizes.min() <= 1


def test_noise_lowers_the_figures_and_a_hopeless_task_is_never_sure() -> None:
    clean, noisy = (cross_validate(*messages(150, seed=8, noise=noise)) for noise in (0.0, 0.5))
    assert clean.macro_f1 > 0.98
    assert clean.coverage_at_093 == 1.0
    assert noisy.accuracy < 0.8
    texts, _ = messages(200, seed=9)
    draw = np.random.default_rng(9)
    assert cross_validate(texts, [str(n) for n in draw.integers(0, 5, 200)]).coverage_at_093 < 0.1


@pytest.mark.parametrize(
    ("texts", "labels", "reason"),
    [
        (["a b"], [], "1 texts but 0 labels"),
        (["a b", "c d"], ["x", "x"], "at least two labels"),
        (["路灯"] * 7, ["x"] * 5 + ["y"] * 2, r"fewer rows than 5 folds: y \(2\)"),
        (["。"] * 10, ["x", "y"] * 5, "no text has"),
    ],
)
def test_bad_input_is_refused(texts: list[str], labels: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cross_validate(texts, labels)
