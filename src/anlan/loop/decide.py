"""The only place that says yes or no: `decide(flow, matter, intent, context)` answers with drafts of facts or Refused.

Pure. It checks the right, the version, the stage and the fields, then asks the move's rule (`EFFECTS`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from anlan.loop import act, assign, callback, child, oversee, sending
from anlan.loop.case import Case, Context, Intent
from anlan.loop.errors import Conflict, Refused
from anlan.loop.evolve import Draft
from anlan.loop.flow import Field, Flow, Move
from anlan.loop.matter import Matter

Effect = Callable[[Case], list[Draft]]

EFFECTS: dict[str, Effect] = {
    "assign": assign.assign,
    "accept": assign.accept,
    "return": assign.return_,
    "forward": assign.forward,
    "assist": assign.ask_assist,
    "assist_accept": assign.accept_assist,
    "assist_report": assign.report_assist,
    "open_child": child.open_child,
    "classify": act.classify,
    "progress": act.progress,
    "note": act.note,
    "hold": act.hold,
    "resume": act.resume,
    "ask_extension": act.ask_extension,
    "extend": act.extend,
    "refuse_extension": act.refuse_extension,
    "report": act.report,
    "verify": act.verify,
    "send_back": act.send_back,
    "send": sending.send,
    "set_out": sending.set_out,
    "arrive": sending.arrive,
    "clear": sending.clear,
    "withdraw": sending.withdraw,
    "call_back": callback.call_back,
    "rate": callback.rate,
    "reopen": callback.reopen,
    "remind": oversee.remind,
    "escalate": oversee.escalate,
    "take_over": oversee.take_over,
}


Reads = dict[str, tuple[str, ...]]
UNIT: Reads = {"unit": ("unit", "code")}
RECEIPT: Reads = {"receipt": ("receipt",)}
READS: dict[str, Reads] = {
    "assign": UNIT,
    "forward": UNIT,
    "assist": UNIT,
    "open_child": UNIT,
    "classify": {"category": ("category",)},
    "ask_extension": {"days": ("int",)},
    "send": {**UNIT, "reason": ("code", "text")},
    "set_out": UNIT,
    "arrive": UNIT,
    "clear": UNIT,
    "withdraw": UNIT,
    "call_back": {**RECEIPT, "outcome": ("code",)},
    "rate": {**RECEIPT, "rating": ("int",)},
}
"""What a rule reads and cannot do without: the field, and the types that it may be of."""
MAY_READ: Reads = {
    "assists": ("units",), "at": ("number",), "days": ("int",), "solved": ("bool",), "urgency": ("int",),
}  # fmt: skip
"""What rules read where it is there."""
MOVES_ON = frozenset((
    "accept", "arrive", "assign", "clear", "report", "return", "send", "send_back", "take_over", "withdraw",
))  # fmt: skip
"""Rules that enter their move's target."""


def decide(flow: Flow, matter: Matter, intent: Intent, context: Context) -> list[Draft]:
    """The facts that follow from the intent. Raises Conflict (stale version) or Refused (with a code); never writes."""
    move = flow.move(intent.move)
    if move is None:
        raise Refused("move.unknown", move=intent.move)
    if not context.grants.allows(context.actor, move.action, matter, context.relation):
        raise Refused("move.not_yours", move=move.key)
    if intent.version != matter.version:
        raise Conflict(matter.number, intent.version, matter.version)
    if matter.merged_into:
        raise Refused("matter.closed", matter=matter.number)
    if matter.stage not in move.sources:
        raise Refused("move.not_in_stage", move=move.key, stage=matter.stage)
    fields = checked_fields(move, intent.fields, context)
    return EFFECTS[move.effect](Case(flow, matter, move, fields, context))


def effect_problems(flow: Flow) -> list[str]:
    """Moves whose effect is no rule of the kernel, or does not get what its rule reads: what else is wrong with a flow,
    `flow.problems` says."""
    found = [f"{move.key}: unknown effect {move.effect}" for move in flow.moves if move.effect not in EFFECTS]
    found += [f"{m.key}: {m.effect} leads nowhere" for m in flow.moves if m.effect in MOVES_ON and not m.target]
    for move in flow.moves:
        reads = READS.get(move.effect, {})
        asked = {field.key: field for field in move.needs}
        found += [
            f"{move.key}: {move.effect} needs {key}" for key in reads if key not in asked or not asked[key].required
        ]
        for key, types in (MAY_READ | reads).items():
            if key in asked and asked[key].type not in types:
                found.append(f"{move.key}: {key} must be of type {' or '.join(types)}")
    return found


def possible(flow: Flow, matter: Matter, context: Context) -> list[Move]:
    """The moves this actor could make now, in the flow's order: what a page offers."""
    return [
        move
        for move in (() if matter.merged_into else flow.moves_from(matter.stage))
        if context.grants.allows(context.actor, move.action, matter, context.relation)
    ]


def checked_fields(move: Move, fields: dict[str, Any], context: Context) -> dict[str, Any]:
    """The fields as the move declares them. Refuses unknown, missing, mistyped and out-of-range ones by name."""
    known = {f.key for f in move.needs}
    if unknown := sorted(set(fields) - known):
        raise Refused("field.unknown", field=unknown[0])
    for field in move.needs:
        value = fields.get(field.key)
        if value is None or value == "":
            if field.required:
                raise Refused("field.missing", field=field.key)
            continue
        _check(field, value, context)
    return {k: v for k, v in fields.items() if v is not None and v != ""}


def _check(field: Field, value: Any, context: Context) -> None:
    match field.type:
        case "int" | "number" | "receipt":
            ok = isinstance(value, int) and not isinstance(value, bool)
        case "bool":
            ok = isinstance(value, bool)
        case "files":
            ok = isinstance(value, list) and all(isinstance(v, dict) for v in value)
        case "units":
            ok = isinstance(value, list) and all(isinstance(v, str) for v in value)
        case _:
            ok = isinstance(value, str)
    if not ok:
        raise Refused("field.wrong_type", field=field.key, type=field.type)
    if field.type == "int" and not field.minimum <= value <= field.maximum:
        raise Refused("field.out_of_range", field=field.key, minimum=field.minimum, maximum=field.maximum)
    if isinstance(value, str) and len(value) > field.length_max:
        raise Refused("field.too_long", field=field.key, length=len(value), length_max=field.length_max)
    if field.options and value not in field.options:
        raise Refused("field.not_an_option", field=field.key, options=", ".join(field.options))
    if field.type == "category" and context.is_category is not None and not context.is_category(value):
        raise Refused("category.unknown", category=value)
    if field.type in {"unit", "units"}:
        _check_units([value] if isinstance(value, str) else value, field, context)


def _check_units(units: Iterable[str], field: Field, context: Context) -> None:
    for unit in units:
        if context.is_unit is not None and not context.is_unit(unit):
            raise Refused("field.unknown_unit", field=field.key, unit=unit)
