"""My work: the list with the waterline. What is asked for lives in the address; late comes first, then next."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import Redirect, Template

from anlan.api.matters import cursor, terms_of
from anlan.app import look
from anlan.loop.errors import Refused
from anlan.loop.matter import Matter, shown
from anlan.loop.working_calendar import ms_of
from anlan.store.read import OPEN_KINDS, Row, Shape
from anlan.web.rail import counted
from anlan.web.timing import Due
from anlan.web.visit import Visit

LIMIT = 50
DAY_MS = 24 * 3600 * 1000
ORDERS = ("due", "new")
FILTERS = ("q", "unit", "district", "category", "channel", "from", "to")


class Line(msgspec.Struct, frozen=True):
    """A row as it is drawn: state, title, where, why it is mine, what is due."""

    matter: Matter
    title: str
    icon: str
    state: str
    tags: list[str]
    unit: str
    why: str
    due: Due
    href: str
    unread: bool


class Chip(msgspec.Struct, frozen=True):
    """A view one click away, with its count."""

    label: str
    count: str
    href: str
    current: bool


class Listing(msgspec.Struct, frozen=True):
    """A page of a list and the way on."""

    lines: list[Line]
    chips: list[Chip]
    more: str
    total: str
    filters: list[tuple[str, str]]


@get("/")
async def home(request: Request[Any, Any, Any]) -> Redirect:
    """To the page a person's work begins with."""
    visit = Visit(request)
    visit.actor  # noqa: B018 - refuses those who are not logged in
    if not visit.may("see"):
        return Redirect("/people" if visit.may("administer") else "/intake", status_code=303)
    return Redirect("/callbacks" if "callback" in visit.actor.roles else "/queue", status_code=303)


@get("/queue")
async def queue(request: Request[Any, Any, Any]) -> Template | Redirect:
    """The list. A number typed into the search goes straight to its matter."""
    visit = Visit(request)
    if number := number_in(visit.request.query_params.get("q", "")):
        return Redirect(f"/matters/{shown(number)}", status_code=303)
    return visit.page("queue.html", listing=listing(visit, "/queue"), selected=0)


def number_in(text: str) -> int:
    """The matter's number in a search, written with or without dashes; 0 when it is none."""
    digits = text.strip().replace("-", "")
    return int(digits) if len(digits) == 15 and digits.isdigit() and digits.isascii() else 0


def views(visit: Visit) -> dict[str, Shape]:
    """The views by name, the actor's first one first."""
    soon = visit.now + 60
    found = {
        "open": Shape(kinds=OPEN_KINDS),
        "received": Shape(stages=("received",)),
        "assigned": Shape(stages=("assigned",)),
        "late": Shape(kinds=OPEN_KINDS, due_before=visit.now),
        "hour": Shape(kinds=OPEN_KINDS, due_before=soon),
        "mine": Shape(officer=visit.actor.id),
        "assisting": Shape(assisting=visit.actor.unit),
        "verifying": Shape(stages=("verifying",)),
        "calling": Shape(kinds=("calling",)),
        "closed": Shape(kinds=("closed",), order="new"),
        "all": Shape(order="new"),
    }
    if not visit.may("assign"):
        del found["received"]
    elif "operator" in visit.actor.roles:
        found = {"received": found["received"]} | found
    if not visit.may("act"):
        del found["mine"]
    if not visit.may("assist"):
        del found["assisting"]
    return found


def asked(visit: Visit, known: dict[str, Shape]) -> tuple[str, Shape]:
    """Which of the views is asked for and the shape of its list. Raises Refused for a filter that makes no sense."""
    query = visit.request.query_params
    term = query.get("q", "")
    view = query.get("view", "") or ("all" if term and "all" in known else next(iter(known)))
    if view not in known:
        raise Refused("field.not_an_option", field="view", options=", ".join(known))
    shape, order = known[view], query.get("order", "")
    if order and order not in ORDERS:
        raise Refused("field.not_an_option", field="order", options=", ".join(ORDERS))
    unit = query.get("unit", "")
    return view, msgspec.structs.replace(
        shape,
        leads=units_of(visit, visit.names.find_unit(unit)) if unit else (),
        ledgers=(query["district"],) if query.get("district") else (),
        domains=(query["domain"],) if query.get("domain") else (),
        category=query.get("category", ""),
        channel=query.get("channel", ""),
        opened_from=day_ms(query.get("from", "")),
        opened_to=day_ms(query.get("to", ""), 1),
        terms=terms_of(term),
        order=order or shape.order,
        after=cursor(query.get("after", "")),
        limit=LIMIT,
    )


def units_of(visit: Visit, unit: str) -> tuple[str, ...]:
    """A unit and those below it."""
    return (unit, *(u.key for u in visit.world.city.organisation.below(unit)))


