"""What happened, as lines: every fact with its actor, its reason, and the due times it moved with why."""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.app.attach import of_fact
from anlan.app.look import View
from anlan.loop.fact import Fact
from anlan.loop.matter import shown
from anlan.loop.working_calendar import minute_of
from anlan.web.visit import Visit

ICONS = {
    "received": "new", "joined": "merge", "merged": "merge", "returned": "back", "sent_back": "back",
    "forwarded": "back", "held": "hold", "resumed": "due", "extended": "due", "extension_asked": "due",
    "extension_refused": "due", "reopened": "re", "closed": "done", "verified": "done", "assigned": "next",
    "undone": "back", "unit_sent": "next", "unit_cleared": "done", "unit_withdrawn": "back",
}  # fmt: skip
CLOCKS_TOLD = ("matter", "accept", "act", "verify", "call", "explain")


class Shift(msgspec.Struct, frozen=True):
    """A due time that a fact set or moved: which clock, from, to, and why."""

    clock: str
    was: str
    now: str
    why: str


class Entry(msgspec.Struct, frozen=True):
    """A line of the timeline."""

    when: str
    icon: str
    text: str
    note: str
    who: str
    shifts: list[Shift]
    files: int = 0
    fresh: bool = False
    """Whether it happened since the person last looked."""
    beside: str = ""
    """What the system had advised, where a person chose."""
    undone: bool = False
    """Whether it was taken back."""


def entries(visit: Visit, view: View, *, everything: bool = False) -> list[Entry]:
    """The matter's facts, newest first. Of readings, only those that opened a contact, unless `everything`."""
    clocks: dict[str, dict[str, Any]] = {}
    advised: Fact | None = None
    gone = {fact.data["version"] for fact in view.facts if fact.kind == "undone"}
    found = []
    for fact in view.facts:
        if fact.kind == "read" and fact.data.get("what") != "contact" and not everything:
            continue
        shifts = _shifts(visit, view, fact, clocks)
        clocks |= fact.data.get("clocks", {})
        for key in fact.data.get("dropped", ()):
            clocks.pop(key, None)
        entry = _entry(visit, view, fact, shifts)
        advised = fact if fact.kind == "classified" and fact.data.get("top") else advised
        beside = _beside(visit, fact, advised)
        found.append(msgspec.structs.replace(entry, undone=fact.version in gone, beside=beside))
    return found[::-1]


def _beside(visit: Visit, fact: Fact, advised: Fact | None) -> str:
    """The advice beside a person's choice: the engine's first three categories, or the unit that the rules led to."""
    if fact.kind == "classified" and fact.data.get("by") == "human" and advised:
        top = [
            visit.t("beside.one", category=visit.names.category(label), n=round(permille / 10))
            for label, permille in advised.data["top"][:3]
        ]
        return visit.t("beside.categories", top="、".join(top))
    suggested = (fact.data.get("route") or {}).get("suggested", "") if fact.kind == "assigned" else ""
    if suggested:
        same = suggested == fact.data.get("lead")
        return visit.t("beside.unit_same" if same else "beside.unit", unit=visit.names.unit(suggested))
    return ""


