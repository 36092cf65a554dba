"""Measures: a period's figures beside those of the year before, each with its formula and the list it counts.

A chart for each measure by month stands under the tables; it is drawn by the server (`charts`) and says nothing that
the table by month does not.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import Template

from anlan.app.measure import Figure, by_month, measure, year_before
from anlan.loop.domain import Measure
from anlan.loop.errors import Refused
from anlan.web import charts
from anlan.web.counted import Period, group_name, link, period_of
from anlan.web.timing import date_of
from anlan.web.visit import Visit

GROUPS = ("category", "ledger", "unit", "channel", "month")
LESS_IS_BETTER = frozenset({"returned", "reopened", "merged_in"})


class Total(msgspec.Struct, frozen=True):
    """A measure over the whole period: words, value, the change on the year before, the ways to what it counted, now
    and `then` (of a share, to what made it up)."""

    key: str
    name: str
    formula: str
    figure: Figure
    over: str
    of: str
    then: str
    less_is_better: bool


@get("/measures")
async def measures(request: Request[Any, Any, Any]) -> Template:
    """The table of measures of one line of work."""
    visit = Visit(request)
    query = visit.request.query_params
    domain = query.get("domain") or next(iter(visit.world.domains))
    by = query.get("by") or "unit"
    if domain not in visit.world.domains or by not in GROUPS:
        raise Refused("field.not_an_option", field="by", options=", ".join(GROUPS))
    period = period_of(visit)
    known = visit.world.domains[domain].measures
    whole = {f.measure: f for f in measure(visit.world, domain, period.first, period.last)}
    totals = [
        total(visit, domain, m, whole.get(m.key) or Figure(m.key, domain, 0, 0 if m.of else None, 0, 0), period)
        for m in known
    ]
    groups: dict[str, dict[str, Figure]] = {}
    for figure in measure(visit.world, domain, period.first, period.last, by):
        groups.setdefault(figure.group, {})[figure.measure] = figure
    rows = [
        (
            group_name(visit, by, group),
            [
                (found[m.key], group_link(domain, m, by, group, period), then_link(domain, m, by, group, period))
                for m in known
            ],
        )
        for group, found in groups.items()
    ]
    return visit.page(
        "measures.html", totals=totals, rows=rows, by=by, groups=GROUPS, period=period, domain=domain,
        periods=periods(visit), has_then=any(t.figure.whole_before for t in totals),
        panels=charts.panels(by_month(visit.world, domain, period.last)),
        month_table=visit.with_query(
            by="month", **{"from": period.last.replace(month=1, day=1), "to": period.last}
        ),
        named={t.key: t for t in totals},
    )  # fmt: skip


def before(period: Period) -> Period:
    """The same period a year before."""
    return Period(year_before(period.first), year_before(period.last))


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


def total(visit: Visit, domain: str, measure: Measure, figure: Figure, period: Period) -> Total:
    """A measure in words."""
    word = visit.t.word
    over, of = link(domain, measure.over, period), link(domain, measure.of, period) if measure.of else ""
    name, formula = word(domain, f"measure.{measure.key}"), word(domain, f"formula.{measure.key}")
    then = link(domain, measure.of or measure.over, before(period))
    return Total(measure.key, name, formula, figure, over, of, then, measure.key in LESS_IS_BETTER)


def group_link(domain: str, measure: Measure, by: str, group: str, period: Period) -> str:
    """The way to what a group's figure counted: of a share, to what made it up."""
    counter = measure.of or measure.over
    if by != "month":
        return link(domain, counter, period, **{by: group})
    first = date.fromisoformat(f"{group}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return link(domain, counter, Period(max(first, period.first), min(last, period.last)))


def then_link(domain: str, measure: Measure, by: str, group: str, period: Period) -> str:
    """The way to what the group's figure of the year before counted."""
    then = f"{int(group[:4]) - 1}{group[4:]}" if by == "month" else group
    return group_link(domain, measure, by, then, before(period))
