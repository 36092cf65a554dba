"""A list by kinds is read as a list by stages, unless a stage's name means two kinds in two lines of work."""

from __future__ import annotations

from dataclasses import replace as remade

import msgspec

from anlan.app import look
from anlan.app.world import World
from anlan.loop.flow import Stage
from anlan.loop.grants import Actor
from anlan.store.read import OPEN_KINDS, Shape


def test_kinds_are_told_as_stages(world: World) -> None:
    assert world.stages_of(("closed",)) == ("closed",)
    assert "closed" not in world.stages_of(OPEN_KINDS)
    assert world.stages_of(("nonsense",)) == ()
    shape = look.narrowed(world, Actor("p-1", "branch.370202", ("overseer",)), Shape(kinds=("calling",)))
    assert (shape.kinds, shape.stages) == ((), ("calling",))


def test_a_name_that_means_two_kinds_stays_a_kind(world: World) -> None:
    hotline = world.domains["hotline"]
    flow = hotline.flows[0]
    other = msgspec.structs.replace(flow, key="other", stages=(*flow.stages[1:], Stage("received", "working", "act")))
    twice = remade(world, domains={"hotline": msgspec.structs.replace(hotline, flows=(*hotline.flows, other))})
    assert twice.stages_of(("waiting",)) == ()
    shape = look.narrowed(twice, Actor("p-1", "branch.370202", ("overseer",)), Shape(kinds=("waiting",)))
    assert (shape.kinds, shape.stages) == (("waiting",), ())