def _entry(visit: Visit, view: View, fact: Fact, shifts: list[Shift]) -> Entry:
    data, names, matter = fact.data, visit.names, view.matter
    said = {
        "unit": data.get("call_sign") or names.unit(str(data.get("unit") or data.get("lead") or "")),
        "stage": names.word(matter, f"stage.{data['stage']}") if data.get("stage") else "",
        "category": names.category(data.get("category", "")),
        "channel": names.channel(data.get("channel", "") or matter.channel),
        "days": data.get("days", ""),
        "outcome": names.word(matter, f"option.{data['outcome']}") if data.get("outcome") else "",
        "rating": data.get("rating", ""),
        "count": len(data.get("parties", ())),
        "extension": data.get("extension", ""),
        "way": visit.t(f"message.way.{data.get('way') or 'unknown'}"),
        "template": visit.t(f"message.{data['template']}") if data.get("template") else "",
        "sent": visit.t(f"message.state.{data['state']}") if fact.kind == "messaged" else "",
        "purpose": visit.t(f"purpose.{data['purpose']}") if fact.kind == "read" else "",
        "attempts": data.get("attempts", ""),
        "number": shown(number) if (number := data.get("number") or data.get("parent")) else "",
    }
    key = f"fact.{fact.kind}"
    if fact.kind == "classified" and not data.get("category"):
        key = "fact.classified_unsure"
    elif fact.kind == "received" and matter.parent:
        key = "fact.received_child"
    text = visit.t(key, **said) if key in visit.t else fact.kind
    if data.get("reason"):
        reason = names.word(matter, f"option.{data['reason']}")
        text = visit.t("fact.with_reason", text=text, reason=reason)
    who = names.staff(fact.actor)
    if (rule := (data.get("route") or {}).get("rule")) and rule not in {"human", "channel"}:
        who = visit.t("fact.by_rule", rule=rule, why=names.rule(str(rule)))
    note = view.notes.get(str(data.get("note", "")), "")
    when = visit.times.entry(minute_of(fact.at))
    fresh = 0 < view.seen < fact.version
    return Entry(when, ICONS.get(fact.kind, "open"), text, note, who, shifts, len(of_fact(fact)), fresh)


def _shifts(visit: Visit, view: View, fact: Fact, before: dict[str, dict[str, Any]]) -> list[Shift]:
    found = []
    for key, told in fact.data.get("clocks", {}).items():
        was, now = before.get(key, {}), told
        if key not in CLOCKS_TOLD or now.get("stopped") is not None or was.get("due") == now.get("due"):
            continue
        old = visit.times.moment(was["due"]) if was.get("due") is not None and was.get("stopped") is None else ""
        new = visit.times.moment(now["due"]) if now.get("due") is not None else visit.t("time.held")
        name = visit.names.word(view.matter, f"clock.{key}")
        found.append(Shift(name, old, new, _why(visit, view, fact, key, told)))
    return found


def _why(visit: Visit, view: View, fact: Fact, key: str, told: dict[str, Any]) -> str:
    t = visit.t
    if fact.kind == "undone":
        return t("shift.undone")
    if fact.kind == "extended":
        return t("shift.extended", days=fact.data["days"])
    if fact.kind == "held":
        return t("shift.held", left=_amount(visit, told["unit"], told["left"]))
    if fact.kind == "resumed":
        return t("shift.resumed", left=_amount(visit, told["unit"], told["left"]))
    if fact.kind == "recalendared":
        provisional = t("shift.provisional") if told.get("provisional") else ""
        return t("shift.recalendared", years="、".join(map(str, fact.data["years"]))) + provisional
    if fact.kind == "received" and told["unit"] == "natural_minutes" and not told.get("amount"):
        return t("shift.given")
    spec = view.flow.clock(key)
    length = (
        length_of(visit, told["unit"], told["amount"]) if "amount" in told else length_of(visit, spec.unit, spec.amount)
    )
    rule = t("shift.target", why=visit.names.target(told["target"])) if told.get("target") else ""
    provisional = t("shift.provisional") if told.get("provisional") else ""
    return t("shift.started", length=length, start=visit.times.moment(told["starts"])) + rule + provisional


def length_of(visit: Visit, unit: str, amount: int) -> str:
    """How long a clock runs: 5个工作日, 1天."""
    return visit.times.span(amount) if unit == "natural_minutes" else visit.t(f"clock.{unit}", n=amount)


def _amount(visit: Visit, unit: str, minutes: int) -> str:
    """What is left on a clock: natural minutes as a span, working ones in working days and hours."""
    if unit == "natural_minutes":
        return visit.times.span(minutes)
    days, rest = divmod(minutes, visit.world.calendar.day_minutes)
    if days and not rest:
        return visit.t("clock.work_days", n=days)
    hours = visit.times.span(rest)
    return visit.t("shift.work_left", d=days, rest=hours) if days else visit.t("shift.work_left_hours", rest=hours)
