"""Campaign's demo data: a campaign in its third wave, one that is still sealed, and a fortnight of patrols, as deeds in
the order of their times. Places are the city pack's, words our own; groups are names and numbers of people.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import NamedTuple

from anlan.app.handle import prepare
from anlan.app.world import World
from anlan.city.draft import BUREAU
from anlan.domains.campaign import patrols, plan, sweep
from anlan.domains.campaign.patrols import HOUR_MS, Group, Segment, Turn
from anlan.domains.campaign.plan import DAY_MS, Draft
from anlan.loop.case import Intent
from anlan.loop.grants import Actor

UNITS, PLACES, WAVES, WAVE_DAYS = 6, 4, 3, 5
AGO_DAYS, OPENS_DAYS = 13, 4
NAME, SEALED_NAME = "百日行动·出租屋与沿街商铺清查", "开学季校园周边清查"
TEXT = (
    "一、每轮五天，三轮共十五天；各所按本页清单逐处到场，查消防通道、充电设施、流动摊点用电。\n"
    "二、发现隐患当场告知，能改的当场改，改不了的转隐患台账，不在本页处理。\n"
    "三、每处每轮到一次即可，重复到场不重复计数。"
)
SEALED_TEXT = "开学前一晚八点统一到场，先看校门两侧占道，再看周边网吧与小旅馆登记；学校名单与分工见清单。"
NEEDS = (14, 10, 12, 8, 10, 6)
"""Hours a week that each stretch needs."""
HABITS = ((0, 19, 2.0), (1, 19, 2.0), (2, 20, 1.5), (3, 19, 2.0), (4, 19, 2.5), (5, 18, 3.0), (6, 18, 3.0))
"""Day of the week, hour of the city and hours of a group's turns."""
KEEN = (7, 6, 5, 4, 2, 0)
"""Days a week that each stretch's own group really walks; the last has none."""


class Deed(NamedTuple):
    """Something that is done at a time (UTC ms)."""

    at: int
    do: Callable[[], Awaitable[None]]


def deeds(world: World, began: int, now: int) -> list[Deed]:
    """What happens between two times, in order; a short past has the beginning only."""
    houses = [unit.key for unit in world.city.organisation.of_kind("station", "370202")][:UNITS]
    eight = (now - AGO_DAYS * DAY_MS) // DAY_MS * DAY_MS  # eight in the morning of the city
    story = _Story(world, houses, max(began + HOUR_MS, eight))
    found = [*story.running(), *story.sealed(now), *story.patrols(now)]
    return sorted((deed for deed in found if began <= deed.at <= now), key=lambda deed: deed.at)


