"""The command room of the simulated city: calls to 110, a dispatcher who sends whom the engine recommends, units that
drive the roads, arrive, finish and are reported on; and trackers that tell where every unit is.

What it does it does over the API, as people do. Minutes on the road are real ones, whatever the rest of the city does.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import numpy as np

from anlan.api.shapes import Detail, Page, Receipt
from anlan.city.people import Officer
from anlan.domains.command.advise import Advice
from anlan.domains.command.api import Board
from anlan.domains.command.rules import rules
from anlan.domains.command.seed import call
from anlan.domains.hotline.seed import person
from anlan.sim.board import touched
from anlan.sim.dice import MINUTE_MS
from anlan.sim.door import Answer
from anlan.sim.rhythm import CITIZENS, HOUR_MS, WEEK
from anlan.sim.town import Town

TRACKER = "tracker"
AGAIN_CALLS = 0.1
"""Of incidents that a second caller reports within two minutes."""
DECLINES = 0.03
SPREAD_M = 60.0
TRIES_MAX = 50
BEAT_MS, IDLE_BEATS = 5_000, 12
"""Trackers of units on their way report every five seconds, the others every minute."""
METRES_DEGREE = 111_000.0


class Way(msgspec.Struct):
    """A unit on its way: coordinates, metres along them, when it began, how long it takes (ms)."""

    line: np.ndarray
    along: np.ndarray
    began: int
    takes: int

    def at(self, now: int) -> tuple[float, float]:
        """Where it is."""
        share = min(1.0, max(0.0, (now - self.began) / max(1, self.takes)))
        metres = share * self.along[-1]
        lon, lat = (float(np.interp(metres, self.along, self.line[:, n])) for n in (0, 1))
        return lon, lat


class Stand(msgspec.Struct):
    """How an incident stood when the room last heard of it, and which units are out for it."""

    version: int
    stage: str
    category: str
    out: set[str]


class Told(msgspec.Struct):
    """What is answered to a move: `sent` only where a unit was sent."""

    version: int
    stage: str
    sent: list[dict[str, Any]] = []


class Routed(msgspec.Struct):
    """A unit's way as the API tells it."""

    properties: dict[str, int]
    geometry: dict[str, Any]


