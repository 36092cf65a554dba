"""The duplicate finder against brute force, its gates, and its promise to forget."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anlan.engines.merge import NEAR_MAX, MergeIndex
from anlan.engines.merge_store import CELL_STRIDE, HOT_ADDRESS, Postings
from anlan.engines.merge_terms import TermTable
from anlan.engines.merge_topics import cluster
from anlan.engines.text import Features, features

EMPTY = features("", "")


def random_rows(count: int, seed: int, grams: int = 40) -> list[Features]:
    """Rows from a skewed vocabulary of pairs."""
    draw = np.random.default_rng(seed)
    vocabulary = draw.choice(np.arange(1 << 16, 1 << 23), 4000, replace=False).astype(np.uint32)
    share = 1 / np.arange(1, 4001)
    rows = []
    for _ in range(count):
        picked = np.sort(draw.choice(vocabulary, grams, replace=False, p=share / share.sum()))
        rows.append(Features(picked, draw.integers(1, 5, grams).astype(np.uint8)))
    return rows


def filled(rows: list[Features]) -> MergeIndex:
    index = MergeIndex()
    places = np.full((len(rows), 2), np.nan)
    index.add_many(range(len(rows)), rows, places, np.arange(len(rows)), np.zeros(len(rows), np.int32))
    return index


def test_cosines_are_those_of_brute_force() -> None:
    rows = random_rows(200, seed=1)
    index = filled(rows)
    seen = {g: sum(g in row.grams for row in rows) for g in set(np.concatenate([r.grams for r in rows]).tolist())}

    def vector(row: Features) -> dict[int, float]:
        pairs = zip(row.grams.tolist(), row.counts.tolist(), strict=True)
        return {g: (1 + math.log(n)) * math.log(400 / (seen[g] + 1)) for g, n in pairs}

    def cosine(a: dict[int, float], b: dict[int, float]) -> float:
        dot = sum(weight * b.get(g, 0.0) for g, weight in a.items())
        return dot / math.sqrt(sum(w * w for w in a.values()) * sum(w * w for w in b.values()))

    for query in range(0, 200, 20):
        wanted = [cosine(vector(rows[query]), vector(row)) for row in rows]
        found = index.find(rows[query], None, None, 0, 0, limit=20)
        assert found[0].key == query
        gaps = [abs(candidate.text_similarity - wanted[candidate.key]) for candidate in found]
        assert np.mean(gaps) < 0.01, "a hash collision adds a shared gram, but rarely"


def test_the_same_text_is_the_same_whatever_its_weights_are_rounded_to() -> None:
    table = TermTable(200)
    for size in range(1, 200):  # equal weights, rounded all the same way, would be off by one in a hundred
        grams = np.arange(1, size + 1, dtype=np.uint32) * np.uint32(83_000)
        terms = table.heaviest(Features(grams, np.ones(size, dtype=np.uint8)))
        table.write(size, terms)
        assert table.cosines(np.array([size], dtype=np.int32), terms)[0] > 0.998, size


def test_a_look_up_leaves_its_working_arrays_clean() -> None:
    rows = random_rows(300, seed=11)
    index = filled(rows)
    for row in rows[:20]:
        first = index.find(row, None, None, 0, 0, limit=9)
        index.find(rows[-1], None, None, 0, 0)
        assert index.find(row, None, None, 0, 0, limit=9) == first
    table = index._terms
    assert not any(array.any() for array in (table._scratch, table._sieve))
    assert table.cosines(np.arange(300, dtype=np.int32), table.heaviest(rows[0])).size == 300, "more rows than the desk"


def test_near_matters_are_those_of_brute_force() -> None:
    draw = np.random.default_rng(2)
    places = np.column_stack([120.3 + draw.uniform(0, 0.02, 400), 36.1 + draw.uniform(0, 0.02, 400)])
    index = MergeIndex()
    for key, (lon, lat) in enumerate(places.tolist()):
        index.add(key, EMPTY, lon, lat, key, 0)
    east = 111_320 * math.cos(math.radians(36.11))
    for lon, lat in places[:30].tolist():
        apart = np.hypot((places[:, 0] - lon) * east, (places[:, 1] - lat) * 111_320)
        found = {c.key: c.distance_m for c in index.find(EMPTY, lon, lat, 400, 0, limit=400)}
        assert set((apart < 240).nonzero()[0].tolist()) <= set(found)
        for key, metres in found.items():
            assert metres == pytest.approx(apart[key], rel=1e-3, abs=0.1)


def test_reasons_are_words_of_the_query() -> None:
    index = MergeIndex()
    index.add(7, features("丽发新城附近搅拌站噪音", "灰尘满天飞"), None, None, 0, 1)
    index.add(8, features("公交车改道", "八路车不停站"), None, None, 0, 1)
    best = index.find(features("投诉丽发新城搅拌站扰民", "灰尘很大"), None, None, 90, 1)[0]
    assert best.key == 7
    assert best.shared[:2] == ("丽发新城", "搅拌站")
    assert best.distance_m is None
    assert best.hours_apart == 1.5
    assert 0 < best.score <= 1


def test_two_reports_of_one_batch_see_each_other_and_undo_leaves_no_trace() -> None:
    index = MergeIndex()
    row = features("路灯不亮", "人民路路灯坏了")
    index.add(1, row, 120.3, 36.1, 0, 1)
    index.add(2, row, 120.3, 36.1, 0, 1)
    assert {c.key for c in index.find(row, 120.3, 36.1, 0, 1)} == {1, 2}
    index.remove(2)
    assert [c.key for c in index.find(row, 120.3, 36.1, 0, 1)] == [1]
    index.remove(1)
    assert index.find(row, 120.3, 36.1, 0, 1) == []
    assert index.find(row, None, None, 0, 1) == []
    assert len(index) == 0
    assert not index._postings.rows.any()


def test_random_adds_and_removes_agree_with_a_fresh_index() -> None:
    rows = random_rows(300, seed=3, grams=20)
    draw = np.random.default_rng(4)
    index, inside = MergeIndex(), set()
    for key in draw.integers(0, 300, 3000).tolist():
        (index.remove if key in inside else lambda k: index.add(k, rows[k], 120.0 + k / 1e3, 36.0, k, k % 5))(key)
        inside ^= {key}
    assert set(index) == inside
    for key in sorted(inside)[:50]:
        found = index.find(rows[key], 120.0 + key / 1e3, 36.0, key, key % 5, limit=50)
        assert found[0].key == key
        assert {c.key for c in found} <= inside
        near = {k for k in inside if abs(k - key) <= 2}
        assert near <= {c.key for c in found}


def test_hot_addresses_are_compared_by_text_and_do_not_crowd_out_neighbours() -> None:
    index = MergeIndex()
    index.add(0, features("井盖", "丢失"), 120.3005, 36.1, 0, 0)
    for key in range(1, 2 * CELL_STRIDE + HOT_ADDRESS):
        index.add(key, features("一般咨询", f"第{key}号"), 120.3, 36.1, key, 0)
    index.add(999, features("游泳池漏水", "中山公园"), 120.3, 36.1, 999, 0)
    best = index.find(features("中山公园游泳池漏水", ""), 120.3, 36.1, 1000, 0)[0]
    assert (best.key, best.distance_m) == (999, None)
    assert 0 in {c.key for c in index.find(EMPTY, 120.3006, 36.1, 1000, 0, limit=NEAR_MAX)}


def test_a_crowded_place_keeps_the_newest() -> None:
    index = MergeIndex()
    for key in range(500):
        index.add(key, EMPTY, 120.3 + (key % 25) * 1e-4, 36.1, key, 0)
    found = {c.key for c in index.find(EMPTY, 120.3, 36.1, 500, 0, limit=500)}
    assert len(found) <= NEAR_MAX
    assert 499 in found


def test_rebuilding_gives_the_answers_of_a_live_index() -> None:
    rows = random_rows(300, seed=5)
    whole, live = filled(rows), MergeIndex()
    for key, row in enumerate(rows):
        live.add(key, row, None, None, key, 0)
    for key in range(0, 300, 30):
        ours = {c.key for c in whole.find(rows[key], None, None, 300, 0, limit=10)}
        theirs = {c.key for c in live.find(rows[key], None, None, 300, 0, limit=10)}
        assert len(ours & theirs) >= 6


def test_older_postings_fill_only_what_is_free() -> None:
    table = Postings()
    gram = np.full(20, 1 << 20, dtype=np.uint32)
    table.fill_older(np.arange(20, 40, dtype=np.int32), gram)
    table.fill_older(np.arange(20, dtype=np.int32), gram)
    assert sorted(table.sharing(gram[:1], 99).tolist()) == list(range(24, 40))


def test_bad_input_is_refused() -> None:
    index = MergeIndex()
    index.add(1, EMPTY, None, None, 0, 0)
    with pytest.raises(ValueError, match="already"):
        index.add(1, EMPTY, None, None, 0, 0)
    with pytest.raises(ValueError, match="both"):
        index.add(2, EMPTY, 120.0, None, 0, 0)
    with pytest.raises(ValueError, match="degrees"):
        index.find(EMPTY, 36.0, 120.0, 0, 0)
    with pytest.raises(ValueError, match="limit"):
        index.find(EMPTY, None, None, 0, 0, limit=0)
    with pytest.raises(ValueError, match="not in"):
        index.remove(2)
    with pytest.raises(ValueError, match="empty index"):
        index.add_many([2], [EMPTY], np.zeros((1, 2)), np.zeros(1, int), np.zeros(1, np.int32))
    with pytest.raises(ValueError, match="only once"):
        MergeIndex().add_many([2, 2], [EMPTY] * 2, np.zeros((2, 2)), np.zeros(2, int), np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="cosine"):
        cluster(index, threshold=0)


def test_topics_are_the_planted_groups() -> None:
    rows = random_rows(200, seed=7, grams=30)
    draw = np.random.default_rng(8)
    planted = {}
    for topic in range(3):
        core = np.arange(20, dtype=np.uint32) * 64 + np.uint32((1 << 22) + 5000 * topic)
        for _ in range(8):
            key = int(draw.choice([k for k in range(200) if k not in planted]))
            grams = np.union1d(core, rows[key].grams[:10])
            rows[key] = Features(grams, np.ones(grams.size, np.uint8))
            planted[key] = topic
    topics = cluster(filled(rows), threshold=0.5)
    assert {t.keys for t in topics} == {tuple(sorted(k for k, v in planted.items() if v == n)) for n in range(3)}
    assert all(topic.centre in topic.keys for topic in topics)
