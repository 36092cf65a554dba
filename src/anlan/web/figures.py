"""Measures: a period's figures beside those of the year before, each with its formula and the way to its matters."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, get
from litestar.response import Template

from anlan.app.measure import Figure, measure
from anlan.loop.errors import Refused
from anlan.web.timing import date_of
from anlan.web.visit import Visit

GROUPS = ("unit", "ledger", "channel", "month")
LESS_IS_BETTER = frozenset({"returned", "reopened", "merged_in"})
VIEWS = {"received": "all"}
"""Measures whose matters a list can show: the view that shows them."""


class Total(msgspec.Struct, frozen=True):
    """A measure over the whole period: words, value, the change on the year before, the way to its matters."""

    key: str
    name: str
    formula: str
    figure: Figure
    parts: str
    href: str
    less_is_better: bool


class Period(msgspec.Struct, frozen=True):
    """City days, both included."""

    first: date
    last: date


@get("/measures")
async def measures(request: Request[Any, Any, Any]) -> Template:
    """The table of measures of one line of work."""
    visit = Visit(request)
    visit.world.require(visit.actor, "measure")
    query = visit.request.query_params
    domain = query.get("domain") or next(iter(visit.world.domains))
    by = query.get("by") or "unit"
    if domain not in visit.world.domains or by not in GROUPS:
        raise Refused("field.not_an_option", field="by", options=", ".join(GROUPS))
    period = period_of(visit)
    known = visit.world.domains[domain].measures
    whole = {f.measure: f for f in measure(visit.world, domain, period.first, period.last)}
    totals = [
        total(visit, domain, m.key, whole.get(m.key) or Figure(m.key, domain, 0, 0 if m.of else None, 0, 0), period)
        for m in known
    ]
    groups: dict[str, dict[str, Figure]] = {}
    for figure in measure(visit.world, domain, period.first, period.last, by):
        groups.setdefault(figure.group, {})[figure.measure] = figure
    rows = [
        (group, group_name(visit, by, group), group_link(by, group, period), found) for group, found in groups.items()
    ]
    return visit.page(
        "measures.html", totals=totals, rows=rows, by=by, groups=GROUPS, period=period, domain=domain,
        periods=periods(visit), keys=[m.key for m in known],
    )  # fmt: skip


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


def periods(visit: Visit) -> list[tuple[str, str]]:
    """Ready-made periods: name and address."""
    today = date_of(visit.now)
    ends = today.replace(day=1) - timedelta(days=1)
    ready = {
        "this_week": (today - timedelta(days=today.weekday()), today),
        "this_month": (today.replace(day=1), today),
        "last_month": (ends.replace(day=1), ends),
        "this_year": (today.replace(month=1, day=1), today),
    }
    return [(visit.t(f"period.{k}"), visit.with_query(**{"from": a, "to": b})) for k, (a, b) in ready.items()]


def total(visit: Visit, domain: str, key: str, figure: Figure, period: Period) -> Total:
    """A measure in words."""
    word = visit.t.word
    parts = "" if figure.part is None else visit.t("measure.parts", part=figure.part, whole=figure.whole)
    href = f"/queue?{urlencode({'view': VIEWS[key], 'from': period.first, 'to': period.last})}" if key in VIEWS else ""
    name, formula = word(domain, f"measure.{key}"), word(domain, f"formula.{key}")
    return Total(key, name, formula, figure, parts, href, key in LESS_IS_BETTER)


def group_name(visit: Visit, by: str, group: str) -> str:
    """A group in words."""
    if not group:
        return visit.t("measure.no_unit" if by == "unit" else "place.no_district")
    name = {"unit": visit.names.unit, "ledger": visit.names.area, "channel": visit.names.channel}.get(by)
    if by == "ledger" and group == visit.world.ledger:
        return visit.t("place.whole_city")
    return name(group) if name else group


def group_link(by: str, group: str, period: Period) -> str:
    """The list behind a group's received matters; "" where no filter shows it."""
    field = {"unit": "unit", "ledger": "district", "channel": "channel"}.get(by)
    if not field or not group:
        return ""
    return f"/queue?{urlencode({'view': 'all', field: group, 'from': period.first, 'to': period.last})}"
