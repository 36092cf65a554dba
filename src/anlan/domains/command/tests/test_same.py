"""One fire, fifty callers: who is offered the incident, and who is not."""

from __future__ import annotations

import random
from typing import Any

from anlan.domains.command.same import same_incidents

M = 1 / 90_000


def test_fifty_callers_of_one_fire_are_offered_it_and_each_keeps_a_receipt(room: Any) -> None:
    rng = random.Random(5)
    place = room.at(room.available())
    said = ("楼上着火了", "看到很大的烟", "二楼窗户冒烟", "有东西烧着了，味道很大", "快来，起火了")
    first = room.call(place, "incident.fire", "二楼窗户往外冒烟")
    folded = 0
    for n in range(49):
        room.later(4)
        near = (place[0] + rng.gauss(0, 45) * M, place[1] + rng.gauss(0, 45) * M)
        kind = rng.choice(("incident.fire", "incident.fire", "incident.hazard"))
        found = same_incidents(room.world, room.dispatcher, near, kind, rng.choice(said))
        if found and found[0].likely and found[0].matter.number == first.number:
            room.call(near, kind, rng.choice(said), join=first.number, caller=f"138{n:08d}")
            folded += 1
    assert folded >= 47
    kept = room.world.store.read.matter(first.number)
    assert len(kept.parties) == folded + 1
    assert len({party.receipt for party in kept.parties}) == folded + 1


def test_other_incidents_of_the_same_hour_are_not_taken_for_it(room: Any) -> None:
    rng = random.Random(6)
    wrong = asked = 0
    units = [room.available(n) for n in range(0, 60, 2)]
    for unit in units:
        room.call(room.at(unit), rng.choice(("incident.fire", "incident.dispute", "incident.crash")), "有人求助")
    for unit in units:
        for kind in ("incident.noise", "incident.lost", "incident.suspicious"):
            room.later(5)
            asked += 1
            found = same_incidents(room.world, room.dispatcher, room.at(unit, rng.uniform(-400, 400)), kind, "另一件事")
            wrong += bool(found and found[0].likely)
    assert asked == 90
    assert wrong == 0


def test_the_same_kind_around_the_corner_or_an_hour_ago_is_another(room: Any) -> None:
    place = room.at(room.available())
    room.call(place, "incident.fight", "有人打架")
    assert same_incidents(room.world, room.dispatcher, (place[0] + 400 * M, place[1]), "incident.fight") == []
    assert same_incidents(room.world, room.dispatcher, place, "incident.fight")[0].likely
    room.later(3_600)
    assert same_incidents(room.world, room.dispatcher, place, "incident.fight") == []
