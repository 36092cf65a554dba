"""What everybody in the simulated city shares: the plan of the day, the time, the way to Anlan, the count of it all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

import msgspec

from anlan.city.pack import City
from anlan.city.people import Officer
from anlan.loop.working_calendar import minute_of
from anlan.sim.dice import Dice
from anlan.sim.door import Answer, Ask, Door
from anlan.sim.rhythm import office_wait, pace
from anlan.sim.staff import Staff, Tokens
from anlan.sim.tally import Tally
from anlan.sim.timeline import Timeline

T = TypeVar("T")
ORDERS, NOTICES, CALLS = 63.0, 9_200.0, 60.0
"""A day of the whole city: 23,000 orders and 3.34 million call-backs in a year of the report. Calls to 110 are a few of
those that a city of ten million has."""
AGAIN = frozenset({429, 503, 507})
TRIES = 5
PAUSE_SECONDS = 5.0
_encode = msgspec.json.Encoder().encode


class Plan(msgspec.Struct, frozen=True):
    """What is simulated. `always`: no night and no weekend; `few`: one person a post, at all hours; `desk_minutes`:
    between the call-backs of one person."""

    seed: int
    volume: float = 1.0
    orders: float = ORDERS
    notices: float = NOTICES
    calls: float = CALLS
    always: bool = False
    few: bool = False
    desk_minutes: float = 1.0


async def _not_at_all(_seconds: float) -> None:
    """In a city without onlookers nobody needs to wait before asking again."""


@dataclass
class Town:
    """`label` sets this run's outside numbers and idempotency keys apart from every other's. `humans`: accounts whose
    matters are left alone, from `began` on."""

    plan: Plan
    city: City
    timeline: Timeline
    door: Door
    staff: Staff
    tokens: Tokens
    label: str
    humans: Collection[str] = ()
    rest: Callable[[float], Awaitable[None]] = _not_at_all
    tracked: bool = False
    """Whether units' trackers report: only where somebody looks on."""
    tally: Tally = field(default_factory=Tally)
    began: int = field(init=False)
    _keys: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.began = self.timeline.now

    @property
    def now(self) -> int:
        """What time it is (UTC ms)."""
        return self.timeline.now

    @property
    def minute(self) -> int:
        """The city minute it is."""
        return minute_of(self.now)

    def dice(self, *of: object) -> Dice:
        """Dice for one thing of this city."""
        return Dice(self.plan.seed, *of)

    def busy(self, hours: tuple[float, ...], week: tuple[float, ...]) -> float:
        """How busy it is now, 1 on average."""
        return 1.0 if self.plan.always else pace(hours, week, self.now)

    def office_wait(self, ms: int) -> int:
        """The delay, and what is left of the night or the weekend when it is over."""
        return ms if self.plan.always else ms + office_wait(self.now + ms)

    async def look(self, who: Officer, path: str, shape: type[T]) -> T | None:
        """What somebody is shown; None when it is not for them or no more."""
        answer = await self.door.ask(Ask("GET", path, token=await self.tokens.of(who)))
        if not answer.ok:
            self.tally.refuse(answer.code, f"{who.number} looks at {path}")
            return None
        return msgspec.json.decode(answer.body, type=shape)

    async def post(self, who: Officer | None, path: str, value: Any, what: str, address: str = "127.0.0.1") -> Answer:
        """Do something as an officer, or as a citizen. What is refused is counted by its code."""
        token = await self.tokens.of(who) if who else ""
        key = f"{self.label}-{next(self._keys)}"
        return await self.send(Ask("POST", path, _encode(value), token, key, address=address), what)

    async def send(self, asked: Ask, what: str) -> Answer:
        """A request, sent again with the same key where the answer says that it may."""
        answer = await self.door.ask(asked)
        for _ in range(TRIES):
            if answer.status not in AGAIN:
                break
            self.tally.did["again"] += 1
            await self.rest(PAUSE_SECONDS)
            answer = await self.door.ask(asked)
        if answer.ok:
            self.tally.did[what] += 1
        else:
            self.tally.refuse(answer.code, f"{what} {asked.path} {answer.body[:300].decode('utf-8', 'replace')}")
        return answer


async def together(work: Sequence[Awaitable[T]]) -> list[T]:
    """What many do in the same minute, their answers in order."""
    return list(await asyncio.gather(*work))
