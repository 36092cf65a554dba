"""Learn: the city's own matters teach the classifier and the duplicate finder. Reading their texts is on the ledger."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from anlan.app.redact import redacted
from anlan.app.world import World, year_of
from anlan.engines.classify import Model
from anlan.engines.merge_learn import Additive
from anlan.engines.merge_replay import Reports
from anlan.engines.text import Features, features
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import minute_of
from anlan.store.commit import Commit
from anlan.store.read import PAGE_MAX, Shape

SET_MODEL = (
    "INSERT INTO models VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body,"
    " note = excluded.note, at = excluded.at"
)

MATTERS_MAX = 100_000
CLASS_MIN = 5
IDS_MAX = 500
Said = tuple[Matter, dict[str, dict[str, str]]]
"""A matter, and what was said by the id of the text; a text that was erased is not there."""


@dataclass(frozen=True)
class Joined:
    """The record as the replay wants it. `categories`: their keys; `whole`: per report the row of the matter it is, or
    was found to be the same as."""

    reports: Reports
    categories: list[str]
    whole: list[int]


class _Report(NamedTuple):
    """`same`: the number of the matter it was merged into or joined, else 0. `closed`: minutes, infinite while open."""

    minute: int
    matter: Matter
    text: str
    closed: float
    same: int
    features: Features


def closed_texts(world: World) -> tuple[list[tuple[str, str]], list[str]]:
    """Title and text, and category, of closed matters; categories with fewer than CLASS_MIN are left out."""
    texts: list[tuple[str, str]] = []
    labels: list[str] = []
    for matter, opened in _said(world, ("closed",)):
        said = opened.get(matter.text)
        if said and matter.category:
            texts.append((said["title"], said["text"]))
            labels.append(matter.category)
    sizes = {label: labels.count(label) for label in set(labels)}
    kept = [i for i, label in enumerate(labels) if sizes[label] >= CLASS_MIN]
    return [texts[i] for i in kept], [labels[i] for i in kept]


def joined_matters(world: World) -> Joined:
    """Every matter in order of arrival, and who joined one; what was merged or joined is a duplicate.

    A caller who joined has no place of an own in the record, and giving the matter's would teach the answer: such a
    report counts only where the matter has no place either.
    """
    found: list[_Report] = []
    own: set[str] = set()
    for matter, opened in _said(world, ()):
        own.add(matter.text)
        if matter.flow == "notice":
            continue
        closed = float(minute_of(matter.closed_at)) if matter.closed_at else math.inf
        said = [(matter.text, matter.opened_at, closed, matter.merged_into)]
        if not matter.place:
            said += [(party.text, party.at, 0.0, matter.number) for party in matter.parties]
        found += [
            _Report(minute_of(at), matter, text, max(closed, minute_of(at)), same, _row(opened[text]))
            for text, at, closed, same in said
            if text in opened
        ]
    # The reporter of a merged matter is that matter, and stands in both.
    kept = {one.text: one for one in found if one.same != one.matter.number or one.text not in own}
    return _as_joined(world, sorted(kept.values(), key=lambda one: (one.minute, one.matter.number, one.text)))


def _as_joined(world: World, found: list[_Report]) -> Joined:
    row_of = {one.matter.number: i for i, one in enumerate(found) if one.text == one.matter.text}
    whole = [row_of.get(one.same, i) for i, one in enumerate(found)]
    for _ in range(len(found).bit_length()):  # a matter may be merged into one that was merged itself
        whole = [whole[i] for i in whole]
    places = [one.matter.place for one in found]
    reports = Reports(
        opened=np.array([float(one.minute) for one in found]),
        closed=np.array([one.closed for one in found]),
        places=np.array([(p.lon_e6 / 1e6, p.lat_e6 / 1e6) if p else (math.nan,) * 2 for p in places]).reshape(-1, 2),
        categories=np.array([world.category_no(one.matter.category) for one in found], np.int32),
        features=[one.features for one in found],
        groups=np.zeros((len(found), 1), np.int32),
        duplicates=np.array([one.same > 0 for one in found], np.bool_),
    )
    return Joined(reports, [one.matter.category for one in found], whole)


def _row(said: dict[str, str]) -> Features:
    row = features(said["title"], redacted(said["text"]))
    return Features(row.grams, row.counts)


def _said(world: World, kinds: tuple[str, ...]) -> Iterator[Said]:
    """The newest matters with all that was said in each; that they were read for training is on the ledger first."""
    after: tuple[int, int] | None = None
    now = world.clock()
    reading = (int(world.ledger), world.ledger, ("read", {"purpose": "train", "what": "text"}))
    world.store.writer.submit(Commit(at=now, actor="system", year=year_of(now), readings=[reading]))
    for _ in range(MATTERS_MAX // PAGE_MAX):
        rows = world.store.read.rows(Shape(kinds=kinds, order="new", after=after, limit=PAGE_MAX))
        ids = {row.matter.text for row in rows} | {party.text for row in rows for party in row.matter.parties}
        opened: dict[str, dict[str, str]] = {}
        for start in range(0, len(ids), IDS_MAX):  # a matter may have thousands of reporters
            opened |= world.store.vault.open(sorted(ids)[start : start + IDS_MAX])
        yield from ((row.matter, opened) for row in rows)
        if len(rows) < PAGE_MAX:
            return
        after = (0, rows[-1].matter.number)


def keep_model(world: World, model: Model, note: str) -> None:
    """Store a classifier and use it from now on."""
    _keep(world, "classify", model.to_bytes(), note, len(model.labels))
    world.classifier = model


def keep_scorer(world: World, scorer: Additive, note: str) -> None:
    """Store a duplicate scorer and use it from now on."""
    _keep(world, "merge", scorer.to_bytes(), note, len(scorer.odds_of))
    world.score_with(scorer)


def _keep(world: World, name: str, body: bytes, note: str, labels: int) -> None:
    now = world.clock()
    data = {"name": name, "note": note, "labels": labels}
    world.store.writer.submit(
        Commit(
            at=now,
            actor="system",
            year=year_of(now),
            readings=[(int(world.ledger), world.ledger, ("trained", data))],
            rows=[(SET_MODEL, (name, body, note, now))],
        )
    )