class CommandRoom:
    """Everybody who answers 110. `moves`: whether trackers report, which only somebody who looks on needs."""

    def __init__(self, town: Town, *, moves: bool = False) -> None:
        self._town, self._moves = town, moves
        self._hours = self._beats = 0
        self._ways: dict[str, Way] = {}
        self._stands: dict[int, Stand] = {}
        self._tracker = Officer(f"{TRACKER}-demo", town.city.organisation.root.key, (TRACKER,))

    async def hour(self) -> None:
        """The calls of the next hour."""
        town = self._town
        self._hours += 1
        dice = town.dice("calls", self._hours)
        mean = town.plan.calls * town.plan.volume / 24
        for n in range(dice.poisson(mean * town.busy(CITIZENS, WEEK))):
            self._after(dice.randrange(HOUR_MS), partial(self._rings, f"{town.label}-110-{self._hours}-{n}"))
        await self._again()
        self._after(HOUR_MS, self.hour)

    async def _again(self) -> None:
        """What was opened anew is reported anew within hours: nobody has it in hand yet."""
        who = self._dispatcher(f"again-{self._hours}")
        page = await self._town.look(who, "/api/v1/matters?flow=incident&stage=reporting&limit=200", Page)
        for line in page.rows if page else ():
            if line.number not in self._stands:
                label = f"{self._town.label}-again-{line.number}-{line.version}"
                wait = self._town.dice("again", label).minutes(30, 300)
                self._after(wait, partial(self._reports, line.number, label))

    async def beat(self) -> None:
        """Trackers tell where units are."""
        self._beats += 1
        now, fixes = self._town.now, []
        if self._beats % IDLE_BEATS == 1:
            board = await self._town.look(self._dispatcher("beat"), "/api/v1/command/board", Board)
            dice = self._town.dice("idle", self._beats)
            for spot in board.units if board else ():
                if spot.unit not in self._ways and spot.lon is not None and spot.lat is not None:
                    fixes.append(self._fix(spot.unit, spot.lon, spot.lat, now, dice.uniform(-1, 1) * 20))
        fixes += [self._fix(unit, *way.at(now), now) for unit, way in self._ways.items()]
        if fixes:
            await self._town.post(self._tracker, "/api/v1/command/positions", {"positions": fixes}, "positions")
        self._after(BEAT_MS, self.beat)

    async def _rings(self, label: str) -> None:
        town = self._town
        dice = town.dice("incident", label)
        place = dice.choice(town.city.places.places)
        category, text = call(dice, place.name)
        name, phone = person(dice)
        east, north = (dice.uniform(-1, 1) * SPREAD_M / METRES_DEGREE for _ in range(2))
        said = {
            "call_id": label, "text": text, "lon": place.lon + east, "lat": place.lat + north, "address": place.name,
            "category": category, "name": name, "caller": phone, "wants_callback": dice.chance(0.3),
        }  # fmt: skip
        who = self._dispatcher(label)
        answer = await town.post(who, "/api/v1/intakes/call_110", said, "call_110")
        if not answer.ok:
            return
        receipt = self._received(answer)
        if dice.chance(AGAIN_CALLS):
            again = {**said, "call_id": f"{label}-2", "caller": person(dice)[1], "wants_callback": False}
            self._after(dice.randrange(2 * MINUTE_MS), partial(self._joins, again, receipt.matter))
        self._after(dice.minutes(0.2, 1.4), partial(self._sends, receipt.matter, label))

    def _received(self, answer: Answer) -> Receipt:
        receipt = msgspec.json.decode(answer.body, type=Receipt)
        known = self._stands.get(receipt.matter)
        out = known.out if known else set[str]()
        self._stands[receipt.matter] = Stand(receipt.version, receipt.stage, receipt.category, out)
        return receipt

    async def _joins(self, said: dict[str, Any], matter: int) -> None:
        who = self._dispatcher(said["call_id"])
        stand = await self._stand(who, matter)
        if stand is not None and stand.stage in {"received", "sent", "on_scene"}:
            answer = await self._town.post(who, f"/api/v1/intakes/call_110?join={matter}", said, "call_110")
            if answer.ok:
                self._received(answer)

    async def _sends(self, number: int, label: str, tries: int = 0) -> None:
        town, who = self._town, self._dispatcher(label)
        if not await self._theirs(who, number, "received"):
            return
        advice = await town.look(who, f"/api/v1/command/incidents/{number}/advice", Advice)
        if advice is None:
            return
        gone = False
        for unit in advice.recommended:
            stand = await self._stand(who, number)
            if stand is None:
                return
            body = {"version": stand.version, "unit": unit, "advice": advice.id}
            answer = await town.post(who, f"/api/v1/command/incidents/{number}/send", body, "send")
            self._heard(number, answer)
            one = next(r for need in advice.needs for r in need.ranked if r.unit == unit)
            if answer.ok:
                gone = True
                self._after(
                    one.turnout_ms, partial(self._rolls, number, unit, one.arrival_ms - one.turnout_ms, label, tries)
                )
        if not gone and tries < TRIES_MAX:  # everybody is out, or somebody was quicker: look again
            self._after(2 * MINUTE_MS, partial(self._sends, number, label, tries + 1))

    async def _rolls(self, number: int, unit: str, left_ms: int, label: str, tries: int) -> None:
        who, dice = self._dispatcher(label), self._town.dice("rolls", label, unit, tries)
        if dice.chance(DECLINES):
            await self._move(who, number, "withdraw", unit, reason="unit_declined")
            self._after(3 * MINUTE_MS, partial(self._reports, number, label))
            self._after(MINUTE_MS, partial(self._sends, number, label, tries + 1))
            return
        if await self._move(who, number, "set_out", unit):
            takes = max(10_000, round(left_ms * dice.uniform(0.85, 1.25)))
            if self._moves:
                path = f"/api/v1/command/incidents/{number}/route?unit={unit}"
                found = await self._town.look(who, path, Routed)
                if found is not None:
                    self._ways[unit] = way_along(found.geometry["coordinates"], self._town.now, takes)
            self._after(takes, partial(self._arrives, number, unit, label))

    async def _arrives(self, number: int, unit: str, label: str) -> None:
        who, dice = self._dispatcher(label), self._town.dice("arrives", label, unit)
        stand = await self._stand(who, number)
        if stand is None or not await self._move(who, number, "arrive", unit):
            self._ways.pop(unit, None)
            return
        usual = rules().type(stand.category).scene * MINUTE_MS
        self._after(usual * dice.triangular(0.3, 1.6, 0.8), partial(self._clears, number, unit, label))

    async def _clears(self, number: int, unit: str, label: str) -> None:
        who = self._dispatcher(label)
        self._ways.pop(unit, None)
        if await self._move(who, number, "clear", unit):
            self._after(3 * MINUTE_MS, partial(self._reports, number, label))

    async def _reports(self, number: int, label: str) -> None:
        who, dice = self._dispatcher(label), self._town.dice("reports", label)
        stand = await self._theirs(who, number, "reporting")
        if stand is None:
            return
        note = dice.choice(
            (
                "到场时双方已散，现场告诫",
                "已处置，恢复正常",
                "已移交属地派出所",
                "伤者由120送医，现场无危险",
                "未发现异常",
            )
        )
        body = {"version": stand.version, "fields": {"note": note, "solved": dice.chance(0.93)}}
        answer = await self._town.post(who, f"/api/v1/matters/{number}/moves/report", body, "report")
        self._heard(number, answer)
        if answer.ok:
            self._after(dice.minutes(30, 600), partial(self._verifies, number, label))

    async def _verifies(self, number: int, label: str) -> None:
        who = self._town.staff.one("overseer", self._town.now, self._town.dice("verifies", label))
        stand = await self._theirs(who, number, "verifying")
        if stand is not None:
            body = {"version": stand.version, "fields": {}}
            await self._town.post(who, f"/api/v1/matters/{number}/moves/verify", body, "verify")
            self._stands.pop(number, None)

    async def _move(self, who: Officer, number: int, move: str, unit: str, **more: str) -> bool:
        """A unit's own word. It is not made where a human has done otherwise meanwhile."""
        stand = await self._stand(who, number)
        if stand is None or unit not in stand.out:
            return False
        body = {"version": stand.version, "fields": {"unit": unit, **more}}
        answer = await self._town.post(who, f"/api/v1/matters/{number}/moves/{move}", body, move)
        self._heard(number, answer)
        if answer.ok and move in {"clear", "withdraw"}:
            stand.out.discard(unit)
        return answer.ok

    async def _theirs(self, who: Officer, number: int, stage: str) -> Stand | None:
        """An incident in that stage which no human has in hand: what people decide is left to them then."""
        stand = await self._stand(who, number, ours=True)
        return stand if stand is not None and stand.stage == stage else None

    async def _stand(self, who: Officer, number: int, *, ours: bool = False) -> Stand | None:
        """How an incident stands: as last heard where nobody else is about, else as it is now."""
        if number in self._stands and not (self._moves or self._town.humans):
            return self._stands[number]
        detail = await self._town.look(who, f"/api/v1/matters/{number}", Detail)
        if detail is None or (ours and touched(self._town, detail)):
            return None
        m = detail.matter
        self._stands[number] = Stand(m.version, m.stage, m.category, {one.unit for one in m.units_out})
        return self._stands[number]

    def _heard(self, number: int, answer: Answer) -> None:
        """What a move came to; after a refusal the room looks again."""
        stand = self._stands.get(number)
        if not answer.ok or stand is None:
            self._stands.pop(number, None)
            return
        told = msgspec.json.decode(answer.body, type=Told)
        stand.version, stand.stage = told.version, told.stage
        stand.out |= {one["unit"] for one in told.sent if not one.get("ended_at")}

    def _dispatcher(self, label: str) -> Officer:
        return self._town.staff.one("dispatcher", self._town.now, self._town.dice("dispatcher", label))

    def _after(self, ms: float, job: Any) -> None:
        """Minutes on the road are not hurried."""
        self._town.timeline.after(ms * self._town.timeline.hurry, job)

    def _fix(self, unit: str, lon: float, lat: float, at: int, east_m: float = 0.0) -> dict[str, Any]:
        return {"unit": unit, "lon": lon + east_m / METRES_DEGREE, "lat": lat, "at": at}


def way_along(coordinates: list[list[float]], began: int, takes: int) -> Way:
    """A way along a line of degrees."""
    line = np.array(coordinates, np.float64)
    steps = np.hypot(np.diff(line[:, 0]) * np.cos(np.radians(line[0, 1])), np.diff(line[:, 1]))
    return Way(line, np.concatenate([[0.0], np.cumsum(steps)]), began, takes)
