"""How facts become state: `evolve(matter, fact)`, the only way a matter changes. Pure, total over the fact kinds below.

A fact may carry `stage` and `clocks` beside what its kind means; both are taken over as they stand, so that a replay
needs neither flow nor calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from anlan.loop.deadlines import Clock
from anlan.loop.errors import Broken
from anlan.loop.fact import Fact
from anlan.loop.matter import CALLBACK_PENDING, Assist, Matter, Party, Place, Sent
from anlan.loop.upcast import form_of

Changes = dict[str, Any]
RESTORED: dict[str, Any] = {
    "lead": str, "officer": str, "category": str, "route": dict[str, object], "assists": tuple[Assist, ...],
    "handlers": tuple[str, ...], "returns": int, "asked_days": int,
}  # fmt: skip
"""What an undone move may have changed beside stage and clocks, with its type."""
Draft = tuple[str, dict[str, Any]]
"""A fact before it is stamped: its kind and its data."""


def stamp(drafts: Iterable[Draft], number: int, version: int, at: int, actor: str) -> list[Fact]:
    """The drafts as facts of matter `number`, following `version`."""
    return [Fact(kind, number, version + i, at, actor, data, form_of(kind)) for i, (kind, data) in enumerate(drafts, 1)]


def evolve(matter: Matter | None, fact: Fact) -> Matter:
    """The state after `fact`. Raises Broken when the fact cannot follow the state."""
    if matter is None:
        if fact.kind != "received" or fact.version != 1:
            raise Broken(f"matter {fact.matter} begins with {fact.kind}, version {fact.version}")
        return _received(fact)
    if fact.matter != matter.number:
        raise Broken(f"a fact of matter {fact.matter} among those of {matter.number}")
    if fact.version != matter.version + 1:
        raise Broken(f"matter {fact.matter}: version {fact.version} follows {matter.version}")
    data = fact.data
    rule = RULES.get(fact.kind)
    if rule is None:
        raise Broken(f"matter {fact.matter}: unknown fact {fact.kind}")
    changes = rule(matter, data, fact)
    changes["version"] = fact.version
    if stage := data.get("stage"):
        changes["stage"] = stage
    if clocks := data.get("clocks"):
        changes["clocks"] = changes.get("clocks", matter.clocks) | _clocks(clocks)
    return msgspec.structs.replace(matter, **changes)


def replay(facts: Iterable[Fact]) -> Matter | None:
    """The state that facts, in order, add up to."""
    matter = None
    for fact in facts:
        if fact.version:
            matter = evolve(matter, fact)
    return matter


def _clocks(data: dict[str, Any]) -> dict[str, Clock]:
    return {key: msgspec.convert(value, Clock) for key, value in data.items()}


def _received(fact: Fact) -> Matter:
    d = fact.data
    place = d.get("place")
    return Matter(
        number=fact.matter,
        domain=d["domain"],
        flow=d["flow"],
        stage=d["stage"],
        version=1,
        opened_at=d["opened_at"],
        channel=d["channel"],
        ledger=d["ledger"],
        district=d.get("district", ""),
        category=d.get("category", ""),
        place=Place(place[0], place[1]) if place else None,
        text=d["text"],
        urgency=d.get("urgency", 0),
        lead=d.get("lead", ""),
        outcome=d.get("outcome", ""),
        handlers=(d["officer"],) if d.get("officer") else (),
        parties=(_party(d["party"], fact),) if d.get("party") else (),
        clocks=_clocks(d.get("clocks", {})),
        parent=d.get("parent", 0),
    )


def _party(data: dict[str, Any], fact: Fact) -> Party:
    return Party(
        receipt=data.get("receipt", fact.matter),
        party=data["party"],
        channel=data["channel"],
        at=data.get("at", fact.at),
        text=data.get("text", ""),
        wants_callback=data.get("wants_callback", True),
        confidential=data.get("confidential", False),
        callback=_callback(data.get("callback", CALLBACK_PENDING if data.get("wants_callback", True) else "waived")),
        attempts=data.get("attempts", 0),
        rating=data.get("rating", 0),
    )


def _callback(said: str) -> str:
    """The default itself, not a string equal to it: msgspec omits defaults by identity, and a replay must give the
    same bytes as the first time."""
    return CALLBACK_PENDING if said == CALLBACK_PENDING else said


def _joined(m: Matter, d: dict[str, Any], f: Fact) -> Changes:
    return {"parties": (*m.parties, *(_party(p, f) for p in d["parties"]))}


def _classified(_m: Matter, d: dict[str, Any], _f: Fact) -> Changes:
    return {"category": d["category"], **({"urgency": d["urgency"]} if "urgency" in d else {})}


def _assigned(m: Matter, d: dict[str, Any], f: Fact) -> Changes:
    assists = tuple(Assist(u, f.at) for u in d.get("assists", ()) if u not in {a.unit for a in m.assists})
    return {"lead": d["lead"], "officer": "", "route": d.get("route", {}), "assists": (*m.assists, *assists)}


def _accepted(m: Matter, _d: dict[str, Any], f: Fact) -> Changes:
    return {"officer": f.actor, "handlers": _with(m.handlers, f.actor)}


def _returned(m: Matter, _d: dict[str, Any], _f: Fact) -> Changes:
    return {"lead": "", "officer": "", "returns": m.returns + 1}


def _handled(m: Matter, _d: dict[str, Any], f: Fact) -> Changes:
    return {"handlers": _with(m.handlers, f.actor)}


def _assist_asked(m: Matter, d: dict[str, Any], f: Fact) -> Changes:
    return {"assists": (*m.assists, Assist(d["unit"], f.at)), "handlers": _with(m.handlers, f.actor)}


def _assist(field: str) -> Callable[[Matter, dict[str, Any], Fact], Changes]:
    def rule(m: Matter, d: dict[str, Any], f: Fact) -> Changes:
        changed = (msgspec.structs.replace(a, **{field: f.at}) if a.unit == d["unit"] else a for a in m.assists)
        return {"assists": tuple(changed), "handlers": _with(m.handlers, f.actor)}

    return rule


def _called_back(m: Matter, d: dict[str, Any], _f: Fact) -> Changes:
    def after(p: Party) -> Party:
        if p.receipt != d["receipt"]:
            return p
        return msgspec.structs.replace(
            p, callback=_callback(d["callback"]), attempts=d["attempts"], rating=d.get("rating", p.rating)
        )

    changes: Changes = {"parties": tuple(after(p) for p in m.parties)}
    if d.get("solved") is not None:
        changes["solved"] = d["solved"]
    return changes


def _rated(m: Matter, d: dict[str, Any], _f: Fact) -> Changes:
    rated = (msgspec.structs.replace(p, rating=d["rating"]) if p.receipt == d["receipt"] else p for p in m.parties)
    return {"parties": tuple(rated)}


def _closed(_m: Matter, d: dict[str, Any], f: Fact) -> Changes:
    return {"closed_at": d.get("at", f.at), **({"solved": d["solved"]} if d.get("solved") is not None else {})}


def _reopened(m: Matter, _d: dict[str, Any], _f: Fact) -> Changes:
    fresh = {"callback": CALLBACK_PENDING, "attempts": 0}
    again = (msgspec.structs.replace(p, **fresh) if p.wants_callback else p for p in m.parties)
    return {"closed_at": 0, "solved": None, "asked_days": 0, "reopens": m.reopens + 1, "parties": tuple(again)}


def _taken_over(m: Matter, d: dict[str, Any], f: Fact) -> Changes:
    return {"lead": d["lead"], "officer": f.actor, "taken_over": f.actor, "handlers": _with(m.handlers, f.actor)}


def _child_opened(m: Matter, d: dict[str, Any], _f: Fact) -> Changes:
    return {"children_open": (*m.children_open, d["number"])}


def _unit_sent(m: Matter, d: dict[str, Any], f: Fact) -> Changes:
    return {"sent": (*m.sent, Sent(d["unit"], f.at)), "handlers": _with(m.handlers, f.actor)}


def _unit_at(field: str) -> Callable[[Matter, dict[str, Any], Fact], Changes]:
    def rule(m: Matter, d: dict[str, Any], f: Fact) -> Changes:
        told = (
            msgspec.structs.replace(one, **{field: d.get("at", f.at)})
            if one.unit == d["unit"] and not one.ended_at
            else one
            for one in m.sent
        )
        return {"sent": tuple(told), "handlers": _with(m.handlers, f.actor)}

    return rule


def _undone(m: Matter, d: dict[str, Any], _f: Fact) -> Changes:
    changes: Changes = {name: msgspec.convert(value, RESTORED[name]) for name, value in d["restores"].items()}
    changes["clocks"] = {key: clock for key, clock in m.clocks.items() if key not in d["dropped"]}
    return changes


def _with(ids: tuple[str, ...], one: str) -> tuple[str, ...]:
    return ids if one in ids else (*ids, one)


def _nothing(_m: Matter, _d: dict[str, Any], _f: Fact) -> Changes:
    return {}


RULES: dict[str, Callable[[Matter, dict[str, Any], Fact], Changes]] = {
    "joined": _joined,
    "classified": _classified,
    "assigned": _assigned,
    "forwarded": _assigned,
    "accepted": _accepted,
    "returned": _returned,
    "progressed": _handled,
    "held": _handled,
    "resumed": _handled,
    "reported": _handled,
    "verified": _nothing,
    "sent_back": _nothing,
    "assist_asked": _assist_asked,
    "assist_accepted": _assist("accepted_at"),
    "assist_reported": _assist("done_at"),
    "extension_asked": lambda _m, d, _f: {"asked_days": d["days"]},
    "extended": lambda _m, _d, _f: {"asked_days": 0},
    "extension_refused": lambda _m, _d, _f: {"asked_days": 0},
    "called_back": _called_back,
    "rated": _rated,
    "closed": _closed,
    "reopened": _reopened,
    "merged": lambda _m, d, f: {"merged_into": d["into"], "closed_at": f.at},
    "linked": lambda m, d, _f: {"links": (*m.links, d["number"])},
    "child_opened": _child_opened,
    "child_reopened": _child_opened,
    "child_closed": lambda m, d, _f: {"children_open": tuple(n for n in m.children_open if n != d["number"])},
    "reminded": lambda m, _d, _f: {"reminders": m.reminders + 1},
    "escalated": lambda m, _d, _f: {"escalated": m.escalated + 1},
    "taken_over": _taken_over,
    "unit_sent": _unit_sent,
    "unit_set_out": _unit_at("set_out_at"),
    "unit_arrived": _unit_at("arrived_at"),
    "unit_cleared": _unit_at("ended_at"),
    "unit_withdrawn": _unit_at("ended_at"),
    "noted": _nothing,
    "undone": _undone,
    "recalendared": _nothing,
}
