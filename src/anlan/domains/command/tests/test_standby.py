"""Forward standby: what is proposed against counting by hand, what is accepted, what became of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from anlan.domains.command import standby, standby_plan
from anlan.domains.command import units as board
from anlan.domains.command.cover import BUSY
from anlan.domains.command.fleet import Fix, fleet
from anlan.domains.command.standby import Ask
from anlan.domains.command.standby_plan import Spot
from anlan.domains.command.units import AVAILABLE
from anlan.engines.errors import EngineError
from anlan.loop.grants import Actor

DAY_S = 86_400


def chief(room: Any, house: str) -> Actor:
    officer = room.world.city.roster.of_unit(house, "chief")[0]
    return Actor(officer.number, house, ("chief",))


def spots(proposal: standby.Proposal) -> list[Spot]:
    return [Spot(one.unit, round(one.lon * 1e6), round(one.lat * 1e6)) for one in proposal.points]


def share(room: Any, ask: Ask, zones: list[int]) -> float:
    """The expected cover, zone by zone as Daskin has it."""
    known = standby.ready(room.world)
    calls, seconds = standby.demand(room.world).calls[:, ask.hour], standby.times(room.world, known)
    covered = 0.0
    for zone in range(len(calls)):
        near = sum(1 for at in zones if seconds[at, zone] <= ask.within)
        covered += calls[zone] * (1 - BUSY**near)
    return float(covered / calls.sum())


def test_given_a_fleet_when_points_are_proposed_then_they_cover_what_is_said_and_no_less_than_now(room: Any) -> None:
    ask = Ask(20, 12)
    proposal, standing = standby.propose(room.world, room.dispatcher, ask), standby.free(room.world, room.dispatcher)
    fixed = np.repeat(np.arange(len(standing.fixed)), standing.fixed).tolist()
    by_hand = share(room, ask, [one.zone for one in proposal.points] + fixed)
    assert abs(by_hand - proposal.share_ppm / 1e6) < 2e-6
    assert proposal.now_ppm <= proposal.share_ppm <= proposal.bound_ppm
    assert proposal.bound_ppm - proposal.share_ppm <= 1e-3 * proposal.bound_ppm + 1
    assert len({one.unit for one in proposal.points}) == 12 == len(proposal.points)
    assert {room.unit(one.unit).vehicle for one in proposal.points} <= {"car", "motorcycle"}
    least = proposal.points[-1]
    without = share(room, ask, [one.zone for one in proposal.points[:-1]] + fixed)
    assert abs((by_hand - without) * 1e6 - least.worth_ppm) < 3


def test_given_calls_at_one_place_and_hour_when_the_surface_is_drawn_then_it_is_highest_there_and_then(
    room: Any,
) -> None:
    place = room.at(room.available())
    now = room.world.clock()
    for day in range(1, 15):
        at = now - day * DAY_S * 1000
        room.world.clock = lambda at=at: at
        for _ in range(3):
            room.call(place, "incident.noise")
    room.world.clock = lambda: now
    room.world.kept.pop("command.cover", None)
    surface, known = standby.demand(room.world), standby.ready(room.world)
    (zone,) = standby.zones_at(known, [place])
    assert surface.seen == 42
    assert divmod(int(surface.calls.argmax()), 24) == (zone, 12)
    assert abs(surface.calls.sum() * 28 - 42) < 1e-6


def test_given_a_chief_when_points_are_proposed_then_only_their_own_units_move(room: Any) -> None:
    who = chief(room, room.available().organisation)
    mine = {one.unit for one in standby.propose(room.world, who, Ask(9)).points}
    assert mine
    assert all(board.may(room.world, who, room.unit(key), "deploy") for key in mine)
    other = next(
        unit.key
        for _, unit in board.register(room.world).rows().values()
        if unit.state == AVAILABLE and not board.may(room.world, who, unit, "deploy")
    )
    spot = spots(standby.propose(room.world, who, Ask(9)))[0]
    spot = Spot(other, spot.lon_e6, spot.lat_e6)
    assert room.refused(lambda: standby_plan.accept(room.world, who, Ask(9), [spot])) == "access.denied"


def test_given_what_cannot_be_when_it_is_asked_for_then_it_is_refused(room: Any) -> None:
    world, who = room.world, room.dispatcher
    free = len(standby.free(world, who).units)
    assert room.refused(lambda: standby.propose(world, who, Ask(24))) == "field.out_of_range"
    assert room.refused(lambda: standby.propose(world, who, Ask(9, within=60))) == "field.not_an_option"
    assert room.refused(lambda: standby.propose(world, who, Ask(9, free + 1))) == "standby.few"
    assert room.refused(lambda: standby_plan.accept(world, who, Ask(9), [])) == "standby.empty"
    spot = spots(standby.propose(world, who, Ask(9, 1)))[0]
    assert room.refused(lambda: standby_plan.accept(world, who, Ask(9), [spot, spot])) == "standby.twice"
    at_sea = Spot(spot.unit, 125_000_000, 35_000_000)
    assert room.refused(lambda: standby_plan.accept(world, who, Ask(9), [at_sea])) == "standby.off_road"
    for version, unit in list(board.register(world).rows().values()):
        if unit.state == AVAILABLE:
            world.store.writer.submit(board.tell(world, who, unit.key, version, "busy"))
    assert room.refused(lambda: standby.propose(world, who, Ask(9))) == "standby.nobody"


def test_given_a_plan_when_it_is_over_then_it_says_who_stood_where_and_what_was_covered(room: Any) -> None:
    world, ask = room.world, Ask(12, 3)
    proposal = standby.propose(world, room.dispatcher, ask)
    key = world.store.writer.submit(standby_plan.accept(world, room.dispatcher, ask, spots(proposal))).answer.decode()
    plan = standby_plan.one(world, key)
    assert (plan.begins, plan.ends) == (world.clock(), world.clock() + 3_600_000)
    assert (plan.share_ppm, plan.bound_ppm) == (proposal.share_ppm, proposal.bound_ppm)
    there, sent, elsewhere = plan.spots
    assert standby_plan.spot_of(world, there.unit) == (plan, there)
    matter = room.send(room.call((sent.lon_e6 / 1e6, sent.lat_e6 / 1e6), "incident.noise"), sent.unit)
    for _ in range(12):
        fixes = [Fix(one.unit, one.lon_e6 / 1e6, one.lat_e6 / 1e6, world.clock()) for one in (there, sent)]
        away = Fix(elsewhere.unit, there.lon_e6 / 1e6, there.lat_e6 / 1e6, world.clock())
        assert not fleet(world).take([*fixes, away]).refused
        room.later(300)
    fleet(world).write()
    after = standby_plan.after(world, plan)
    stood = {one.unit: one for one in after.stood}
    assert after.looks == 12
    assert (stood[there.unit].in_place, stood[there.unit].metres) == (12, 0)
    assert (stood[sent.unit].out, stood[sent.unit].in_place) == (12, 0)
    assert (stood[elsewhere.unit].known, stood[elsewhere.unit].in_place) == (12, 0)
    assert after.share_ppm is not None
    assert 0 < after.share_ppm < after.planned_ppm <= plan.share_ppm
    assert world.store.read.matter(matter.number).stage == "sent"


def test_given_a_floor_when_points_are_proposed_then_no_district_is_below_it_and_the_price_is_said(room: Any) -> None:
    world, who = room.world, room.dispatcher
    free = standby.propose(world, who, Ask(20))
    assert free.without_ppm == free.share_ppm
    lowest = free.districts[0]
    assert [one.share_ppm for one in free.districts] == sorted(one.share_ppm for one in free.districts)
    floor = lowest.share_ppm // 10_000 + 3
    kept = standby.propose(world, who, Ask(20, floor=floor))
    assert kept.without_ppm == free.share_ppm > kept.share_ppm
    assert kept.share_ppm <= kept.bound_ppm
    standing = standby.free(world, who)
    at = [one.zone for one in kept.points] + np.repeat(np.arange(len(standing.fixed)), standing.fixed).tolist()
    known, calls = standby.ready(world), standby.demand(world).calls[:, 20]
    reached = standby.times(world, known) <= 600
    for one in kept.districts:
        whole = covered = 0.0
        for zone in range(len(calls)):
            place = world.city.areas.locate(float(known.zones.lon[zone]), float(known.zones.lat[zone]))
            if place.district == one.key:
                near = sum(bool(reached[site, zone]) for site in at)
                whole, covered = whole + calls[zone], covered + calls[zone] * (1 - BUSY**near)
        assert covered / whole >= floor / 100 - 1e-9
        assert abs(covered / whole * 1e6 - one.share_ppm) < 2
    assert {one.key: one.without_ppm for one in kept.districts} == {one.key: one.share_ppm for one in free.districts}
    for proposed, keeps in ((kept, True), (free, False)):
        accepted = standby_plan.accept(world, who, Ask(20, floor=floor), spots(proposed))
        plan = standby_plan.one(world, world.store.writer.submit(accepted).answer.decode())
        assert (plan.floor, plan.keeps_floor, plan.bound_ppm) == (floor, keeps, free.bound_ppm)
        assert (plan.lowest, plan.lowest_ppm) == (proposed.districts[0].key, proposed.districts[0].share_ppm)


def test_given_a_floor_that_nothing_can_keep_when_it_is_asked_for_then_it_is_refused(room: Any) -> None:
    world, who = room.world, room.dispatcher
    assert room.refused(lambda: standby.propose(world, who, Ask(9, 3, floor=60))) == "standby.floor"
    assert room.refused(lambda: standby.propose(world, who, Ask(9, floor=96))) == "field.out_of_range"
    assert room.refused(lambda: standby.propose(world, who, Ask(9, floor=-1))) == "field.out_of_range"


def test_given_a_floor_that_was_not_settled_when_it_is_asked_for_then_it_is_said(room: Any, monkeypatch: Any) -> None:
    def unsettled(*_: Any) -> None:
        raise EngineError("deploy.floors_open", nodes=30)

    monkeypatch.setattr("anlan.engines.deployment.expected_cover.branch", unsettled)
    ask = Ask(20, floor=10)
    assert room.refused(lambda: standby.propose(room.world, room.dispatcher, ask)) == "standby.floor_open"
