"""The call-back desk: everybody at it makes a call a minute, earliest due first; who does not answer is tried again.

Case notices are called from the list; of a citizen's matter the page is opened first, as its reporters may be many.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

import msgspec

from anlan.api.shapes import Detail, Page, Summary
from anlan.city.people import Officer
from anlan.sim.board import touched
from anlan.sim.dice import MINUTE_MS, Dice
from anlan.sim.rhythm import city_time
from anlan.sim.town import Town, together
from anlan.sim.words import said

EARLY, LATE = range(8, 16), range(12, 20)
"""The desk's two shifts, by hour."""
OUTCOMES: Mapping[str, Mapping[str, float]] = {
    "appeal": {"satisfied": 80, "not_satisfied": 5, "unreachable": 12, "refused": 3},
    "notice": {"satisfied": 82, "not_satisfied": 1.5, "unreachable": 14, "refused": 2.5},
    "incident": {"satisfied": 84, "not_satisfied": 4, "unreachable": 10, "refused": 2},
}
AGAIN_MINUTES = (120, 300)
LOOK_MS = 20 * MINUTE_MS
"""Between two looks at the list from its top, when it has been gone through."""
LIST = "/api/v1/matters?kind=calling&limit=200&after="


class Attempt(msgspec.Struct, frozen=True):
    """Who calls whom about what."""

    who: Officer
    line: Summary
    receipt: int


class Desk:
    """What is still to be called, as far as the list has been read."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._lines: deque[Summary] = deque()
        self._after, self._look_at = "", 0
        self._not_before: dict[int, int] = {}

    async def minute(self) -> None:
        """One call by everybody who is there."""
        people = self._people()
        lines = await self._next(people) if people else []
        attempts = await together([self._open(*pair) for pair in zip(people, lines, strict=False)])
        calls = [attempt for attempt in attempts if attempt]
        await together([self._dial(call) for call in calls])
        await together([self._call(call) for call in calls])
        self._town.timeline.after(self._town.plan.desk_minutes * MINUTE_MS, self.minute)

    def _people(self) -> list[Officer]:
        town = self._town
        everybody = town.staff.people("callback", "")
        if town.plan.always:
            return list(everybody)
        hour = city_time(town.now).hour
        there = [one for n, one in enumerate(everybody) if hour in (EARLY if n % 2 else LATE)]
        return there[: math.ceil(len(there) * min(1.0, town.plan.volume))]

    async def _next(self, people: list[Officer]) -> list[Summary]:
        if len(self._lines) < len(people) and self._town.now >= self._look_at:
            page = await self._town.look(people[0], LIST + self._after, Page)
            if page:
                have = {line.number for line in self._lines}
                due = (row for row in page.rows if self._not_before.get(row.number, 0) <= self._town.now)
                self._lines += [row for row in due if row.number not in have]
                self._after = page.after
                self._look_at = 0 if page.after else self._town.now + LOOK_MS
        return [self._lines.popleft() for _ in range(min(len(people), len(self._lines)))]

    async def _open(self, who: Officer, line: Summary) -> Attempt | None:
        """Whom to call: the first reporter who is still to be called."""
        if line.flow == "notice" and not self._town.humans:
            return Attempt(who, line, line.number)
        detail = await self._town.look(who, f"/api/v1/matters/{line.number}", Detail)
        if detail is None or detail.matter.stage != line.stage or touched(self._town, detail):
            return None
        line = msgspec.structs.replace(line, version=detail.matter.version)
        return Attempt(who, line, detail.matter.pending_callbacks[0].receipt)

    async def _dial(self, call: Attempt) -> None:
        """Read the number: that it was read, and what for, is on the ledger first."""
        body = {"receipt": call.receipt, "purpose": "call_back"}
        await self._town.post(call.who, f"/api/v1/matters/{call.line.number}/contact", body, "contact")

    async def _call(self, call: Attempt) -> None:
        dice = self._town.dice("call", call.line.number, call.line.version)
        outcome = dice.pick(OUTCOMES[call.line.flow])
        path = f"/api/v1/matters/{call.line.number}/moves/call_back"
        body = {"version": call.line.version, "fields": _said(call.receipt, outcome, dice)}
        await self._town.post(call.who, path, body, "moves/call_back")
        if outcome == "unreachable":
            self._not_before[call.line.number] = self._town.now + dice.minutes(*AGAIN_MINUTES)


def _said(receipt: int, outcome: str, dice: Dice) -> dict[str, object]:
    fields: dict[str, object] = {"receipt": receipt, "outcome": outcome}
    if outcome in {"satisfied", "not_satisfied"}:
        fields["solved"] = outcome == "satisfied" or dice.chance(0.3)
    if outcome == "not_satisfied":
        fields["note"] = said("not_satisfied", dice)
    return fields
