"""How good the duplicate finder is, on real tables with known answers; skipped, with a note, where they are absent."""

from __future__ import annotations

import csv
import gzip
import math
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.texts import shared
from anlan.engines.merge import MergeIndex
from anlan.engines.merge_learn import calibration_error, learn
from anlan.engines.merge_replay import Replay, Reports, figures_at, flag_scores, replay
from anlan.engines.merge_score import LOGISTIC, PAIR_COLUMNS, Floats, Pairs
from anlan.engines.text import features

Table = list[dict[str, str]]
CHINESE = "hotline/cn_messages_4326.csv.gz"
BOSTON = "hotline/boston311_2015.csv.gz"
GROUPS = ["Source", "neighborhood", "Department", "SUBJECT", "CASE_TITLE", "QUEUE"]
"""QUEUE comes last: it is the queue a case ended in, so the figure without it is the one to expect in service."""
FLAG_SHARE = 0.08
NEW_YEAR = datetime(2015, 1, 1)  # noqa: DTZ001 - both tables have local times without a zone


def bench() -> list[BenchRow]:
    """Boston: recall of known duplicates at 8 % flagged, second half of the year. Chinese: nearest neighbours."""
    if not (shared(CHINESE).exists() and shared(BOSTON).exists()):
        return [BenchRow("merge.quality", float("nan"), "", note=f"no data at {shared('hotline')}")]
    return [*_boston(), *_chinese()]


def table(path: str) -> Table:
    """A gzipped CSV of the shared data."""
    with gzip.open(shared(path), "rt", encoding="utf-8-sig") as lines:
        return list(csv.DictReader(lines))


def arrival(row: dict[str, str]) -> int:
    """Minutes since 2015 began; the table writes dates with dashes or slashes, with or without seconds."""
    day, clock = row["time"].replace("/", "-").split()
    hour, minute = clock.split(":")[:2]
    year, month, date = map(int, day.split("-"))
    return (datetime(year, month, date) - NEW_YEAR).days * 1440 + int(hour) * 60 + int(minute)  # noqa: DTZ001 - as above


def filled(rows: Table) -> MergeIndex:
    """The messages in an index, by their row, with the minutes of their arrival."""
    index = MergeIndex()
    texts = [features(row["title"], row["text"].strip()) for row in rows]
    places = np.full((len(rows), 2), np.nan)
    arrived = np.array([arrival(row) for row in rows], np.int64)
    index.add_many(range(len(rows)), texts, places, arrived, np.zeros(len(rows), np.int32))
    return index


def neighbours(rows: Table) -> tuple[float, float, int]:
    """Shares of clustered messages whose nearest, and whose five nearest, hold one of the same silver cluster."""
    index = filled(rows)
    marked = [i for i, row in enumerate(rows) if row["silver_cluster"]]
    first = within = 0
    for i in marked:
        asked = features(rows[i]["title"], rows[i]["text"].strip())
        found = index.find(asked, None, None, arrival(rows[i]), 0, limit=6, explain=False)
        same = [rows[c.key]["silver_cluster"] == rows[i]["silver_cluster"] for c in found if c.key != i][:5]
        first += same[0]
        within += any(same)
    return first / len(marked), within / len(marked), len(marked)


def boston(rows: Table, groups: list[str]) -> Reports:
    """The table as the replay wants it."""
    return Reports(
        opened=np.array([_minutes(row["OPEN_DT"]) for row in rows]),
        closed=np.array([_minutes(row["CLOSED_DT"]) for row in rows]),
        places=np.array([(float(row["LONGITUDE"]), float(row["LATITUDE"])) for row in rows]),
        categories=_codes(rows, "TYPE"),
        features=[features(row["CASE_TITLE"], row["TYPE"]) for row in rows],
        groups=np.column_stack([_codes(rows, name) for name in groups]),
        duplicates=np.array(["Duplicate of Existing Case" in row["CLOSURE_REASON"] for row in rows]),
    )


def narrowed(seen: Replay, groups: int) -> Replay:
    """The replay with only the first `groups` of GROUPS."""
    width = len(seen.names) - len(GROUPS) + groups
    return Replay(seen.columns[:, :width], seen.names[:width], seen.candidate)


def _boston() -> list[BenchRow]:
    reports = boston(table(BOSTON), GROUPS)
    seen, half = replay(reports), len(reports.duplicates) // 2
    rows = []
    for name, groups in (("merge.quality.boston", len(GROUPS)), ("merge.quality.boston.no_queue", len(GROUPS) - 1)):
        scores = flag_scores(narrowed(seen, groups), reports.duplicates, half, seed=1)
        found = figures_at(scores, reports.duplicates[half:], FLAG_SHARE)
        note = f"trained on the first half, {found.flagged_share:.4f} flagged, precision {found.precision:.3f}"
        rows.append(BenchRow(name, found.recall, "share", 0.66, None, len(reports.duplicates) - half, note))
    return [*rows, *live_rows(reports, seen, half)]


def live_rows(reports: Reports, seen: Replay, half: int) -> list[BenchRow]:
    """What the running index reaches by itself, without the history and the codes that only the replay has: the
    rule set by hand, and the compact scorer learnt from the first half, which then picks its own candidates."""
    pairs, categories = pair_columns(seen), [str(c) for c in reports.categories.tolist()]
    scorer, _ = learn(pairs[:half], categories[:half], reports.duplicates[:half], seed=1)
    again = replay(reports, scorer.numbered(int))
    learnt = scorer.scores(pair_columns(again)[half:], categories[half:])
    answers = reports.duplicates[half:]
    error = calibration_error(learnt, answers)
    rows = []
    for name, scores, candidate, note in (
        ("rule", by_hand(pairs[half:]), seen.candidate, "the hand-set rule, pair columns only"),
        ("learnt", learnt, again.candidate, f"compact scorer in the index, calibration error {error:.4f}"),
    ):
        scores[candidate[half:] < 0] = 0.0
        found = figures_at(scores, answers, FLAG_SHARE)
        told = f"{note}, precision {found.precision:.3f}"
        rows.append(BenchRow(f"merge.quality.boston.{name}", found.recall, "share", None, None, answers.size, told))
    return rows


def pair_columns(seen: Replay) -> Floats:
    """The pair columns of each best candidate; zeros without one."""
    return np.where((seen.candidate >= 0)[:, None], seen.columns[:, : len(PAIR_COLUMNS)], 0.0)


def by_hand(pairs: Floats) -> Floats:
    """The hand-set rule on rows of PAIR_COLUMNS."""
    return LOGISTIC(Pairs(pairs[:, 0] > 0, pairs[:, 1], pairs[:, 2], pairs[:, 3], 0, 0.0))


def _chinese() -> list[BenchRow]:
    first, within, n = neighbours(table(CHINESE))
    note = "silver clusters, 4,326 messages"
    return [
        BenchRow("merge.quality.chinese.at1", first, "share", 0.88, None, n, note),
        BenchRow("merge.quality.chinese.at5", within, "share", 0.97, None, n, note),
    ]


def _minutes(moment: str) -> float:
    if not moment:
        return math.inf
    then = datetime.strptime(moment, "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007 - local times without a zone
    return (then - NEW_YEAR).total_seconds() / 60


def _codes(rows: Table, column: str) -> NDArray[np.int32]:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(row[column], len(seen)) for row in rows], np.int32)
