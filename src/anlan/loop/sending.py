"""Units sent to a matter (派警): sent, on the way, there, done; or called off before that. Pure.

A unit is a vehicle or a team, by its key; who rides in it is not told here. The stage follows the units: the first one
sent leads on, the first one there leads on, and when the last is done the matter waits for a report, or, where nobody
ever came, for somebody to be sent.
"""

from __future__ import annotations

from typing import Any

from anlan.loop.case import Case
from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft
from anlan.loop.matter import Sent

UNITS_MAX = 100
"""More units at one matter are an operation, with a staff of its own."""
CLOCKS_APART_MS = 5_000
"""So far a telephone's clock may be before ours."""


def send(case: Case) -> list[Draft]:
    """Send one unit more. Why this one, where it is not the recommended, the reason says."""
    unit, out = case.fields["unit"], case.matter.units_out
    if any(sent.unit == unit for sent in out):
        raise Refused("sending.already_sent", unit=unit)
    if len(out) >= UNITS_MAX:
        raise Refused("sending.too_many", units_max=UNITS_MAX)
    data = {"unit": unit, "reason": case.fields["reason"]}
    return [case.draft("unit_sent", {**data, **({} if out else case.entering(case.move.target))})]


def set_out(case: Case) -> list[Draft]:
    """The unit has the order and rolls."""
    sent = _out(case)
    if sent.set_out_at or sent.arrived_at:
        raise Refused("sending.already_told", unit=sent.unit)
    return [case.draft("unit_set_out", {"unit": sent.unit, **_at(case, sent.at)})]


def arrive(case: Case) -> list[Draft]:
    """The unit is there."""
    sent = _out(case)
    if sent.arrived_at:
        raise Refused("sending.already_told", unit=sent.unit)
    told = {"unit": sent.unit, **_at(case, sent.set_out_at or sent.at)}
    return [case.draft("unit_arrived", {**told, **_entering(case, case.move.target)})]


def clear(case: Case) -> list[Draft]:
    """The unit was there and is done."""
    sent = _out(case)
    if not sent.arrived_at:
        raise Refused("sending.not_there", unit=sent.unit)
    return [case.draft("unit_cleared", {"unit": sent.unit, **_at(case, sent.arrived_at), **_left(case)})]


def withdraw(case: Case) -> list[Draft]:
    """The unit is called off, or cannot come: with a reason, and free for others."""
    sent = _out(case)
    return [case.draft("unit_withdrawn", {"unit": sent.unit, **_left(case)})]


def _out(case: Case) -> Sent:
    unit = case.fields["unit"]
    found = next((sent for sent in case.matter.units_out if sent.unit == unit), None)
    if found is None:
        raise Refused("sending.not_sent", unit=unit)
    return found


def _at(case: Case, before: int) -> dict[str, int]:
    """When it happened, where that was not now: a telephone without a network tells it later."""
    at = case.fields.get("at")
    if at is None:
        return {}
    if not before <= at <= case.context.now + CLOCKS_APART_MS:
        raise Refused("sending.time", at=at, before=before)
    return {"at": min(at, case.context.now)}


def _left(case: Case) -> dict[str, Any]:
    """Where the matter is without this unit: as it was while others are out."""
    if len(case.matter.units_out) > 1:
        return {}
    came = any(sent.arrived_at for sent in case.matter.sent)
    return _entering(case, case.move.target if came else case.flow.stages[0].key)


def _entering(case: Case, stage: str) -> dict[str, Any]:
    return {} if stage == case.matter.stage else case.entering(stage)
