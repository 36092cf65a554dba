"""Receiving: duplicates are offered before saving, joined reporters keep their own, doubt is said, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anlan.app import handle, receive
from anlan.app.world import World
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter

TEXT = "浮山后小区东门每天夜里十一点有改装摩托车炸街，孩子睡不着"


def intake(world: World, n: int, text: str = TEXT, **more: object) -> Intake:
    lon, lat = world.city.about.centre
    said = {"lon": lon, "lat": lat, "name": f"反映人{n}", "phone": f"1380000{n:04d}", "category": "public_order.noise"}
    return Intake("call_968110", f"c-{n}", text[:20], text, world.clock(), **{**said, **more})  # type: ignore[arg-type]


def put(world: World, one: Intake, who: Actor, join: int = 0) -> tuple[Matter, int]:
    prepared = receive.prepare(world, world.domains["hotline"], one, who, join)
    key = receive.enter(world, prepared, one)
    done = world.store.writer.submit(prepared.commit)
    receive.settle(world, key, done)
    return done.matters[0], done.receipt


def test_the_second_caller_is_offered_the_first_and_keeps_an_own_receipt(
    world: World, somebody: Callable[..., Actor]
) -> None:
    operator = somebody("operator")
    first, _ = put(world, intake(world, 1), operator)
    offers = receive.advise(world, intake(world, 2, TEXT.replace("每天", "昨天"))).offers
    assert offers[0].key == first.number
    assert offers[0].distance_m == pytest.approx(0, abs=1)
    assert offers[0].shared
    joined, receipt = put(world, intake(world, 2), operator, join=first.number)
    assert joined.number == first.number
    assert receipt != first.number
    assert [p.receipt for p in joined.parties] == [first.number, receipt]


def test_a_human_merges_two_and_both_reporters_are_still_called_back(
    world: World, somebody: Callable[..., Actor]
) -> None:
    operator = somebody("operator")
    kept, _ = put(world, intake(world, 1), operator)
    gone, receipt = put(world, intake(world, 2), operator)
    done = world.store.writer.submit(handle.merge(world, gone.number, kept.number, gone.version, operator))
    handle.after(world, done)
    kept, gone = done.matters
    assert (gone.stage, gone.merged_into) == ("closed", kept.number)
    assert [p.receipt for p in kept.pending_callbacks] == [kept.number, receipt]
    assert world.store.read.receipt(receipt)[0] == kept.number  # type: ignore[index]
    with pytest.raises(Refused, match=r"matter\.closed"):
        put(world, intake(world, 3), operator, join=gone.number)


def test_near_a_border_there_are_candidates_each_with_a_reason(world: World, somebody: Callable[..., Actor]) -> None:
    spot = next(p for p in world.city.places.places if len(world.city.areas.locate(p.lon, p.lat).stations) > 1)
    matter, _ = put(world, intake(world, 1, lon=spot.lon, lat=spot.lat), somebody("operator"))
    assert matter.route["doubtful"] is True
    candidates = matter.route["candidates"]
    assert isinstance(candidates, list)
    assert len(candidates) > 1
    assert {reason for _, reason, _ in candidates} <= {"inside", "near", "other_map"}


def test_a_notice_goes_straight_to_the_call_back_desk(world: World, somebody: Callable[..., Actor]) -> None:
    domain, channel = world.channels["case_system"]
    unit = world.city.organisation.of_kind("branch")[0]
    officer = somebody("officer", world.city.organisation.of_kind("station", unit.district)[0].key)
    said = {
        "notice_no": "n1",
        "summary": "不予立案告知",
        "outcome": "refused",
        "phone": "13800000001",
        "unit": unit.key,
    }
    one = channel.adapt({**said, "officer": officer.id}, world.clock())
    prepared = receive.prepare(world, domain, one, somebody("operator"))
    matter = world.store.writer.submit(prepared.commit).matters[0]
    assert (matter.stage, matter.lead, matter.outcome) == ("calling", unit.key, "refused")
    assert matter.handlers == (officer.id,)


def test_nobody_leaves_a_trace_when_refused(world: World, somebody: Callable[..., Actor]) -> None:
    with pytest.raises(Refused, match=r"phone\.malformed"):
        put(world, intake(world, 1, phone="12"), somebody("operator"))
    assert world.store.read.ledgers() == {}