def day_ms(text: str, later: int = 0) -> int:
    """The UTC millisecond a city day (2026-11-24) begins, `later` days on; 0 for none."""
    if not text:
        return 0
    try:
        days = (date.fromisoformat(text) - date(1970, 1, 1)).days + later
    except ValueError:
        raise Refused("field.wrong_type", field="from", type="date") from None
    return ms_of(days * 1440)


def listing(visit: Visit, path: str, known: dict[str, Shape] | None = None) -> Listing:
    """The list that the address asks for, as the actor may see it; `known`: the views there are, by default all."""
    known = known or views(visit)
    view, shape = asked(visit, known)
    rows = look.rows(visit.world, visit.actor, shape)
    keep = visit.with_query(after=None).partition("?")[2]
    lines = [line(visit, row, keep) for row in rows]
    more = ""
    if len(rows) == shape.limit:
        edge, number = shape.after_row(rows[-1])
        more = f"{path}{visit.with_query(after=f'{edge}.{number}')[len(visit.request.url.path) :]}"
    plain = msgspec.structs.replace(shape, after=None)
    return Listing(lines, chips(visit, view, plain, path, known), more, counted(visit, plain), filters(visit))


def chips(visit: Visit, view: str, shape: Shape, path: str, known: dict[str, Shape]) -> list[Chip]:
    """Every view under the same filters, with how many it holds."""
    replace, found = msgspec.structs.replace, []
    for key, of in known.items():
        narrowed = replace(
            shape,
            assisting=of.assisting,
            kinds=of.kinds,
            stages=of.stages,
            officer=of.officer,
            due_before=of.due_before,
        )
        count = counted(visit, narrowed) if key not in {"closed", "all"} or key == view else ""
        query = visit.with_query(view=key, after=None).partition("?")[2]
        found.append(Chip(visit.t(f"view.{key}"), count, f"{path}?{query}", key == view))
    return found


def filters(visit: Visit) -> list[tuple[str, str]]:
    """The filters that are on: what it says and the address without it."""
    query, names, catalogue = visit.request.query_params, visit.names, visit.world.city.catalogue.categories
    found = []
    for key in FILTERS:
        value = str(query.get(key) or "")
        if not value:
            continue
        match key:
            case "unit":
                said = names.unit(names.find_unit(value))
            case "district":
                said = names.area(value)
            case "category":
                said = names.category(value) if value in catalogue else value
            case "channel":
                said = names.channel(value)
            case _:
                said = value
        label = visit.t("filter.on", name=visit.t(f"filter.{key}"), value=said)
        found.append((label, visit.with_query(**{key: None, "after": None})))
    return found


def line(visit: Visit, row: Row, query: str = "", path: str = "/matters") -> Line:
    """One row."""
    matter = row.matter
    flow = visit.world.flow_of(matter)
    due = visit.times.due(matter, flow.stage(matter.stage).clock, flow.closed)
    icon, state = state_of(visit, matter, due)
    tags = [visit.t("tag.assisting")] if visit.actor.unit in matter.open_assists else []
    tags += [visit.t("tag.overseen")] if matter.reminders or matter.escalated else []
    tags += [visit.t("tag.child")] if matter.parent else []
    tags += [visit.t("tag.reopened")] if matter.reopens and matter.stage != flow.closed else []
    tags += [visit.t("tag.returned")] if matter.returns and not matter.lead else []
    unit = visit.names.unit_short(matter.lead) if matter.lead else visit.t("unit.none")
    href = f"{path}/{shown(matter.number)}" + (f"?{query}" if query else "")
    unread = flow.stage(matter.stage).kind == "waiting" and not matter.officer
    return Line(
        matter, row.title or visit.t("title.none"), icon, state, tags, unit, why(visit, matter), due, href, unread
    )


def state_of(visit: Visit, matter: Matter, due: Due) -> tuple[str, str]:
    """(icon, class and word of the state): shape first, colour only for time."""
    if matter.merged_into:
        return "merge", "merged"
    if due.state in {"done", "held", "late", "soon"}:
        return {"done": "done", "held": "hold", "late": "late", "soon": "soon"}[due.state], due.state
    if matter.reopens:
        return "re", "reopened"
    if matter.returns and not matter.lead:
        return "back", "returned"
    kind = visit.world.flow_of(matter).stage(matter.stage).kind
    return ("new", "new") if kind == "waiting" and not matter.officer else ("open", "open")


def why(visit: Visit, matter: Matter) -> str:
    """Why it is in this person's list."""
    t, actor = visit.t, visit.actor
    if not matter.lead:
        return t("why.returned") if matter.returns else t("why.unassigned")
    if matter.officer == actor.id:
        return t("why.yours")
    if actor.unit in matter.open_assists:
        return t("why.assist", unit=visit.names.unit_short(matter.lead))
    stage = visit.names.word(matter, f"stage.{matter.stage}")
    if matter.lead == actor.unit:
        return t("why.own_unit", stage=stage)
    if matter.officer:
        return t("why.officer", staff=visit.names.staff(matter.officer), stage=stage)
    return t("why.stage", stage=stage)