class _Story:
    """Who leads and who works; matters are known by what they are called until they have a number."""

    def __init__(self, world: World, houses: list[str], begins: int) -> None:
        self._world, self._houses, self._begins = world, houses, begins
        self._lead = _actor(world, BUREAU, "overseer")
        self._numbers: dict[str, int] = {}

    def running(self) -> Iterator[Deed]:
        """Two houses are through, one reports, two are at it (one left out places), one has not even accepted."""
        begins = self._begins
        places = tuple((name, house) for house in self._houses for name in _places(self._world, house))
        yield Deed(begins - HOUR_MS // 2, partial(self._begin, Draft(NAME, TEXT, begins, WAVES, WAVE_DAYS, places)))
        keys = {place: f"p{n:04d}" for n, place in enumerate(places, 1)}
        for n, house in enumerate(self._houses[:-1]):
            who = _actor(self._world, house, "officer")
            yield Deed(begins + (n + 1) * HOUR_MS, partial(self._move, house, who, "accept"))
            own = [key for (_, unit), key in keys.items() if unit == house]
            for wave in range(WAVES):
                for i, key in enumerate(own):
                    if self._left_out(n, wave, i):
                        continue
                    at = begins + wave * WAVE_DAYS * DAY_MS + (i * 9 + n * 3 + 2) * HOUR_MS
                    yield Deed(at, partial(self._check, who, key, found=(n + i + wave) % 5 == 0))
                    if (n, wave, i) == (1, 0, 0):
                        yield Deed(at + 20 * HOUR_MS, partial(self._check, who, key, found=False))
            over = begins + (WAVES - 1) * WAVE_DAYS * DAY_MS + 40 * HOUR_MS
            if n < 3:
                note = "三轮清单全部到场，隐患已当场告知并转台账"
                yield Deed(over + n * HOUR_MS, partial(self._move, house, who, "report", note=note))
            if n < 2:
                yield Deed(over + (n + 4) * HOUR_MS, partial(self._move, house, self._lead, "verify"))

    def sealed(self, now: int) -> Iterator[Deed]:
        """Made the day before yesterday, opened in some days; one house has accepted."""
        made = now - 2 * DAY_MS
        opens = (now + OPENS_DAYS * DAY_MS) // DAY_MS * DAY_MS + 12 * HOUR_MS  # eight in the evening of the city
        places = tuple((f"{name}周边", house) for house in self._houses[:3] for name in _places(self._world, house)[:2])
        yield Deed(made, partial(self._begin, Draft(SEALED_NAME, SEALED_TEXT, opens, 1, 3, places)))
        first = self._houses[0]
        who = _actor(self._world, first, "officer")
        yield Deed(made + 3 * HOUR_MS, partial(self._move, first, who, "accept", campaign=SEALED_NAME))

    def patrols(self, now: int) -> Iterator[Deed]:
        """A stretch and a group for each house, and the turns of the last weeks up to now."""
        names = [_places(self._world, house)[0] for house in self._houses]
        for n, (house, name) in enumerate(zip(self._houses, names, strict=True)):
            stretch = Segment(f"s{n + 1}", f"{name}一线", house, NEEDS[n])
            for row in (stretch, Group(f"g{n + 1}", f"{name}红袖标", house, 6 + n)):
                yield Deed(self._begins - HOUR_MS // 2, partial(self._define, row))
            who = _actor(self._world, house, "officer")
            for week in (patrols.week_of(now) - 1, patrols.week_of(now)):
                for day, hour, hours in HABITS[: KEEN[n]]:
                    begins = patrols.begins(week) + day * DAY_MS + hour * HOUR_MS
                    turn = Turn(f"g{n + 1}", begins, begins + round(hours * HOUR_MS))
                    if begins > self._begins:
                        yield Deed(turn.ends + HOUR_MS // 6, partial(self._log, who, f"s{n + 1}", turn))

    def _left_out(self, n: int, wave: int, i: int) -> bool:
        return (n == 4 and i == PLACES - 1 and wave == 1) or (n > 2 and wave == WAVES - 1 and i > 4 - n)

    async def _begin(self, draft: Draft) -> None:
        done = await self._world.store.writer.write(plan.begin(self._world, self._lead, draft))
        self._numbers[draft.name] = number = done.matters[0].number
        await plan.give_out(self._world, self._lead, number, f"{draft.name}：方案到时启封，届时按页面清查")

    async def _move(self, house: str, who: Actor, move: str, campaign: str = NAME, **fields: str) -> None:
        tasks = plan.tasks(self._world, self._numbers[campaign])
        task = next(task for task in tasks if task.lead == house)
        commit = prepare(self._world, task.number, Intent(move, task.version, dict(fields)), who)
        await self._world.store.writer.write(commit)

    async def _check(self, who: Actor, place: str, *, found: bool) -> None:
        matter = self._world.store.read.matter(self._numbers[NAME])
        await self._world.store.writer.write(sweep.check(self._world, who, matter, place, found=found))

    async def _define(self, row: Segment | Group) -> None:
        await self._world.store.writer.write(patrols.define(self._world, self._lead, row))

    async def _log(self, who: Actor, segment: str, turn: Turn) -> None:
        await self._world.store.writer.write(patrols.log(self._world, who, segment, turn))


def _actor(world: World, unit: str, role: str) -> Actor:
    """The last of those with a role: the first ones are the demo's log-ins."""
    officer = world.city.roster.of_unit(unit, role)[-1]
    return Actor(officer.number, officer.unit, officer.roles)


def _places(world: World, house: str) -> list[str]:
    """Places of a house's area, each name once."""
    area = world.city.areas.by_key
    names = [p.name for p in world.city.places.places if p.street in area and area[p.street].unit == house]
    return list(dict.fromkeys(names))[:PLACES]
