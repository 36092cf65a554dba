"""The city goes on when a write fails, an answer is lost or somebody was quicker, and keeps off what humans do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import apsw
import msgspec
import pytest

from anlan.api.shapes import Page
from anlan.app.world import World
from anlan.sim.checks import checks
from anlan.sim.door import Answer, Ask, Door
from anlan.sim.living import live
from anlan.sim.town import Town
from anlan.store.apply import Batch

from .conftest import DAY_MS, lives

Made = Callable[[int], tuple[World, Town]]
NOTE = b'{"version": %d, "fields": {"note": "another was quicker"}}'


class Unlucky:
    """A door at which every third request with a key is sent twice, as by somebody who never got the first answer;
    every fifth write finds the disk full; and before every seventh move of a matter somebody adds a note to it."""

    def __init__(self, door: Door, full: list[bool]) -> None:
        self._door, self._full = door, full
        self.asked = self.repeated = self.failed = self.overtaken = 0

    async def ask(self, asked: Ask) -> Answer:
        if asked.method == "POST":
            self.asked += 1
        if asked.key and self.asked % 7 == 0 and "/moves/" in asked.path:
            await self._overtake(asked)
        if asked.method == "POST" and self.asked % 5 == 0:
            self._full.append(True)
        answer = await self._door.ask(asked)
        self._full.clear()
        self.failed += answer.status == 507
        if answer.ok and asked.key and self.asked % 3 == 0 and "/contact" not in asked.path:
            self.repeated += 1
            again = await self._door.ask(asked)
            assert (again.status < 300, again.body) == (True, answer.body)
        return answer

    async def _overtake(self, asked: Ask) -> None:
        version = msgspec.json.decode(asked.body)["version"]
        path = f"{asked.path.rpartition('/')[0]}/note"
        noted = await self._door.ask(Ask("POST", path, NOTE % version, asked.token))
        self.overtaken += noted.ok


def test_failed_writes_lost_answers_and_quicker_hands_lose_nothing(
    town_in: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, town = town_in(4)
    full: list[bool] = []
    finish = Batch.finish

    def finish_or_fail(batch: Batch) -> None:
        finish(batch)
        if full and full.pop():
            raise apsw.FullError("injected")

    monkeypatch.setattr(Batch, "finish", finish_or_fail)
    town.door = unlucky = Unlucky(town.door, full)
    lives(world, town, 2)
    assert min(unlucky.repeated, unlucky.failed, unlucky.overtaken) > 10
    assert town.tally.refused["matter.conflict"] >= unlucky.overtaken
    assert [check for check in checks(world, town) if not check.ok] == []


def test_what_a_human_has_had_in_hand_is_left_alone(town_in: Made) -> None:
    world, town = town_in(8)
    human = world.city.roster.with_role("operator")[5]
    town.humans = {human.number}
    touched: list[int] = []

    async def touch() -> None:
        page = await town.look(human, "/api/v1/matters?kind=waiting&kind=working", Page)
        assert page
        for line in page.rows:
            await town.look(human, f"/api/v1/matters/{line.number}", dict)
            touched.append(line.number)

    town.timeline.after(DAY_MS / 2, touch)
    lives(world, town, 2)
    assert len(touched) > 5
    for number in touched:
        facts = world.store.read.facts(number)
        seen = next(n for n, fact in enumerate(facts) if fact.actor == human.number)
        told = {fact.kind for fact in facts[seen + 1 :] if not fact.kind.startswith("unit_")}
        assert told <= {"read", "joined"}, "units drive on, whoever looks on"
    world.store.close()


def test_a_full_disk_that_stays_full_is_told_as_the_first_bad_thing(
    town_in: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, town = town_in(9)

    finish = Batch.finish

    def fail(batch: Batch) -> None:
        finish(batch)
        if any(version for _, _, _, version, _ in batch._bodies):
            raise apsw.FullError("injected")

    async def break_down() -> None:
        monkeypatch.setattr(Batch, "finish", fail)

    async def mend() -> None:
        monkeypatch.undo()

    town.timeline.after(DAY_MS * 0.4, break_down)
    town.timeline.after(DAY_MS * 0.5, mend)
    asyncio.run(live(town, town.now + DAY_MS))
    bad = {check.name: check.first_bad for check in checks(world, town) if not check.ok}
    assert set(bad) == {"legal_moves"}
    assert bad["legal_moves"].startswith("store.full: ")


def test_one_hand_at_a_time_and_in_order() -> None:
    from anlan.sim.timeline import Timeline  # noqa: PLC0415

    timeline, seen = Timeline(1000, hurry=2), list[tuple[str, int]]()

    async def job(name: str) -> None:
        seen.append((name, timeline.now))
        if name == "b":
            timeline.after(10, partial(job, "d"))

    for ms, name in ((200, "c"), (100, "a"), (100, "b"), (900, "never")):
        timeline.after(ms, partial(job, name))
    asyncio.run(timeline.run(1300))
    assert seen == [("a", 1050), ("b", 1050), ("d", 1055), ("c", 1100)]
    assert timeline.now == 1300
