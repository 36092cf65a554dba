"""Learn: the city's own closed matters teach the classifier. The reading of their texts is on the ledger."""

from __future__ import annotations

from anlan.app.world import World, year_of
from anlan.engines.classify import Model
from anlan.store.commit import Commit
from anlan.store.read import PAGE_MAX, Shape

MATTERS_MAX = 100_000
CLASS_MIN = 5


def closed_texts(world: World) -> tuple[list[tuple[str, str]], list[str]]:
    """Title and text, and category, of closed matters; categories with fewer than CLASS_MIN are left out."""
    texts: list[tuple[str, str]] = []
    labels: list[str] = []
    after: tuple[int, int] | None = None
    now = world.clock()
    reading = (int(world.ledger), world.ledger, ("read", {"purpose": "train", "what": "text"}))
    world.store.writer.submit(Commit(at=now, actor="system", year=year_of(now), readings=[reading]))
    while len(texts) < MATTERS_MAX:
        rows = world.store.read.rows(Shape(kinds=("closed",), order="new", after=after, limit=PAGE_MAX))
        opened = world.store.vault.open([row.matter.text for row in rows])
        for row in rows:
            said = opened.get(row.matter.text)
            if said and row.matter.category:
                texts.append((said["title"], said["text"]))
                labels.append(row.matter.category)
        if len(rows) < PAGE_MAX:
            break
        after = (0, rows[-1].matter.number)
    sizes = {label: labels.count(label) for label in set(labels)}
    kept = [i for i, label in enumerate(labels) if sizes[label] >= CLASS_MIN]
    return [texts[i] for i in kept], [labels[i] for i in kept]


def keep_model(world: World, model: Model, note: str) -> None:
    """Store a classifier and use it from now on."""
    now = world.clock()
    data = {"name": "classify", "note": note, "labels": len(model.labels)}
    row = ("INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?)", ("classify", model.to_bytes(), note, now))
    world.store.writer.submit(
        Commit(
            at=now,
            actor="system",
            year=year_of(now),
            readings=[(int(world.ledger), world.ledger, ("trained", data))],
            rows=[row],
        )
    )
    world.classifier = model
