"""What can be done now, as forms, and what cannot, with the reason beside it. `decide` is the judge, not this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from anlan.app.look import Contact, View
from anlan.loop.errors import Refused
from anlan.loop.fact import Fact
from anlan.loop.flow import Field, Move
from anlan.loop.matter import Matter, shown
from anlan.loop.undo import undo as take_back
from anlan.loop.undo import undoable
from anlan.web.visit import Visit

Reason = Callable[[Visit, View], str | None]
"""None: offer the move. "": leave it out. Words: show it shut, with them."""


class Input(msgspec.Struct, frozen=True):
    """One field of a form: `kind` picks the control."""

    key: str
    kind: str
    label: str
    required: bool
    options: list[tuple[str, str]] = []
    minimum: int = 0
    maximum: int = 0
    length_max: int = 0


class Offer(msgspec.Struct, frozen=True):
    """A move with its form; `why_not` says why it is shut. Of the moves that are made on one page of their own, the
    first stands for all."""

    key: str
    label: str
    main: bool
    inputs: list[Input]
    hint: str
    why_not: str = ""
    page: str = ""
    """Where it is made, if not here."""


def offers(visit: Visit, view: View) -> list[Offer]:
    """The moves the actor may make here, the main one first."""
    found, pages = [], set[str]()
    for move in view.moves:
        if move.page in pages:
            continue
        if move.page:
            pages.add(move.page)
        reason = REASONS.get(move.effect)
        why = reason(visit, view) if reason else None
        if why == "":
            continue
        matter = view.matter
        inputs = [] if move.page else [input_of(visit, matter, field, view.contacts) for field in move.needs]
        hint = visit.t.word(matter.domain, f"hint.{move.key}", " ").strip()
        label = visit.names.word(matter, f"move.{move.key}")
        page = move.page.format(number=shown(matter.number))
        found.append(Offer(move.key, label, move.main and not why, inputs, hint, why or "", page))
    return sorted(found, key=lambda o: not o.main)


def input_of(visit: Visit, matter: Matter, field: Field, contacts: Sequence[Contact] = ()) -> Input:
    """The control for a field."""
    options: list[tuple[str, str]] = []
    if field.type == "code":
        options = [(o, visit.names.word(matter, f"option.{o}")) for o in field.options]
    elif field.type == "bool":
        options = [("yes", visit.t("answer.yes")), ("no", visit.t("answer.no"))]
    elif field.type == "receipt":
        pending = {p.receipt for p in matter.pending_callbacks}
        options = [
            (str(c.party.receipt), _reporter(visit, c.name, c.phone)) for c in contacts if c.party.receipt in pending
        ]
    label = visit.names.word(matter, f"field.{field.key}")
    return Input(field.key, field.type, label, field.required, options, field.minimum, field.maximum, field.length_max)


def _reporter(visit: Visit, name: str, phone: str) -> str:
    return " ".join(part for part in (name, phone) if part) or visit.t("party.anonymous")


def _return(visit: Visit, view: View) -> str | None:
    clock = view.matter.clocks.get("return")
    if clock and clock.due is not None and clock.is_late(visit.now):
        return visit.t("why_not.return_late", when=visit.times.moment(clock.due))
    if view.matter.returns >= view.flow.limits.returns_max:
        return visit.t("why_not.return_often", n=view.matter.returns)
    return None


def _hold(visit: Visit, view: View) -> str | None:
    clock = view.matter.clocks.get("matter")
    if clock and clock.held:
        return ""
    if clock and clock.is_late(visit.now):
        return visit.t("why_not.hold_late")
    return None


def _resume(_visit: Visit, view: View) -> str | None:
    return None if any(c.held for c in view.matter.clocks.values()) else ""


def _ask_extension(visit: Visit, view: View) -> str | None:
    clock = view.matter.clocks.get("matter")
    if view.matter.asked_days:
        return visit.t("why_not.extension_asked", days=view.matter.asked_days)
    if clock and clock.is_late(visit.now):
        return visit.t("why_not.extension_late")
    return None


def _refuse_extension(_visit: Visit, view: View) -> str | None:
    return None if view.matter.asked_days else ""


def _report(visit: Visit, view: View) -> str | None:
    if open_parts := view.matter.open_assists:
        return visit.t("why_not.assists_open", units="、".join(visit.names.unit(u) for u in open_parts))
    if view.matter.children_open:
        return visit.t("why_not.children_open", n=len(view.matter.children_open))
    return None


def _open_child(visit: Visit, view: View) -> str | None:
    if view.matter.parent:
        return ""
    n = len(view.matter.children_open)
    return visit.t("why_not.too_many_children", n=n) if n >= view.flow.limits.children_max else None


def _assist(visit: Visit, view: View) -> str | None:
    return None if visit.actor.unit in view.matter.open_assists else ""


def _call_back(visit: Visit, view: View) -> str | None:
    return visit.t("why_not.own_case") if visit.actor.id in view.matter.handlers else None


def _take_over(visit: Visit, view: View) -> str | None:
    return "" if visit.actor.unit == view.matter.lead else None


REASONS: dict[str, Reason] = {
    "return": _return,
    "hold": _hold,
    "resume": _resume,
    "ask_extension": _ask_extension,
    "refuse_extension": _refuse_extension,
    "report": _report,
    "open_child": _open_child,
    "assist_accept": _assist,
    "assist_report": _assist,
    "call_back": _call_back,
    "take_over": _take_over,
}


class Undo(msgspec.Struct, frozen=True):
    """The person's own last move, which they may take back while it stands at this version."""

    number: int
    version: int
    label: str


def undo_of(visit: Visit, matter: Matter, facts: Sequence[Fact]) -> Undo | None:
    """What the person may take back on this matter, if anything."""
    flow = visit.world.flow_of(matter)
    try:
        take_back(flow, matter, matter.version, facts, visit.world.context(visit.actor))
    except Refused:
        return None
    move = undoable(flow, [fact for fact in facts if fact.version])
    return Undo(matter.number, matter.version, visit.names.word(matter, f"move.{move.key}")) if move else None


def move_of(view_moves: list[Move], key: str) -> Move | None:
    """The move of that key among those offered."""
    return next((m for m in view_moves if m.key == key), None)


def typed(form: Any) -> dict[str, str]:
    """What was typed into a form, to show it again."""
    return {k: v for k, v in form.values.items() if k not in {"_csrf_token", "_kept", "version"}}
