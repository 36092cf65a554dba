"""Undo through the store: the figures forget the move, the record does not, and a replay agrees with both."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anlan.app import handle, receive
from anlan.app.world import World
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.store.rebuild import compare, rebuild

HERE = "branch.370202"
ME = Actor("p-1", HERE, ("officer",))


@pytest.fixture
def matter(world: World, somebody: Callable[..., Actor]) -> Matter:
    one = Intake("call_968110", "c-1", "一件", "一件事", world.clock(), district="370202", unit=HERE)
    prepared = receive.prepare(world, world.domains["hotline"], one, somebody("operator"))
    return world.store.writer.submit(prepared.commit).matters[0]


def move(world: World, matter: Matter, who: Actor, key: str, **fields: object) -> Matter:
    commit = handle.prepare(world, matter.number, Intent(key, matter.version, fields), who)
    return world.store.writer.submit(commit).matters[0]


def figures(world: World) -> dict[str, int]:
    names = ("received", "assigned", "accepted", "accepted_in_time", "returned")
    rows = world.store.read.sums(names, "s.unit", 0, 10**6, {})
    return {measure: n for _, measure, n in rows}


def flows(world: World) -> dict[tuple[str, str], object]:
    return {(d.key, f.key): f for d in world.domains.values() for f in d.flows}


@pytest.mark.parametrize(
    ("key", "fields", "counted"),
    [("accept", {}, "accepted"), ("return", {"reason": "place_wrong", "note": "不在辖区"}, "returned")],
)
def test_figures_record_and_replay_agree(
    world: World, matter: Matter, key: str, fields: dict[str, object], counted: str
) -> None:
    before = figures(world)
    moved = move(world, matter, ME, key, **fields)
    assert figures(world)[counted] == 1
    back = world.store.writer.submit(handle.undo(world, matter.number, moved.version, ME)).matters[0]
    assert (back.stage, back.lead, back.clocks) == (matter.stage, matter.lead, matter.clocks)
    assert figures(world) == before
    assert [f.kind for f in world.store.read.facts(matter.number)][-2:] == [counted, "undone"]
    assert compare(world.store.database, flows(world)).different == []  # type: ignore[arg-type]
    move(world, back, ME, "accept")
    assert figures(world)["accepted"] == 1
    world.store.close()
    rebuild(world.store.database, flows(world))  # type: ignore[arg-type]
    assert compare(world.store.database, flows(world)).different == []  # type: ignore[arg-type]
    assert figures(world)["accepted"] == 1


def test_somebody_was_quicker(world: World, matter: Matter, somebody: Callable[..., Actor]) -> None:
    moved = move(world, matter, ME, "accept")
    commit = handle.undo(world, matter.number, moved.version, ME)
    move(world, moved, somebody("overseer"), "note", note="看到了")
    with pytest.raises(Refused, match=r"matter\.conflict"):
        world.store.writer.submit(commit)
    with pytest.raises(Refused, match=r"undo\.not_this"):
        handle.undo(world, matter.number, moved.version + 1, ME)
