"""The main job: real messages go in; each is a matter, routed, timed, handled, called back, measured."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from anlan.app import handle
from anlan.app.learn import keep_model
from anlan.app.load import Loader
from anlan.app.measure import measure
from anlan.app.world import World
from anlan.cli import table
from anlan.cli.mapping import find
from anlan.domains.hotline.seed import labelled
from anlan.engines.classify import train
from anlan.loop.case import Intent
from anlan.loop.grants import Actor
from anlan.loop.matter import CALLBACK_FINAL, Matter
from anlan.store.rebuild import compare
from anlan.store.verify import verify

ROWS = 400
HOUR_MS = 3_600_000


def loaded(world: World, file: Path, rows: int) -> Loader:
    """The first rows of the Chinese messages, through the import channel."""
    mapping = find("cn_messages", "hotline")
    refused: list[object] = []
    loader = Loader(world, world.domains["hotline"], lambda line, why: refused.append((line, why)))
    lines = table.rows(file)
    _, header = next(lines)
    for n, (line, cells) in enumerate(lines):
        if n == rows:
            break
        loader.add(line, mapping.intake(dict(zip(header, cells, strict=True)), "import", world.clock()))
    loader.flush()
    assert refused == []
    return loader


class Walk:
    """Takes a matter round the loop, an hour a step; odd outcomes by a seeded die."""

    def __init__(self, world: World, somebody: Callable[..., Actor], seed: int) -> None:
        self.world, self.somebody, self.rng, self.now = world, somebody, random.Random(seed), world.clock()
        world.clock = lambda: self.now

    def move(self, matter: Matter, who: Actor, key: str, **fields: object) -> Matter:
        self.now += HOUR_MS
        commit = handle.prepare(self.world, matter.number, Intent(key, matter.version, fields), who)
        return self.world.store.writer.submit(commit).matters[0]

    def round(self, matter: Matter) -> Matter:
        overseer, caller = self.somebody("overseer"), self.somebody("callback")
        if not matter.lead:
            matter = self.move(matter, self.somebody("operator"), "assign", unit="branch.370202")
        while matter.stage != "closed":
            officer = self.somebody("operator" if matter.lead == "centre.hotline" else "officer", matter.lead)
            matter = self.move(matter, officer, "accept")
            for assisting in matter.open_assists:
                matter = self.move(matter, self.somebody("officer", assisting), "report_assist", note="协办已完成")
            matter = self.move(matter, officer, "report", note="已处置并告知反映人")
            matter = self.move(matter, overseer, "verify")
            while matter.stage == "calling":
                outcome = self.rng.choices(("satisfied", "not_satisfied", "refused", "unreachable"), (70, 10, 5, 15))[0]
                receipt = matter.pending_callbacks[0].receipt
                matter = self.move(
                    matter, caller, "call_back", receipt=receipt, outcome=outcome, solved=outcome == "satisfied"
                )
        return matter


@pytest.mark.shared
def test_real_messages_go_round_the_loop(world: World, somebody: Callable[..., Actor], shared_data: Path) -> None:
    keep_model(world, train(*labelled(world.city), seed=1), "test")
    loader = loaded(world, shared_data / "hotline/cn_messages_4326.csv.gz", ROWS)
    assert loader.loaded + loader.merged + loader.rejected == ROWS
    walk = Walk(world, somebody, seed=3)
    closed = [walk.round(world.store.read.matter(n)) for n in sorted(set(loader.matters.values()))]

    parties = [p for m in closed for p in m.parties]
    assert len(parties) == ROWS, "every reporter keeps an own receipt"
    assert len({p.receipt for p in parties}) == ROWS
    assert {p.callback for p in parties} <= CALLBACK_FINAL
    assert all(p.attempts == 3 for p in parties if p.callback == "unreachable")
    assert all(m.clocks["matter"].stopped is not None for m in closed)
    reopened = sum(m.reopens for m in closed)
    assert reopened > 0

    figures = {f.measure: f for f in measure(world, "hotline", date(2000, 1, 1), date(2069, 1, 1))}
    assert figures["received"].whole == ROWS
    assert figures["closed"].whole == len(closed)
    assert figures["reopened"].part == reopened
    assert figures["satisfied"].part == sum(p.callback == "satisfied" for p in parties) + _answered_again(world, closed)

    world.store.close()
    flows = {(d.key, f.key): f for d in world.domains.values() for f in d.flows}
    assert compare(world.store.database, flows).different == []
    assert verify(world.store.database, world.store.public_key).faults == []


def _answered_again(world: World, closed: list[Matter]) -> int:
    """Satisfied answers that a later re-opening asked for anew: counted from the facts, not from the state."""
    counted = Counter(
        f.data["outcome"] for m in closed for f in world.store.read.facts(m.number) if f.kind == "called_back"
    )
    return counted["satisfied"] - sum(p.callback == "satisfied" for m in closed for p in m.parties)


@pytest.mark.shared
def test_loading_twice_adds_nothing(world: World, shared_data: Path) -> None:
    file = shared_data / "hotline/cn_messages_4326.csv.gz"
    loaded(world, file, 100)
    sizes = world.store.read.ledgers()
    again = loaded(world, file, 100)
    assert (again.loaded, again.merged, again.known) == (0, 0, 100)
    assert world.store.read.ledgers() == sizes
