"""What a figure counted: one row for each time, newest day first, as many rows as the figure says.

It is the list of what happened, not of what is so now: a matter returned twice stands here twice, with the state it has
come to since.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, get
from litestar.response import Template

from anlan.api.matters import cursor
from anlan.app.measure import behind
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.working_calendar import DAY
from anlan.store.counts import FEW, Counted
from anlan.store.read import Row
from anlan.web.language import Strings
from anlan.web.names import Names
from anlan.web.queue import Chip, Line, line
from anlan.web.timing import EPOCH, date_of
from anlan.web.visit import Visit

NARROWS = ("unit", "ledger", "channel", "category")
NONE = "-"
"""In an address: the group that has no unit, no category; an empty value means any."""


class Period(msgspec.Struct, frozen=True):
    """City days, both included."""

    first: date
    last: date


@get("/measures/matters")
async def counted(request: Request[Any, Any, Any]) -> Template:
    """The list behind a figure."""
    visit = Visit(request)
    asked, period = asked_for(visit), period_of(visit)
    rows, n = behind(visit.world, visit.actor, asked)
    more = ""
    if len(rows) == asked.limit:
        last = rows[-1]
        more = visit.with_query(after=f"{last.day}.{last.matter.number}.{last.version}")
    return visit.page(
        "counted.html",
        counter=visit.t(f"counter.{asked.measure}"),
        period=period,
        n=f"{n}" if n < FEW else f"{FEW - 1}+",
        lines=[counted_line(visit, asked.measure, row) for row in rows],
        chips=chips(visit, asked),
        filters=filters(visit, asked),
        more=more,
        back=f"/measures?{urlencode({'domain': asked.where['domain'], 'from': period.first, 'to': period.last})}",
        narrowed="foreign" not in visit.world.grants.relations(visit.actor, "see"),
    )


def link(domain: str, counter: str, period: Period, **where: str) -> str:
    """The address of what a counter counted in a period, in one group if one is named."""
    narrow = {key: value or NONE for key, value in where.items()}
    query = {"domain": domain, "counter": counter, "from": period.first, "to": period.last, **narrow}
    return f"/measures/matters?{urlencode(query)}"


def period_of(visit: Visit) -> Period:
    """From the address, else this month so far."""
    today = date_of(visit.now)
    query = visit.request.query_params
    try:
        first = date.fromisoformat(query.get("from") or str(today.replace(day=1)))
        last = date.fromisoformat(query.get("to") or str(today))
    except ValueError:
        raise Refused("field.wrong_type", field="from", type="date") from None
    if last < first:
        raise Refused("field.out_of_range", field="to", minimum=str(first), maximum="2069-12-31")
    return Period(first, last)


def asked_for(visit: Visit) -> Counted:
    """What the address asks for. Raises Refused for a counter that no measure of the line of work is made of."""
    query, period, domains = visit.request.query_params, period_of(visit), visit.world.domains
    domain = query.get("domain") or next(iter(domains))
    if domain not in domains:
        raise Refused("field.not_an_option", field="domain", options=", ".join(domains))
    known, counter = counters(visit, domain), query.get("counter", "")
    if counter not in known:
        raise Refused("field.not_an_option", field="counter", options=", ".join(known))
    narrow = {key: "" if query[key] == NONE else query[key] for key in NARROWS if query.get(key)}
    first, last = ((day - EPOCH.date()).days for day in (period.first, period.last))
    return Counted(counter, first, last, {"domain": domain, **narrow}, after=cursor(query.get("after", ""), 3) or ())


def counters(visit: Visit, domain: str) -> list[str]:
    """What the measures of a line of work are made of, in their order."""
    measures = visit.world.domains[domain].measures
    return list(dict.fromkeys(name for m in measures for name in (m.over, m.of) if name))


def chips(visit: Visit, asked: Counted) -> list[Chip]:
    """The other counters under the same filters."""
    return [
        Chip(visit.t(f"counter.{key}"), "", visit.with_query(counter=key, after=None), key == asked.measure)
        for key in counters(visit, asked.where["domain"])
    ]


def filters(visit: Visit, asked: Counted) -> list[tuple[str, str]]:
    """The filters that are on: what it says and the address without it."""
    found = []
    for key in NARROWS:
        if key in asked.where:
            value = group_name(visit, key, asked.where[key])
            label = visit.t("filter.on", name=visit.t(f"by.{key}"), value=value)
            found.append((label, visit.with_query(**{key: None, "after": None})))
    return found


def group_name(visit: Visit, by: str, group: str) -> str:
    """A group in words."""
    return group_named(visit.names, visit.t, visit.world, by, group)


def group_named(names: Names, t: Strings, world: World, by: str, group: str) -> str:
    """A group in the words of a language."""
    if not group and by != "category":
        return t("measure.no_unit" if by == "unit" else "place.no_district")
    if by == "ledger" and group == world.ledger:
        return t("place.whole_city")
    name = {"unit": names.unit, "ledger": names.area, "channel": names.channel, "category": names.category}.get(by)
    return name(group) if name else group


def counted_line(visit: Visit, counter: str, row: Row) -> Line:
    """A row: why it is here is what was counted, and when."""
    when = visit.times.day(row.day * DAY)
    return msgspec.structs.replace(
        line(visit, row), why=visit.t("counted.why", counter=visit.t(f"counter.{counter}"), day=when)
    )
