"""Child matters end to end: one transaction opens the child on its own ledger and tells the parent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.app import handle, look, receive
from anlan.app.world import World
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.errors import Conflict, Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, ledger_of
from anlan.store.rebuild import compare
from anlan.store.verify import verify

WORK = "查三个路口的监控，找出改装车辆。结果写明车牌"


class Desk:
    """Makes moves in a world, as an officer of the matter's unit unless somebody else is named."""

    def __init__(self, world: World, somebody: Callable[..., Actor]) -> None:
        self.world, self.somebody = world, somebody

    def state(self, matter: Matter) -> Matter:
        return self.world.store.read.matter(matter.number)

    def move(self, matter: Matter, key: str, who: Actor | None = None, **fields: Any) -> list[Matter]:
        now = self.state(matter)
        intent = Intent(key, now.version, fields)
        commit = handle.prepare(self.world, now.number, intent, who or self.somebody("officer", now.lead))
        return self.world.store.writer.submit(commit).matters

    def finish(self, matter: Matter) -> list[Matter]:
        self.move(matter, "accept")
        self.move(matter, "report", note="办完了")
        return self.move(matter, "verify", self.somebody("overseer"))


@pytest.fixture
def desk(world: World, somebody: Callable[..., Actor]) -> Desk:
    return Desk(world, somebody)


@pytest.fixture
def parent(desk: Desk) -> Matter:
    """A matter in the hands of a station, with one reporter."""
    return opened(desk, "c-1")


@pytest.fixture
def elsewhere(desk: Desk, parent: Matter) -> str:
    """A station of another district."""
    units = desk.world.city.organisation
    return next(u.key for u in units.of_kind("station") if u.district != units[parent.lead].district)


def opened(desk: Desk, outside_id: str) -> Matter:
    world, place = desk.world, desk.world.city.places.places[0]
    said = ("call_968110", outside_id, "炸街", "每晚炸街", world.clock(), place.lon, place.lat)
    prepared = receive.prepare(
        world, world.domains["hotline"], Intake(*said, category="public_order.noise"), desk.somebody("operator")
    )
    return desk.move(world.store.writer.submit(prepared.commit).matters[0], "accept")[0]


def test_the_child_is_opened_on_its_own_ledger_and_the_parent_tells_its_number(
    desk: Desk, parent: Matter, elsewhere: str
) -> None:
    child, now = desk.move(parent, "open_child", unit=elsewhere, note=WORK)
    assert (child.parent, child.lead, child.stage) == (parent.number, elsewhere, "assigned")
    assert ledger_of(child.number) == child.ledger == desk.world.city.organisation[elsewhere].district
    assert (child.category, child.place, child.parties) == (parent.category, parent.place, ())
    assert now.children_open == (child.number,)
    told = desk.world.store.read.facts(parent.number)[-1]
    assert (told.kind, told.data["number"], told.data["unit"]) == ("child_opened", child.number, elsewhere)
    assert desk.world.store.read.titles([child.number]) == {child.number: "查三个路口的监控，找出改装车辆"}


def test_closing_the_child_tells_the_parent_in_the_same_transaction(desk: Desk, parent: Matter, elsewhere: str) -> None:
    child, _ = desk.move(parent, "open_child", unit=elsewhere, note=WORK)
    with pytest.raises(Refused, match=r"close\.children_open"):
        desk.move(parent, "report", note="好了")
    gone, now = desk.finish(child)
    assert (gone.stage, now.number, now.children_open) == ("closed", parent.number, ())
    assert desk.move(parent, "report", note="好了")[0].stage == "verifying"


def test_a_child_closes_whatever_became_of_its_parent_meanwhile(desk: Desk, parent: Matter, elsewhere: str) -> None:
    child, _ = desk.move(parent, "open_child", unit=elsewhere, note=WORK)
    desk.move(child, "accept")
    desk.move(child, "report", note="办完了")
    intent = Intent("verify", desk.state(child).version, {})
    commit = handle.prepare(desk.world, child.number, intent, desk.somebody("overseer"))
    noted = desk.move(parent, "progress", note="还在等")[0]
    done = desk.world.store.writer.submit(commit)
    assert (done.matters[1].version, done.matters[1].children_open) == (noted.version + 1, ())


