"""Oversight (督办): remind, escalate, take over. Each leaves a fact; none of them can be done in silence."""

from __future__ import annotations

from anlan.loop.case import Case
from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft


def remind(case: Case) -> list[Draft]:
    """Tell the lead unit that somebody is watching."""
    return [case.draft("reminded", {"lead": case.matter.lead})]


def escalate(case: Case) -> list[Draft]:
    """Put it before the unit above."""
    return [case.draft("escalated", {"lead": case.matter.lead, "why": "asked"})]


def take_over(case: Case) -> list[Draft]:
    """The overseer's own unit becomes the lead."""
    unit = case.context.actor.unit
    if unit == case.matter.lead:
        raise Refused("forward.same_unit", unit=unit)
    return [case.draft("taken_over", {"lead": unit, "from": case.matter.lead, **case.entering(case.move.target)})]
