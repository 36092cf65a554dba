"""Sending units: given, when, then. Every state is what was written and read again."""

from __future__ import annotations

from typing import Any

import numpy as np

from anlan.app import handle
from anlan.domains.command import dispatch
from anlan.domains.command import units as board
from anlan.domains.command.advise import advise
from anlan.domains.command.fleet import fleet
from anlan.domains.command.units import ASSIGNED, AVAILABLE, EN_ROUTE, ON_SCENE
from anlan.engines.travel.dijkstra import Dijkstra
from anlan.engines.travel.roads import CLOSED, against, milliseconds, turned
from anlan.loop.case import Intent
from anlan.loop.grants import Actor
from anlan.loop.working_calendar import minute_of
from anlan.store.read import Reader


def test_given_a_call_when_it_is_taken_then_its_limit_and_urgency_are_the_types_and_the_places(room: Any) -> None:
    matter = room.call(room.at(room.available()), "incident.fire")
    assert (matter.flow, matter.stage, matter.urgency) == ("incident", "received", 1)
    limit = dispatch.minutes_at(room.world, *room.at(room.available()))
    assert limit in {5, 10}
    assert matter.clocks["matter"].due == minute_of(room.world.clock()) + limit


def test_given_an_incident_when_a_unit_goes_all_the_way_then_the_stage_and_the_unit_follow(room: Any) -> None:
    unit = room.available()
    matter = room.call(room.at(unit), "incident.dispute")
    matter = room.send(matter, unit.key)
    assert (matter.stage, room.unit(unit.key).state, room.unit(unit.key).matter) == ("sent", ASSIGNED, matter.number)
    room.later(20)
    matter = room.move(matter, "set_out", unit.key)
    assert room.unit(unit.key).state == EN_ROUTE
    room.later(100)
    matter = room.move(matter, "arrive", unit.key)
    assert (matter.stage, room.unit(unit.key).state) == ("on_scene", ON_SCENE)
    assert matter.clocks["matter"].stopped is not None
    room.later(600)
    matter = room.move(matter, "clear", unit.key)
    assert (matter.stage, room.unit(unit.key).state, room.unit(unit.key).matter) == ("reporting", AVAILABLE, 0)
    (sent,) = matter.sent
    assert (sent.set_out_at - sent.at, sent.arrived_at - sent.set_out_at) == (20_000, 100_000)


def test_given_an_incident_of_another_district_when_it_is_forwarded_then_it_waits_there_as_before(room: Any) -> None:
    """To forward an incident moves it to no stage: it had been an error of the server."""
    unit, overseer = room.available(), room.world.city.roster.with_role("overseer")[0]
    matter = room.call(room.at(unit), "incident.dispute")
    other = next(u.key for u in room.world.city.organisation.of_kind("branch") if u.key != matter.lead)
    room.later(30)
    who = Actor(overseer.number, overseer.unit, overseer.roles)
    after = room.move(matter, "forward", other, who, note="属于隔壁")
    assert (after.stage, after.lead) == ("received", other)
    assert after.clocks["matter"] == matter.clocks["matter"]
    assert room.send(after, unit.key).stage == "sent"


def test_given_a_unit_sent_by_one_when_another_sends_it_elsewhere_then_only_one_has_it(room: Any) -> None:
    unit = room.available()
    first, second = (room.call(room.at(unit, metres), "incident.theft") for metres in (0, 900))
    intents = [Intent("send", m.version, {"unit": unit.key, "reason": "other"}) for m in (first, second)]
    commits = [
        dispatch.send(room.world, m.number, i, room.dispatcher) for m, i in zip((first, second), intents, strict=True)
    ]
    done = room.world.store.writer.submit_many(commits)
    assert [getattr(one, "code", "ok") for one in done] == ["ok", "unit.moved_on"]
    assert room.unit(unit.key).matter == first.number
    assert room.world.store.read.matter(second.number).sent == ()


def test_given_a_unit_on_its_way_when_it_is_diverted_then_both_incidents_say_so_in_one_commit(room: Any) -> None:
    unit = room.available()
    noise, fire = room.call(room.at(unit, 2000), "incident.noise"), room.call(room.at(unit), "incident.fire")
    room.send(noise, unit.key)
    after = room.send(fire, unit.key)
    left = room.world.store.read.matter(noise.number)
    assert (after.stage, left.stage) == ("sent", "received")
    assert [one.ended_at for one in left.sent] == [room.world.clock()]
    assert room.unit(unit.key).matter == fire.number
    facts = room.world.store.read.facts(noise.number)
    assert (facts[-1].kind, facts[-1].data["reason"]) == ("unit_withdrawn", "diverted")


