"""The duplicate look-up as the server makes it: 100,000 open matters, new texts, half of them with a place."""

from __future__ import annotations

import time

from anlan.app.receive import OFFERS
from anlan.city.demo import generate
from anlan.city.pack import build_city
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.texts import Texts
from anlan.engines.merge import MergeIndex
from anlan.engines.text import Features, features

OPEN_MATTERS = 100_000
LOOK_UPS = 2_000


def bench() -> list[BenchRow]:
    """p99 and mean processor time of a look-up as an intake makes it, and what a page pays that shows the reasons."""
    texts = Texts(build_city(generate()))
    index = MergeIndex()
    for n in range(OPEN_MATTERS):
        body = texts.body(90)
        index.add(n, features(str(body["title"]), str(body["text"])), _at(body, "lon"), _at(body, "lat"), n, n % 40)
    asked = [texts.body(90) for _ in range(LOOK_UPS)]
    rows = [features(str(b["title"]), str(b["text"])) for b in asked]
    took, cpu_ms = _timed(index, asked, rows, explain=False)
    _, explained_ms = _timed(index, asked, rows, explain=True)
    note = f"{OPEN_MATTERS:,} open matters of {texts.note}; in process, the call of an intake"
    return [
        BenchRow("merge.lookup.p99", sorted(took)[int(LOOK_UPS * 0.99)], "ms", 2, None, LOOK_UPS, note),
        BenchRow("merge.lookup.cpu", cpu_ms, "ms", 0.3, None, LOOK_UPS, note),
        BenchRow("merge.lookup.explained.cpu", explained_ms, "ms", None, None, LOOK_UPS, "the same with the reasons"),
    ]


def _timed(
    index: MergeIndex, asked: list[dict[str, object]], rows: list[Features], *, explain: bool
) -> tuple[list[float], float]:
    """Milliseconds of each look-up, and the mean processor time of one."""
    took = []
    cpu = time.process_time()
    for body, row in zip(asked, rows, strict=True):
        began = time.perf_counter()
        index.find(row, _at(body, "lon"), _at(body, "lat"), OPEN_MATTERS, 3, limit=OFFERS, explain=explain)
        took.append((time.perf_counter() - began) * 1000)
    return took, (time.process_time() - cpu) / LOOK_UPS * 1000


def _at(body: dict[str, object], key: str) -> float | None:
    value = body.get(key)
    return value if isinstance(value, float) else None
