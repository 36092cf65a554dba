"""Whose matter it is: assign, accept, return, forward, and the parts of assisting units."""

from __future__ import annotations

from anlan.loop.case import Case
from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft


def assign(case: Case) -> list[Draft]:
    """A human gives the matter to a lead unit, and perhaps to assisting ones."""
    lead, assists = case.fields["unit"], case.fields.get("assists", [])
    if lead in assists:
        raise Refused("assign.lead_assists", unit=lead)
    data = {"lead": lead, "assists": assists, "route": {"rule": "human"}}
    return [case.draft("assigned", {**data, **case.entering(case.move.target)})]


def accept(case: Case) -> list[Draft]:
    """An officer of the lead unit takes it on."""
    return [case.draft("accepted", case.entering(case.move.target))]


def return_(case: Case) -> list[Draft]:
    """Not ours: back to the desk, with a reason, while the return clock still runs and not for ever."""
    clock, limit = case.matter.clocks.get("return"), case.flow.limits.returns_max
    if clock and clock.is_late(case.context.minute):
        raise Refused("return.too_late", due=clock.due)
    if case.matter.returns >= limit:
        raise Refused("return.too_often", returns=case.matter.returns, returns_max=limit)
    return [case.draft("returned", {"lead": case.matter.lead, **case.entering(case.move.target)})]


def forward(case: Case) -> list[Draft]:
    """To another unit, into the move's stage or else this one, whose clock begins anew; the matter's goes on."""
    unit = case.fields["unit"]
    if unit == case.matter.lead:
        raise Refused("forward.same_unit", unit=unit)
    data = {"lead": unit, "from": case.matter.lead, "route": {"rule": "human"}}
    return [case.draft("forwarded", {**data, **case.entering(case.move.target or case.matter.stage)})]


def ask_assist(case: Case) -> list[Draft]:
    """The lead unit asks another to do a part."""
    unit = case.fields["unit"]
    if unit == case.matter.lead or unit in {a.unit for a in case.matter.assists}:
        raise Refused("assist.already_on_it", unit=unit)
    return [case.draft("assist_asked", {"unit": unit})]


def accept_assist(case: Case) -> list[Draft]:
    """An assisting unit takes its part on."""
    return [case.draft("assist_accepted", {"unit": _own_part(case)})]


def report_assist(case: Case) -> list[Draft]:
    """An assisting unit reports its part done."""
    return [case.draft("assist_reported", {"unit": _own_part(case)})]


def _own_part(case: Case) -> str:
    unit = case.context.actor.unit
    if unit not in case.matter.open_assists:
        raise Refused("assist.not_asked", unit=unit)
    return unit
