"""Whether today is usual: counted by hand over days whose numbers are known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anlan.app import receive
from anlan.app.today import DAYS_MIN, Band, _band, today
from anlan.app.world import World
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.working_calendar import DAY

DAY_MS = DAY * 60_000


def hand_in(world: World, at: int, n: int, who: Actor) -> None:
    now, world.clock = world.clock, lambda: at
    place = world.city.places.places[0]
    for i in range(n):
        intake = Intake("call_968110", f"{at}-{i}", "夜里很吵", f"第{at}次第{i}人说夜里很吵", at, place.lon, place.lat)
        prepared = receive.prepare(world, world.domains["hotline"], intake, who)
        world.store.writer.submit(prepared.commit)
    world.clock = now


def test_the_usual_range_is_of_days_of_the_same_kind(world: World, somebody: Callable[..., Actor]) -> None:
    noon, who = world.clock(), somebody("operator")
    for back in range(1, 15):
        hand_in(world, noon - back * DAY_MS, 1 + back % 3, who)
    hand_in(world, noon - DAY_MS // 4, 5, who)
    found = today(world, somebody("overseer"))
    assert (found.opened, found.hours[6], len(found.hours)) == (5, 5, 13)
    assert found.days == 9, "ten working days in the fortnight, the first of them known only in part"
    assert found.usual[12] == Band(1, 3)
    assert found.usual[3] == Band(0, 0)
    assert found.so_far == Band(0, 0), "it is twelve sharp: what came in the hour after noon is not counted yet"
    whole = next(d for d in found.districts if d.today)
    assert (whole.today, whole.open) == (5, sum(1 + back % 3 for back in range(1, 15)) + 5)


def test_it_is_narrowed_to_what_one_may_see(world: World, somebody: Callable[..., Actor]) -> None:
    hand_in(world, world.clock(), 2, somebody("operator"))
    lead = world.store.read.matter(world.store.read.listed(("SELECT number FROM matters", ()))[0][0]).lead
    other = next(u.key for u in world.city.organisation.of_kind("station") if u.key != lead)
    assert today(world, somebody("officer", lead)).opened == 2
    assert today(world, somebody("officer", other)).opened == 0


def test_too_few_days_make_no_range(world: World, somebody: Callable[..., Actor]) -> None:
    found = today(world, somebody("overseer"))
    assert (found.usual, found.so_far, found.days) == ([], None, 0)


@pytest.mark.parametrize(
    ("values", "band"),
    [([5] * DAYS_MIN, Band(5, 5)), (list(range(11)), Band(1, 9)), ([0.0, 0.5, 0.5, 4.0], Band(0, 3))],
)
def test_four_of_five_days_lie_in_the_band(values: list[float], band: Band) -> None:
    assert _band(values) == band


def test_fewer_make_none() -> None:
    assert _band([1] * (DAYS_MIN - 1)) is None
