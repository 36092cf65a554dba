"""The record, for auditors: who saw what, what administrators did, who was refused what. From the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import Template

from anlan.app.denials import KIND as DENIED
from anlan.app.people import CHANGES
from anlan.loop.errors import Refused
from anlan.loop.fact import INT_MAX, Fact, whole
from anlan.loop.matter import shown
from anlan.loop.working_calendar import minute_of
from anlan.store.outbox import Entry
from anlan.web.people import role_name
from anlan.web.visit import Visit

SHOWN = 100
SCANNED_MAX = 5_000
"""So many entries are looked through for a filter that few of them meet; the page says from where it goes on."""
PARTS = {
    "rights": frozenset({*CHANGES, "token_issued", "token_revoked", "locked_out"}),
    "rosters": frozenset({"duties_set"}),
    "system": frozenset({"trained", "recalendared"}),
    "denied": frozenset({DENIED}),
}
"""The record's parts, by kinds of facts."""


class Reading(msgspec.Struct, frozen=True):
    """One line: when, who, what of which matter, for what purpose."""

    when: str
    who: str
    what: str
    matter: str
    purpose: str


class Act(msgspec.Struct, frozen=True):
    """One line: when, who, what, about which account, unit or address, how it was refused, how often since when."""

    when: str
    who: str
    what: str
    about: str
    matter: str
    times: str


@get("/readings")
async def readings(request: Request[Any, Any, Any]) -> Template:
    """Who opened what, newest first; `who` and `matter` narrow it."""
    visit = Visit(request)
    query = request.query_params
    who, matter = query.get("who", "").strip(), query.get("matter", "").strip()
    number = matter.replace("-", "")
    facts, more = _found(visit, lambda f: f.kind == "read" and _by(f, who) and (not number or str(f.matter) == number))
    lines = [_reading(visit, fact) for fact in facts]
    return visit.page("readings.html", lines=lines, more=more, who=who, matter=matter)


@get("/record")
async def record(request: Request[Any, Any, Any]) -> Template:
    """What administrators did and who was refused what, newest first; `part` and `who` narrow it."""
    visit = Visit(request)
    part, who = request.query_params.get("part", ""), request.query_params.get("who", "").strip()
    if part and part not in PARTS:
        raise Refused("field.not_an_option", field="part", options=", ".join(PARTS))
    kinds = PARTS[part] if part else frozenset().union(*PARTS.values())
    facts, more = _found(visit, lambda f: f.kind in kinds and (_by(f, who) or f.data.get("account") == who))
    lines = [_act(visit, fact) for fact in facts]
    return visit.page("record.html", lines=lines, more=more, who=who, part=part, parts=list(PARTS))


def _found(visit: Visit, meets: Callable[[Fact], bool]) -> tuple[list[Fact], int]:
    """The facts beside the matters' own that meet it, a page of them, and from where it goes on (0 at the end)."""
    edge = whole(visit.request.query_params.get("before", ""))
    entries = visit.world.store.outbox.beside(INT_MAX if edge is None else edge, SCANNED_MAX)
    wanted: list[Entry] = [entry for entry in entries if meets(entry.fact)][:SHOWN]
    more = wanted[-1].pos if len(wanted) == SHOWN else entries[-1].pos if len(entries) == SCANNED_MAX else 0
    return [entry.fact for entry in wanted], more


def _by(fact: Fact, who: str) -> bool:
    return not who or fact.actor == who


def _reading(visit: Visit, fact: Fact) -> Reading:
    t = visit.t
    purpose, what = f"purpose.{fact.data.get('purpose', '')}", f"reading.{fact.data.get('what', '')}"
    number = shown(fact.matter) if fact.matter >= 10**14 else ""
    return Reading(
        visit.times.entry(minute_of(fact.at)), visit.names.staff(fact.actor), t(what) if what in t else what,
        number, t(purpose) if purpose in t else str(fact.data.get("purpose", "")),
    )  # fmt: skip


def _act(visit: Visit, fact: Fact) -> Act:
    t, data = visit.t, fact.data
    what = t(f"history.{fact.kind}") if fact.kind != DENIED else ""
    if not what:
        domain = next(iter(visit.world.domains), "")
        action = t.word(domain, f"action.{data['action']}", data["action"])
        what = t("record.denied", what=action) if action else t("record.denied_all")
    if data.get("roles"):
        what = t(
            "record.roles", what=what, roles=t("rights.and").join(role_name(visit, role) for role in data["roles"])
        )
    about = str(data.get("account") or data.get("endpoint") or data.get("unit") or data.get("name") or "")
    times = t("record.times", n=data["times"], since=visit.times.of(data["since"])) if data.get("times", 1) > 1 else ""
    who = visit.names.staff(fact.actor) if fact.actor != "nobody" else t("record.nobody")
    return Act(
        visit.times.entry(minute_of(fact.at)), who, what, about, shown(data["matter"]) if data.get("matter") else "",
        times,
    )  # fmt: skip
