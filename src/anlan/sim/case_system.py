"""The case system of the bureau: tells the hotline of every case that was accepted, filed or refused, so that whoever
reported it is called back by somebody else than who decided."""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.api.shapes import Receipt
from anlan.domains.hotline.seed import person
from anlan.sim.dice import MINUTE_MS, Dice
from anlan.sim.rhythm import OFFICE, OFFICE_WEEK
from anlan.sim.town import Town, together
from anlan.sim.words import said

CHANNEL = "case_system"
OUTCOMES = {"accepted": 62, "filed": 28, "refused": 10}
DECIDE = ("station", "branch", "team")
"""Kinds of units that decide on cases."""
LENT = 0.005
"""Cases decided by somebody who works at the desk now: another must call."""
MINUTES_A_DAY = 1440


class CaseSystem:
    """The stream of case notices."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._minutes = 0
        desk = town.staff.people("callback", "")
        self._lent = desk if len(desk) > 1 else ()
        self._units = [u for u in town.city.organisation if u.kind in DECIDE and town.staff.people("officer", u.key)]

    async def minute(self) -> None:
        """The notices of this minute, handed in together."""
        town = self._town
        self._minutes += 1
        dice = town.dice("notices", self._minutes)
        mean = town.plan.notices * town.plan.volume / MINUTES_A_DAY * town.busy(OFFICE, OFFICE_WEEK)
        notices = [self._notice(dice, n) for n in range(dice.poisson(mean))]
        who = town.staff.one("system", town.now, dice)
        path = f"/api/v1/intakes/{CHANNEL}"
        for answer in await together([town.post(who, path, notice, CHANNEL) for notice in notices]):
            if answer.ok:
                receipt = msgspec.json.decode(answer.body, type=Receipt)
                town.tally.hand_in(receipt.number, receipt.code)
        town.timeline.after(MINUTE_MS, self.minute)

    def _notice(self, dice: Dice, n: int) -> dict[str, Any]:
        unit, outcome = dice.choice(self._units), dice.pick(OUTCOMES)
        name, phone = person(dice)
        decided = self._lent if self._lent and dice.chance(LENT) else self._town.staff.people("officer", unit.key)
        return {
            "notice_no": f"{self._town.label}-n{self._minutes}-{n}",
            "summary": said(f"notice.{outcome}", dice),
            "outcome": outcome,
            "unit": unit.key,
            "district": unit.district,
            "officer": dice.choice(decided).number,
            "name": name,
            "phone": phone,
        }
