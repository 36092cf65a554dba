"""The demo's campaigns: one under way with work done, waiting and late, one sealed, patrols that fall short."""

from __future__ import annotations

import asyncio

import pytest

from anlan.app.world import World
from anlan.domains.campaign import patrols, plan, seed, sweep
from anlan.domains.campaign.plan import DAY_MS
from anlan.domains.campaign.tests.conftest import NOON, refused, someone
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import minute_of
from anlan.store.apply import decode_state


def lived(world: World, days: float) -> list[Matter]:
    """The campaigns after so many days that ended at NOON."""
    began = NOON - round(days * DAY_MS)

    async def live() -> None:
        for deed in seed.deeds(world, began, NOON):
            assert began <= deed.at <= NOON
            world.clock = lambda at=deed.at: at  # type: ignore[misc]
            await deed.do()

    asyncio.run(live())
    world.clock = lambda: NOON
    return [decode_state(state) for (state,) in world.store.read.listed((plan.PARENTS, ()))]


def test_given_a_fortnight_when_it_is_over_then_one_campaign_runs_and_one_is_sealed(world: World) -> None:
    sealed, running = lived(world, 14)
    found = plan.campaign_of(world, running)
    assert found.wave_at(NOON) == seed.WAVES - 1
    tasks = plan.tasks(world, running.number)
    assert sorted(task.stage for task in tasks) == ["acting", "acting", "assigned", "closed", "closed", "verifying"]
    late = [task for task in tasks if any(c.is_late(minute_of(NOON)) for c in task.clocks.values())]
    assert {task.stage for task in late} >= {"assigned"}
    shares = [sweep.roll_up(found, sweep.checks(world, found, wave))[""] for wave in range(seed.WAVES)]
    assert [0 < one.checked < one.places for one in shares] == [True] * seed.WAVES
    assert any(one.found for one in shares)
    assert shares[0].times == shares[0].checked + 1
    assert asyncio.run(plan.read(world, someone(world, "overseer"), running)) == (seed.TEXT, True)
    assert refused(lambda: asyncio.run(plan.read(world, someone(world, "overseer"), sealed))) == "campaign.sealed"
    assert {task.stage for task in plan.tasks(world, sealed.number)} == {"assigned", "acting"}


def test_given_a_fortnight_when_patrols_are_counted_then_some_stretches_fall_short_and_some_do_not(
    world: World,
) -> None:
    lived(world, 14)
    before = patrols.covered(world, patrols.week_of(NOON) - 1)
    assert len(before) == seed.UNITS
    assert {one.met >= one.segment.need for one in before} == {True, False}
    assert min(one.hours for one in before) == 0


@pytest.mark.parametrize("days", [0.02, 0.5, 3])
def test_given_a_short_past_when_it_is_over_then_nothing_lies_outside_it(world: World, days: float) -> None:
    assert len(lived(world, days)) <= 2
