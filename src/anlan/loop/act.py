"""What is done about a matter: classify, work, hold, extend, report, verify. Closing waits for every part and child."""

from __future__ import annotations

import msgspec

from anlan.loop import deadlines, retime
from anlan.loop.case import Case, as_data
from anlan.loop.deadlines import Clock
from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft


def classify(case: Case) -> list[Draft]:
    """A human names the category; what the engine had said stays on the record beside it.

    Where the city gives the new category another length, the matter's clock is told again with it: from its own start,
    with every hold and extension. A clock that is stopped, or was given by whoever sent the matter, stays.
    """
    category = case.fields["category"]
    clock = _retargeted(case, category)
    told: dict[str, object] = {"clocks": as_data({"matter": clock})} if clock else {}
    if (urgency := case.fields.get("urgency")) is not None:
        told["urgency"] = urgency
    return [case.draft("classified", {"category": category, "by": "human", **told})]


def progress(case: Case) -> list[Draft]:
    """A step taken, for the record."""
    return [case.draft("progressed")]


def note(case: Case) -> list[Draft]:
    """A remark that changes nothing."""
    return [case.draft("noted")]


def hold(case: Case) -> list[Draft]:
    """Stop the clocks while waiting for somebody else, with a reason."""
    running = {k: c for k, c in case.matter.clocks.items() if c.stopped is None}
    if any(c.held for c in running.values()):
        raise Refused("hold.already_held")
    matter_clock = running.get("matter")
    if matter_clock is not None and matter_clock.is_late(case.context.minute):
        raise Refused("hold.after_due", due=matter_clock.due)
    held = {k: deadlines.hold(c, case.context.minute, case.context.calendar) for k, c in running.items()}
    return [case.draft("held", {"clocks": as_data(held)})]


def resume(case: Case) -> list[Draft]:
    """Let the clocks run on."""
    held = {k: c for k, c in case.matter.clocks.items() if c.held}
    if not held:
        raise Refused("hold.not_held")
    running = {k: deadlines.resume(c, case.context.minute, case.context.calendar) for k, c in held.items()}
    return [case.draft("resumed", {"clocks": as_data(running)})]


def ask_extension(case: Case) -> list[Draft]:
    """Ask for more working days; refused at once where no approval could give them."""
    days = case.fields["days"]
    if case.matter.asked_days:
        raise Refused("clock.extension_already_asked", days=case.matter.asked_days)
    _extended(case, days, overseer=False)
    return [case.draft("extension_asked", {"days": days})]


def extend(case: Case) -> list[Draft]:
    """Approve what was asked, or (an overseer) give days unasked. Nobody approves what they asked for themselves."""
    days = case.fields.get("days") or case.matter.asked_days
    if not days:
        raise Refused("clock.extension_not_asked")
    if case.context.actor.id == case.matter.officer:
        raise Refused("clock.extension_own")
    return [case.draft("extended", {"days": days, "clocks": _extended(case, days, overseer=True)})]


def refuse_extension(case: Case) -> list[Draft]:
    """Say no to an extension that was asked."""
    if not case.matter.asked_days:
        raise Refused("clock.extension_not_asked")
    return [case.draft("extension_refused", {"days": case.matter.asked_days})]


def report(case: Case) -> list[Draft]:
    """The lead unit reports the work done. Every assisting part and every child matter must have ended first."""
    if open_parts := case.matter.open_assists:
        raise Refused("close.assists_open", units=", ".join(open_parts))
    if case.matter.children_open:
        raise Refused("close.children_open", count=len(case.matter.children_open))
    return [case.draft("reported", {"solved": case.fields.get("solved", True), **case.entering(case.move.target)})]


def verify(case: Case) -> list[Draft]:
    """The work was checked. On to the call-backs, or, with nobody to call, to the end."""
    verified = case.draft("verified", case.entering(case.flow.calling))
    if case.matter.pending_callbacks:
        return [verified]
    return [case.draft("verified"), case.draft("closed", case.entering(case.flow.closed))]


def send_back(case: Case) -> list[Draft]:
    """The check found it wanting: back to work."""
    return [case.draft("sent_back", case.entering(case.move.target))]


def _retargeted(case: Case, category: str) -> Clock | None:
    clock, spec = case.matter.clocks.get("matter"), case.length("matter", category)
    if clock is None or clock.stopped is not None or clock.is_given or spec == case.length("matter"):
        return None
    told = retime.story(case.context.facts(case.matter.number), "matter", case.context.calendar)
    if told is None:
        return None
    return retime.retell(msgspec.structs.replace(told, spec=spec), case.context.calendar)


def _extended(case: Case, days: int, *, overseer: bool) -> dict[str, object]:
    clock = case.matter.clocks.get("matter")
    if clock is None or clock.stopped is not None:
        raise Refused("clock.not_running")
    longer = deadlines.extend(
        clock,
        days,
        case.context.minute,
        case.context.calendar,
        days_max=case.flow.limits.extension_days_max,
        overseer=overseer,
    )
    return as_data({"matter": longer})
