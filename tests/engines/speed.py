"""How fast are the engines? `OMP_NUM_THREADS=1 python tests/engines/speed.py`; made-up Chinese text, one core.

Micro-benchmarks flatter by 3 to 6 times against the same step inside the server: use these to compare versions.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable

import numpy as np

from anlan.engines.classify import Model
from anlan.engines.classify_fit import Linear
from anlan.engines.merge import MergeIndex
from anlan.engines.text import Features, features, from_bytes, search_terms, to_bytes

OPEN = 100_000
LOOKUPS = 3_000


def spent(work: Callable[[int], object], times: int) -> list[float]:
    """Milliseconds of each of `times` calls, after 20 to warm up."""
    for i in range(min(20, times)):
        work(i)
    took = []
    for i in range(times):
        start = time.perf_counter()
        work(i)
        took.append((time.perf_counter() - start) * 1e3)
    return took


def figures(took: list[float]) -> dict[str, float]:
    return {"mean_ms": round(float(np.mean(took)), 4), "p99_ms": round(float(np.percentile(took, 99)), 4)}


class Writer:
    """Writes messages of 5,000 made-up words whose frequency falls with their rank."""

    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        characters = self.draw.integers(0x4E00, 0x4E00 + 3000, (5000, 3))
        self.words = ["".join(map(chr, row[: 2 + i % 2])) for i, row in enumerate(characters.tolist())]
        self.share = 1 / np.arange(10, 5010)
        self.share /= self.share.sum()

    def text(self, length: int) -> str:
        picked = self.draw.choice(5000, length // 2, p=self.share)
        return "，".join("".join(self.words[i] for i in picked[k : k + 6]) for k in range(0, picked.size, 6))[:length]


def text_figures(writer: Writer) -> dict[str, object]:
    short, long = ([(writer.text(18), writer.text(n)) for _ in range(500)] for n in (90, 370))
    return {
        "features_90": figures(spent(lambda i: features(*short[i]), 500)),
        "features_370": figures(spent(lambda i: features(*long[i]), 500)),
        "search_terms_90": figures(spent(lambda i: search_terms("".join(short[i])), 500)),
        "row_bytes_90": float(np.mean([len(to_bytes(features(*pair))) for pair in short])),
    }


def merge_figures(writer: Writer) -> dict[str, object]:
    rows: list[Features] = [from_bytes(to_bytes(features(writer.text(18), writer.text(90)))) for _ in range(OPEN)]
    queries = [features(writer.text(18), writer.text(90)) for _ in range(LOOKUPS)]
    draw = writer.draw
    places = np.column_stack([draw.normal(120.35, 0.06, OPEN), draw.normal(36.1, 0.05, OPEN)])
    places[draw.uniform(size=OPEN) < 0.1] = (120.38, 36.07)
    places[draw.uniform(size=OPEN) < 0.3] = np.nan
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    index = MergeIndex()
    categories = draw.integers(0, 60, OPEN).astype(np.int32)
    start = time.perf_counter()
    index.add_many(range(OPEN), rows, places, np.arange(OPEN) * 5, categories)
    rebuilt = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    near = places[~np.isnan(places[:, 0])][:LOOKUPS]
    minute = OPEN * 5
    added = spent(lambda i: index.add(OPEN + len(index) + i * 7919, queries[i], *near[i], minute, 1), LOOKUPS)
    return {
        "rebuild_s": round(rebuilt, 2),
        "peak_growth_mb": memory // 1024,
        "find_with_place": figures(spent(lambda i: index.find(queries[i], *near[i].tolist(), minute, 1), LOOKUPS)),
        "find_by_text": figures(spent(lambda i: index.find(queries[i], None, None, minute, 1), LOOKUPS)),
        "add": figures(added),
    }


def classify_figures(writer: Writer) -> dict[str, object]:
    messages = [features(writer.text(18), writer.text(90)) for _ in range(500)]
    known = np.unique(np.concatenate([row.grams for row in messages]))
    weights = writer.draw.normal(size=(known.size, 40)).astype(np.float32)
    linear = Linear(known, np.ones(known.size, np.float32), weights, np.zeros(40, np.float32))
    model = Model(tuple(map(str, range(40))), linear, 1.0, 0.5)
    return {"predict_40_classes_90": figures(spent(lambda i: model.predict(messages[i]), 500))}


if __name__ == "__main__":
    writer = Writer(seed=1)
    report = {**text_figures(writer), **merge_figures(writer), **classify_figures(writer)}
    print(json.dumps(report, indent=1))