def test_given_a_stale_page_when_a_unit_is_diverted_then_nothing_is_half_written(room: Any) -> None:
    unit = room.available()
    noise, fire = room.call(room.at(unit, 2000), "incident.noise"), room.call(room.at(unit), "incident.fire")
    room.send(noise, unit.key)
    stale = Intent("send", fire.version, {"unit": unit.key, "reason": "other"})
    commit = dispatch.send(room.world, fire.number, stale, room.dispatcher)
    room.move(noise, "set_out", unit.key)
    (outcome,) = room.world.store.writer.submit_many([commit])
    assert getattr(outcome, "code", "") in {"unit.moved_on", "matter.conflict", "version.conflict", "conflict"}
    assert room.world.store.read.matter(fire.number).sent == ()
    assert room.unit(unit.key).matter == noise.number


def test_given_two_units_when_the_last_leaves_without_arriving_then_somebody_must_be_sent_again(room: Any) -> None:
    one, two = room.available(0), room.available(1)
    matter = room.call(room.at(one), "incident.fight")
    room.send(matter, one.key)
    assert room.send(matter, two.key).stage == "sent"
    assert room.move(matter, "withdraw", one.key, reason="unit_declined").stage == "sent"
    assert room.move(matter, "withdraw", two.key, reason="cancelled").stage == "received"
    assert {room.unit(key).state for key in (one.key, two.key)} == {AVAILABLE}


def test_a_way_has_an_order_and_a_time(room: Any) -> None:
    unit = room.available()
    matter = room.send(room.call(room.at(unit), "incident.theft"), unit.key)
    other = room.available()
    assert room.refused(lambda: room.move(matter, "clear", unit.key)) == "sending.not_there"
    assert room.refused(lambda: room.move(matter, "arrive", other.key)) == "sending.not_sent"
    sent_at = matter.sent[0].at
    assert room.refused(lambda: room.move(matter, "set_out", unit.key, at=sent_at - 1)) == "sending.time"
    assert room.refused(lambda: room.move(matter, "set_out", unit.key, at=sent_at + 60_000)) == "sending.time"
    room.later(300)
    told_late = room.move(matter, "set_out", unit.key, at=sent_at + 15_000)
    assert told_late.sent[0].set_out_at == sent_at + 15_000
    assert room.refused(lambda: room.send(matter, unit.key)) == "sending.already_sent"


def test_who_rides_in_a_unit_tells_its_way_and_nobody_elses(room: Any) -> None:
    unit = room.available()
    mates = [o for o in room.world.city.roster.of_unit(unit.organisation) if o.roles == ("officer",)]
    rider, stranger = (Actor(o.number, o.unit, o.roles) for o in mates[:2])
    room.world.store.writer.submit(board.ride(room.world, rider, unit.key, on=True))
    matter = room.send(room.call(room.at(unit), "incident.theft"), unit.key)
    assert room.refused(lambda: room.move(matter, "set_out", unit.key, stranger)) in {
        "move.not_yours",
        "matter.unknown",
    }
    riding = board.riding(room.world, rider)
    assert riding.rides == unit.key
    assert room.move(matter, "set_out", unit.key, riding).sent[0].set_out_at


