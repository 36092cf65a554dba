"""The engines on the project's shared real data: the figures of README.md are floors here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from anlan.cli.bench.quality import GROUPS, boston, filled, narrowed, neighbours
from anlan.engines.classify import cross_validate
from anlan.engines.merge_replay import Replay, figures_at, flag_scores, replay
from anlan.engines.merge_topics import cluster

Table = list[dict[str, str]]
pytestmark = pytest.mark.shared

CHINESE = "hotline/cn_messages_4326.csv.gz"
BOSTON = "hotline/boston311_2015.csv.gz"
TOPIC_WORDS = {
    "environment": "污染 噪音 臭 扬尘 环保 油烟 垃圾 排污",
    "traffic": "公交 出租车 滴滴 客运 高速 驾校 班车 车站",
    "school": "学校 教师 老师 幼儿园 小学 中学 招生 补课",
    "work": "工资 社保 养老 退休 工伤 劳动 失业 低保",
    "health": "医院 医生 医疗 二胎 独生 计生 药店 卫生院",
}


def test_chinese_messages_find_their_topic(shared_table: Callable[[str], Table]) -> None:
    rows = shared_table(CHINESE)
    first, within, marked = neighbours(rows)
    assert marked == 123
    print(f"silver cluster @1 {first:.3f} @5 {within:.3f}")
    assert first >= 0.88
    assert within >= 0.97


def test_hot_topics_are_the_silver_clusters(shared_table: Callable[[str], Table]) -> None:
    rows = shared_table(CHINESE)
    topics = cluster(filled(rows))
    for mark, share in (("1", 0.85), ("2", 0.9), ("3", 0.9), ("4", 0.9), ("5", 0.5)):
        members = {i for i, row in enumerate(rows) if row["silver_cluster"].split(".")[0] == mark}
        best = max(len(members & set(topic.keys)) for topic in topics)
        assert best / len(members) >= share, f"cluster {mark}"


def test_classifier_beats_plain_practice_on_hidden_words(shared_table: Callable[[str], Table]) -> None:
    """Labels by words of the title, which are then taken out of it: only the mechanics are judged by this."""
    texts, labels = [], []
    for row in shared_table(CHINESE):
        hits = {name for name, words in TOPIC_WORDS.items() if any(word in row["title"] for word in words.split())}
        if len(hits) == 1:
            name = hits.pop()
            title = row["title"]
            for word in TOPIC_WORDS[name].split():
                title = title.replace(word, "")
            texts.append((title, row["text"].strip()))
            labels.append(name)
    report = cross_validate(texts, labels, folds=5, seed=1)
    print(f"{len(texts)} rows, macro F1 {report.macro_f1:.3f}, coverage at 0.93 {report.coverage_at_093:.3f}")
    assert report.macro_f1 >= 0.85
    assert report.coverage_at_093 >= 0.7


@pytest.fixture(scope="module")
def boston_year(shared_table: Callable[[str], Table]) -> tuple[Replay, np.ndarray]:
    reports = boston(shared_table(BOSTON), GROUPS)
    return replay(reports), reports.duplicates


@pytest.mark.parametrize(("groups", "floor"), [(6, 0.69), (5, 0.62)], ids=["with queue", "without queue"])
def test_boston_duplicates_at_eight_percent(boston_year: tuple[Replay, np.ndarray], groups: int, floor: float) -> None:
    """Trained on the first half of the year, scored on the second."""
    seen, duplicates = boston_year
    known = narrowed(seen, groups)
    half = len(duplicates) // 2
    found = figures_at(flag_scores(known, duplicates, half, seed=1), duplicates[half:], 0.08)
    print(f"recall {found.recall:.4f}, precision {found.precision:.4f}, flagged {found.flagged_share:.4f}")
    assert found.flagged_share <= 0.08
    assert found.recall >= floor
