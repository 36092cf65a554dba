"""Whose turn it is: the list of open work is looked over every few minutes, and each matter gets somebody's attention.

Nothing is known here but what the list shows, so a restart loses nothing, and what humans or other systems handed in
goes on like the rest. A version is given out once; what is refused comes back with new dice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

import msgspec

from anlan.api.shapes import Detail, Page, Summary
from anlan.sim import assistant, officer, operator, overseer
from anlan.sim.deed import Deed, Policy, Ring, Seen
from anlan.sim.town import Town

LOOK_MS = 15 * 60_000
OPEN = "/api/v1/matters?kind=waiting&kind=working&flow=appeal&flow=notice&limit=200&after="
WHOSE: Mapping[str, Policy] = {
    "received": operator,
    "assigned": officer,
    "acting": officer,
    "explaining": officer,
    "verifying": overseer,
}
ACTORS: Mapping[str, Policy] = {one.NAME: one for one in (operator, officer, assistant, overseer)}


class Turn(msgspec.Struct, frozen=True):
    """A version of a matter, given to an actor of a unit."""

    number: int
    version: int
    stage: str
    lead: str
    actor: str
    unit: str


class Board:
    """What has been given out."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._given: dict[int, int] = {}
        self._pressed: dict[int, int] = {}
        self._tries: Counter[Turn] = Counter()

    async def look(self) -> None:
        """Give out what is new since the last look, and call overseers to what is late."""
        town, after = self._town, ""
        who = town.staff.one("operator", town.now, town.dice("board", town.now))
        while page := await town.look(who, OPEN + after, Page):
            for line in page.rows:
                self._notice(line)
            after = page.after
            if not after:
                break
        town.timeline.after(LOOK_MS, self.look)

    def _notice(self, line: Summary) -> None:
        whose = WHOSE.get(line.stage)
        if whose and self._given.get(line.number) != line.version:
            self._given[line.number] = line.version
            self._plan(line, whose.NAME)
        late = line.due_minute is not None and line.due_minute < self._town.minute
        if late and whose is not overseer and self._pressed.get(line.number) != line.version:
            self._pressed[line.number] = line.version
            self._plan(line, overseer.NAME)

    def _plan(self, line: Summary, actor: str) -> None:
        self._give(Turn(line.number, line.version, line.stage, line.lead, actor, self._unit(actor, line.lead)))

    def _unit(self, actor: str, lead: str) -> str:
        if actor == overseer.NAME:
            return self._town.staff.overseer_of(lead)
        return lead if actor == officer.NAME else ""

    def _give(self, turn: Turn) -> None:
        town, policy = self._town, ACTORS[turn.actor]
        wait = policy.wait(turn.stage, town.dice("wait", *msgspec.structs.astuple(turn), self._tries[turn]))
        if wait is not None:
            town.timeline.after(town.office_wait(wait) if policy.OFFICE else wait, partial(self._take, turn))

    async def _take(self, turn: Turn) -> None:
        town = self._town
        dice = town.dice("turn", *msgspec.structs.astuple(turn), self._tries[turn])
        role = {overseer.NAME: "overseer", operator.NAME: "operator"}.get(turn.actor) or town.staff.handler(turn.unit)
        who = town.staff.on_duty(role, turn.unit, town.now, dice)
        detail = await town.look(who, f"/api/v1/matters/{turn.number}", Detail) if who else None
        if who is None or detail is None or detail.matter.version != turn.version or touched(town, detail):
            return
        decision = ACTORS[turn.actor].decide(Seen(detail, turn.unit, town.minute, dice, town.city))
        if isinstance(decision, Ring):
            unit = decision.unit or self._unit(decision.actor, turn.lead)
            self._give(msgspec.structs.replace(turn, actor=decision.actor, unit=unit))
        elif isinstance(decision, Deed):
            path = f"/api/v1/matters/{turn.number}/{decision.path}"
            answer = await town.post(who, path, {"version": turn.version, **decision.body}, decision.path)
            if not answer.ok:
                self._tries[turn] += 1
                self._given.pop(turn.number, None)


def touched(town: Town, detail: Detail) -> bool:
    """Whether a human has had this matter in hand since the city began to live: it is theirs then."""
    return any(fact.actor in town.humans and fact.at >= town.began for fact in detail.facts)
