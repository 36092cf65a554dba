"""Positions at the door, in this process and in the series: bad input, late, too often, lost and found again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from anlan.domains.command.advise import advise
from anlan.domains.command.fleet import BATCH_MAX, Fix, Fleet, fleet
from anlan.domains.command.keeping import FINE_MS, KEPT_MS, forget, heard
from anlan.loop.errors import Refused

AT_SEA = (120.60, 35.80)


def test_a_position_is_taken_and_an_older_one_is_not(room: Any) -> None:
    unit, now = room.available(), room.world.clock()
    here = fleet(room.world)
    done = here.take([Fix(unit.key, 120.38, 36.07, now), Fix(unit.key, 120.40, 36.09, now - 5_000)])
    assert (done.taken, done.older, done.refused) == (1, 1, [])
    spot = here.spot(unit)
    assert spot is not None
    assert (spot.lon, spot.lat, spot.at) == (120.38, 36.07, now)


def test_bad_positions_are_refused_each_by_its_place(room: Any) -> None:
    unit, now = room.available(), room.world.clock()
    done = fleet(room.world).take(
        [
            Fix("nobody", 120.38, 36.07, now),
            Fix(unit.key, 120.38, 36.07, now + 60_000),
            Fix(unit.key, 120.38, 36.07, now - 2 * 86_400_000),
            Fix(unit.key, 500.0, 36.07, now),
            Fix(unit.key, 120.38, 36.07, now, "mars"),
            Fix(unit.key, 120.38, 36.07, now),
        ]
    )
    assert [place for place, _ in done.refused] == [0, 1, 2, 3, 4]
    assert [code for _, code in done.refused][:3] == ["unit.unknown", "position.future", "position.old"]
    assert done.taken == 1
    with pytest.raises(Refused, match=r"position\.too_many"):
        fleet(room.world).take([Fix(unit.key, 120.38, 36.07, now)] * (BATCH_MAX + 1))


def test_a_thousand_in_a_second_leave_one_row_and_the_newest_place(room: Any) -> None:
    unit, now = room.available(), room.world.clock()
    here = fleet(room.world)
    done = here.take([Fix(unit.key, 120.38 + n / 1e6, 36.07, now + n) for n in range(1_000)])
    assert (done.taken + done.too_often, done.older, done.refused) == (1_000, 0, [])
    assert here.write() == done.taken == 2
    spot = here.spot(unit)
    assert spot is not None
    assert spot.at == now + 999


def test_a_unit_at_sea_is_named_and_never_ranked(room: Any) -> None:
    unit, now = room.available(), room.world.clock()
    matter = room.call(room.at(unit), "incident.dispute")
    fleet(room.world).take([Fix(unit.key, *AT_SEA, now)])
    advice = advise(room.world, matter)
    assert unit.key not in {one.unit for one in advice.needs[0].ranked}
    assert advice.passed_over["off_road"] >= 1


def test_what_was_written_is_known_after_a_restart(room: Any) -> None:
    unit, now = room.available(), room.world.clock()
    here = fleet(room.world)
    here.take([Fix(unit.key, 120.38, 36.07, now)])
    here.write()
    spot = Fleet(room.world).spot(unit)
    assert spot is not None
    assert (spot.lon, spot.lat, spot.at) == (120.38, 36.07, now)


def test_tracks_become_coarse_after_a_day_and_are_gone_after_thirty(room: Any) -> None:
    unit, now = room.available(), room.world.clock()
    here, series = fleet(room.world), room.world.store.series
    here.take([Fix(unit.key, 120.381234, 36.071234, now + n * 1_000) for n in range(5)])
    here.write()
    room.later((FINE_MS + 60_000) / 1000)
    forget(room.world)
    assert series.track(unit.key, 0, now * 2) == [(unit.key, now, 120_380_000, 36_070_000)]
    room.later((KEPT_MS + 60_000) / 1000)
    forget(room.world)
    assert series.track(unit.key, 0, now * 2) == []


def test_a_devices_word_over_mqtt_is_a_position_or_is_let_pass(room: Any) -> None:
    unit, now = room.available(), room.world.clock()
    good = b'{"lon": 120.38, "lat": 36.07, "at": %d}' % now
    for topic, payload in (
        (f"anlan/units/{unit.key}/position", good),
        (f"anlan/units/{unit.key}/position", b"\xff not json"),
        ("anlan/units/nobody/position", good),
        ("elsewhere", good),
    ):
        asyncio.run(heard(room.world, topic, payload))
    spot = fleet(room.world).spot(unit)
    assert spot is not None
    assert spot.at == now
