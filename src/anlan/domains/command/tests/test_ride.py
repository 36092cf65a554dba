"""What somebody does from the unit they ride in, at once or late: given, when, then."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from anlan.domains.command import ride
from anlan.domains.command import units as board
from anlan.domains.command.fleet import fleet
from anlan.domains.command.ride import Deed
from anlan.domains.command.units import AVAILABLE, EN_ROUTE, OFF, ON_SCENE, REST, Unit
from anlan.loop.grants import Actor


def rider(room: Any, unit: Unit, n: int = 0) -> Actor:
    """Somebody of the unit's house who has logged on to it."""
    officer = room.world.city.roster.of_unit(unit.organisation, "officer")[n]
    actor = Actor(officer.number, officer.unit, ("officer",))
    room.world.store.writer.submit(board.ride(room.world, actor, unit.key, on=True))
    return actor


def do(room: Any, actor: Actor, deed: str, **said: Any) -> dict[str, int]:
    answer = asyncio.run(ride.do(room.world, actor, Deed(deed, **said)))
    return msgspec.json.decode(answer, type=dict[str, int])


def test_given_no_network_when_the_deeds_come_late_then_each_has_its_own_time(room: Any) -> None:
    unit = room.available()
    actor = rider(room, unit)
    matter = room.send(room.call(room.at(unit), "incident.dispute"), unit.key)
    sent_at = room.world.clock()
    room.later(3600)
    for deed, seconds in (("set_out", 30), ("arrive", 200), ("clear", 1500)):
        do(room, actor, deed, at=sent_at + seconds * 1000, matter=matter.number)
    (sent,) = room.world.store.read.matter(matter.number).sent
    assert (sent.set_out_at - sent_at, sent.arrived_at - sent_at) == (30_000, 200_000)
    assert room.unit(unit.key).state == AVAILABLE


def test_given_somebody_called_the_unit_off_when_its_arrival_comes_late_then_it_is_refused(room: Any) -> None:
    unit = room.available()
    actor = rider(room, unit)
    matter = room.send(room.call(room.at(unit), "incident.dispute"), unit.key)
    pressed = room.world.clock() + 1000
    room.later(60)
    room.move(matter, "withdraw", unit.key, reason="cancelled")
    deed = Deed("arrive", at=pressed, matter=matter.number)
    assert room.refused(lambda: asyncio.run(ride.do(room.world, actor, deed))) == "sending.not_sent"
    assert room.unit(unit.key).state == AVAILABLE
    other = room.send(room.call(room.at(unit, 2000), "incident.fight"), unit.key)
    assert room.refused(lambda: asyncio.run(ride.do(room.world, actor, deed))) == "sending.not_sent"
    assert room.world.store.read.matter(other.number).stage == "sent"


def test_given_others_wrote_to_the_incident_when_the_unit_arrives_then_both_stand(room: Any) -> None:
    unit, other = room.available(), room.available(1)
    actor = rider(room, unit)
    matter = room.send(room.call(room.at(unit), "incident.dispute"), unit.key)
    room.send(matter, other.key)
    room.move(matter, "set_out", other.key)
    done = do(room, actor, "arrive", matter=matter.number)
    assert done["version"] == done["was"] + 1 == board.one(room.world, unit.key)[0]
    assert (room.unit(unit.key).state, room.unit(other.key).state) == (ON_SCENE, EN_ROUTE)


def test_given_the_dispatcher_changed_the_state_when_an_older_state_comes_then_theirs_stands(room: Any) -> None:
    unit = room.available()
    actor = rider(room, unit)
    seen, _ = board.one(room.world, unit.key)
    room.world.store.writer.submit(board.tell(room.world, room.dispatcher, unit.key, seen, "busy"))
    deed = Deed("state", state=REST, version=seen)
    assert room.refused(lambda: asyncio.run(ride.do(room.world, actor, deed))) == "unit.moved_on"
    assert room.unit(unit.key).state == "busy"


def test_given_a_unit_that_cannot_go_when_it_says_so_then_the_incident_waits_again_with_the_reason(room: Any) -> None:
    unit = room.available()
    actor = rider(room, unit)
    matter = room.send(room.call(room.at(unit), "incident.dispute"), unit.key)
    do(room, actor, "decline", matter=matter.number, note="车辆故障")
    matter = room.world.store.read.matter(matter.number)
    assert (matter.stage, matter.units_out, room.unit(unit.key).state) == ("received", (), AVAILABLE)
    told = next(f for f in room.world.store.read.facts(matter.number) if f.kind == "unit_withdrawn")
    assert told.data["reason"] == "unit_declined"


def test_given_two_who_ride_when_one_goes_off_then_the_unit_stays_on_until_the_last(room: Any) -> None:
    unit = room.available()
    first, second = rider(room, unit), rider(room, unit, 1)
    do(room, first, "state", state=OFF)
    assert (room.unit(unit.key).crew, room.unit(unit.key).state) == ((second.id,), AVAILABLE)
    do(room, second, "state", state=OFF)
    assert (room.unit(unit.key).crew, room.unit(unit.key).state) == ((), OFF)
    assert room.refused(lambda: do(room, second, "well")) == "unit.not_riding"


def test_given_a_telephone_when_it_tells_its_place_then_only_its_own_unit_is_there(room: Any) -> None:
    unit, other = room.available(), room.available(1)
    actor = rider(room, unit)
    before = fleet(room.world).spot(other)
    taken = ride.here(room.world, actor, 120.38, 36.07, room.world.clock())
    spot = fleet(room.world).spot(unit)
    assert spot is not None
    assert (taken.taken, spot.lon, spot.lat) == (1, 120.38, 36.07)
    assert fleet(room.world).spot(other) == before
    ahead = room.world.clock() + 60_000
    assert room.refused(lambda: ride.here(room.world, actor, 120.38, 36.07, ahead)) == "position.future"
    nobody = Actor("nobody", unit.organisation, ("officer",))
    assert room.refused(lambda: ride.here(room.world, nobody, 120.38, 36.07, 0)) == "unit.not_riding"


def test_given_a_deed_that_is_none_when_it_is_sent_then_it_is_refused(room: Any) -> None:
    actor = rider(room, room.available())
    assert room.refused(lambda: do(room, actor, "vanish")) == "deed.unknown"
    assert room.refused(lambda: do(room, actor, "state", state="on_scene")) == "deed.unknown"