def test_the_ranking_is_dijkstras_and_what_was_seen_is_on_the_ledger(room: Any) -> None:
    matter = room.call(room.at(room.available(3), 700), "incident.dispute")
    advice = advise(room.world, matter)
    here = fleet(room.world)
    assert here.roads is not None
    roads = here.roads.roads
    assert matter.place is not None
    target, walk = here.roads.node_at(matter.place.lon_e6 / 1e6, matter.place.lat_e6 / 1e6)
    for one in advice.needs[0].ranked:
        unit = room.unit(one.unit)
        drives = {"car": "car", "motorcycle": "motorcycle", "foot": "foot"}[unit.vehicle]
        times = milliseconds(here.roads.times(drives), roads.arcs)
        back = against(roads, times != CLOSED) if drives in here.roads.walks else np.empty(0, np.int32)
        oracle = Dijkstra(turned(roads, back), np.append(times, times[back]))
        node, _, _ = here.nodes([unit])
        assert one.drive_ms == int(oracle.to_one(node, target)[0])
        parts = (one.wait_ms, one.turnout_ms, one.access_ms, one.drive_ms, one.walk_ms)
        assert one.arrival_ms == sum(parts)
        assert one.walk_ms == round(walk / 5.0 * 1000)
    arrivals = [one.arrival_ms for one in advice.needs[0].ranked]
    assert arrivals == sorted(arrivals)
    assert advice.recommended == (advice.needs[0].ranked[0].unit,)
    room.send(matter, advice.recommended[0], "recommended", advice.id)
    told = room.world.store.read.facts(matter.number)[-1].data["advice"]
    assert (told["id"], told["as_recommended"]) == (advice.id, True)
    assert [one["unit"] for one in told["needs"][0]["ranked"]] == [one.unit for one in advice.needs[0].ranked][:8]


def test_a_met_card_recommends_nobody_more(room: Any) -> None:
    matter = room.call(room.at(room.available()), "incident.dispute")
    first = advise(room.world, matter)
    sent = room.send(matter, first.recommended[0], "recommended", first.id)
    assert advise(room.world, sent).recommended == ()
    assert advise(room.world, sent).needs[0].ranked


def test_where_nobody_has_the_skill_the_nearest_goes_and_it_is_said(room: Any) -> None:
    for key, (seen, unit) in list(board.register(room.world).rows().items()):
        if "armed" in unit.skills:
            room.world.store.writer.submit(board.tell(room.world, room.dispatcher, key, seen, "busy"))
    advice = advise(room.world, room.call(room.at(room.available()), "incident.robbery"))
    assert len(advice.recommended) == 2
    assert all(one.lacks == ("armed",) for one in advice.needs[0].ranked)


def test_a_place_far_from_the_roads_is_ranked_and_it_is_said(room: Any) -> None:
    advice = advise(room.world, room.call((120.42, 35.96), "incident.drowning"))
    assert advice.off_road_m > 1_500
    assert all(one.walk_ms > 300_000 for one in advice.needs[0].ranked)
    on_land = advise(room.world, room.call(room.at(room.available()), "incident.dispute"))
    assert on_land.off_road_m == 0


def test_units_never_vanish_in_silence(room: Any) -> None:
    matter = room.call(room.at(room.available()), "incident.dispute")
    advice = advise(room.world, matter)
    fleet_size = len(board.register(room.world).rows())
    assert advice.units == fleet_size
    assert sum(advice.passed_over.values()) < fleet_size
    assert len({one.unit for need in advice.needs for one in need.ranked}) >= 1
    assert np.isfinite([one.arrival_ms for one in advice.needs[0].ranked]).all()


def test_an_incident_is_walked_to_its_end(room: Any) -> None:
    unit = room.available()
    matter = room.send(room.call(room.at(unit), "incident.theft", caller="13800001111"), unit.key)
    room.move(matter, "arrive", unit.key)
    matter = room.move(matter, "clear", unit.key)
    now = room.world.store.read.matter(matter.number)
    commit = handle.prepare(room.world, now.number, Intent("report", now.version, {"note": "已调解"}), room.dispatcher)
    assert room.world.store.writer.submit(commit).matters[0].stage == "verifying"


def test_given_more_units_out_when_advice_is_asked_for_then_no_more_statements_are_read(
    room: Any, monkeypatch: Any
) -> None:
    asked: list[str] = []
    run = Reader._run

    def counted(self: Reader, sql: str, values: Any = ()) -> Any:
        asked.append(sql)
        return run(self, sql, values)

    matter = room.call(room.at(room.available()), "incident.fire")
    advise(room.world, matter)
    monkeypatch.setattr(Reader, "_run", counted)
    counts = []
    for out in (1, 2, 6):
        while sum(unit.matter > 0 for _, unit in board.register(room.world).rows().values()) < out:
            unit = room.available()
            room.send(room.call(room.at(unit), "incident.noise"), unit.key)
        asked.clear()
        advice = advise(room.world, matter)
        counts.append(len(asked))
        assert any(one.diverts for need in advice.needs for one in need.ranked)
    assert counts[0] == counts[1] == counts[2]
    assert sum("FROM matters WHERE number" in sql for sql in asked) == 1