def test_reopening_a_child_is_judged_by_the_parent_that_stands(desk: Desk, parent: Matter, elsewhere: str) -> None:
    child, _ = desk.move(parent, "open_child", unit=elsewhere, note=WORK)
    desk.finish(child)
    overseer = desk.somebody("overseer")
    intent = Intent("reopen", desk.state(child).version, {"note": "车牌没查到"})
    late = handle.prepare(desk.world, child.number, intent, overseer)
    desk.move(parent, "report", note="好了")
    with pytest.raises(Conflict):
        desk.world.store.writer.submit(late)
    with pytest.raises(Refused, match=r"child\.parent_not_working"):
        desk.move(child, "reopen", overseer, note="车牌没查到")
    desk.move(parent, "send_back", overseer, note="车牌没查到")
    again, now = desk.move(child, "reopen", overseer, note="车牌没查到")
    assert (again.stage, now.children_open) == ("assigned", (child.number,))


def test_children_merge_among_themselves_only_and_take_no_reporters(desk: Desk, parent: Matter, elsewhere: str) -> None:
    operator = desk.somebody("operator")
    one, _ = desk.move(parent, "open_child", unit=elsewhere, note=WORK)
    two, _ = desk.move(parent, "open_child", unit=elsewhere, note=WORK)
    stranger = opened(desk, "c-2")
    with pytest.raises(Refused, match=r"merge\.child_apart"):
        handle.merge(desk.world, one.number, stranger.number, one.version, operator)
    with pytest.raises(Refused, match=r"merge\.children_open"):
        handle.merge(desk.world, parent.number, stranger.number, desk.state(parent).version, operator)
    intake = Intake("call_968110", "c-3", "同一件", "同一件", desk.world.clock())
    with pytest.raises(Refused, match=r"child\.no_reporters"):
        receive.prepare(desk.world, desk.world.domains["hotline"], intake, operator, join=one.number)
    done = desk.world.store.writer.submit(
        handle.merge(desk.world, two.number, one.number, desk.state(two).version, operator)
    )
    assert done.matters[2].children_open == (one.number,)
    desk.finish(one)
    assert desk.state(parent).children_open == ()


@pytest.mark.anyio
async def test_the_lead_unit_sees_the_child_and_the_childs_unit_not_the_parent(
    desk: Desk, parent: Matter, elsewhere: str
) -> None:
    child, _ = desk.move(parent, "open_child", unit=elsewhere, note=WORK)
    lead, helper = desk.somebody("officer", parent.lead), desk.somebody("officer", elsewhere)
    seen = await look.view(desk.world, lead, child.number)
    assert (seen.title, seen.text, seen.moves) == ("查三个路口的监控，找出改装车辆", WORK, [])
    with pytest.raises(Refused, match=r"matter\.unknown"):
        await look.view(desk.world, helper, parent.number)
    units = desk.world.city.organisation.of_kind("station")
    stranger = desk.somebody("officer", next(u.key for u in units if u.key not in {elsewhere, parent.lead}))
    with pytest.raises(Refused) as no:
        await look.view(desk.world, stranger, child.number)
    assert no.value.params == {"matter": child.number}, "not even the parent's number is told"


def test_a_family_is_replayed_byte_for_byte_and_a_child_was_not_received(
    desk: Desk, parent: Matter, elsewhere: str
) -> None:
    world = desk.world
    desk.finish(desk.move(parent, "open_child", unit=elsewhere, note=WORK)[0])
    received = world.store.read.sums(["received", "closed"], "domain", 0, 99_999, {})
    assert received == [("hotline", "closed", 1), ("hotline", "received", 1)]
    world.store.close()
    flows = {(d.key, f.key): f for d in world.domains.values() for f in d.flows}
    assert compare(world.store.database, flows).different == []
    assert verify(world.store.database, world.store.public_key).faults == []
