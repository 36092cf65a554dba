"""An operator at the centre: types in what comes by telephone, over the counter and on paper, joins what was said
before, and gives a unit to what has none."""

from __future__ import annotations

import msgspec

from anlan.api.shapes import Receipt
from anlan.sim.deed import Decision, Seen, move
from anlan.sim.dice import Dice
from anlan.sim.happening import Report
from anlan.sim.town import Town
from anlan.sim.words import said

NAME = "operator"
OFFICE = False
MINUTES = (2, 45)
MERGE_FROM = 700
"""Permille of the score from which an operator believes an offered duplicate, mostly."""
BELIEVES = 0.85
GATEWAYS = frozenset({"transfer_110", "transfer_12345", "wechat", "sms", "email", "partner", "import"})
"""Ways in where another system hands over, and no operator types."""


async def take(town: Town, report: Report, outside_id: str) -> None:
    """Hand a report in by a channel of the staff; a new one that was said before is folded into the first."""
    dice = town.dice("take", outside_id)
    role = "system" if report.channel in GATEWAYS else "operator"
    who = town.staff.one(role, town.now, dice)
    answer = await town.post(who, f"/api/v1/intakes/{report.channel}", report.payload(outside_id), report.channel)
    if not answer.ok:
        return
    receipt = msgspec.json.decode(answer.body, type=Receipt)
    town.tally.hand_in(receipt.number, receipt.code)
    best = receipt.offers[0] if receipt.offers and role == "operator" else None
    if best and best.score_permille >= MERGE_FROM and dice.chance(BELIEVES):
        body = {"version": receipt.version, "into": best.matter}
        await town.post(who, f"/api/v1/matters/{receipt.matter}/merge", body, "merge")


def wait(_stage: str, dice: Dice) -> int | None:
    """How long a matter without a unit lies at the desk."""
    return dice.minutes(*MINUTES)


def decide(seen: Seen) -> Decision:
    """Name the category where nobody has, then the unit: not one that has returned it."""
    matter, dice, city = seen.matter, seen.dice, seen.city
    if not matter.category:
        return move("classify", category=dice.choice([c.key for c in city.catalogue]))
    returned = {fact.data["lead"] for fact in seen.detail.facts if fact.kind == "returned"}
    answers = city.catalogue[matter.category]
    units = city.organisation.of_kind(answers.kind, matter.district, answers.line)
    units = units or city.organisation.of_kind("station", matter.district)
    left = [unit.key for unit in units if unit.key not in returned] or [city.organisation.root.key]
    return move("assign", unit=dice.choice(left), note=said("assign_note", dice))
