"""The response-time report (响应时间) as a page, as a table for a spreadsheet, and the incidents behind it."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get
from litestar.response import Template

from anlan.app import look
from anlan.domains.command import response
from anlan.domains.command.response import GROUPS, QUANTILES, SPANS, Figures, Incident
from anlan.domains.command.words import ticking
from anlan.loop.errors import Refused
from anlan.loop.matter import shown
from anlan.loop.working_calendar import minute_of
from anlan.web.counted import Period, period_of
from anlan.web.export import as_csv
from anlan.web.figures import periods
from anlan.web.visit import HEADERS, Visit

LISTED_MAX = 200


class Cell(msgspec.Struct, frozen=True):
    """A figure, the way to its incidents, what it was a year before and the way to those."""

    value: str
    href: str
    then: str
    then_href: str
    change: str = ""


class Line(msgspec.Struct, frozen=True):
    """A row of the table: what it is of, its explanation, its figures."""

    name: str
    hint: str
    cells: list[Cell]


class Behind(msgspec.Struct, frozen=True):
    """An incident behind a figure."""

    number: str
    what: str
    when: str
    took: str
    limit: str
    late: bool


@get("/command/response")
async def report(request: Request[Any, Any, Any]) -> Template:
    """The report: every span of the period, then one span by group."""
    visit = Visit(request)
    period, by, span = asked(visit)
    now, then = await asyncio.to_thread(both, visit, period)
    whole, whole_then = response.figures(now), response.figures(then)
    groups, groups_then = response.by_group(now, by), response.a_year_on(response.by_group(then, by), by)
    return visit.page(
        "command/response.html", period=period, periods=periods(visit), by=by, span=span, groups=GROUPS, spans=SPANS,
        incidents=whole.incidents, then=whole_then.incidents,
        lines=[span_line(visit, one, whole, whole_then, period) for one in SPANS],
        kept=kept_cell(visit, whole, whole_then, period), nobody=nobody_cell(whole, whole_then, period),
        rows=[
            group_line(visit, (by, group, span), groups.get(group), groups_then.get(group), period)
            for group in sorted({*groups, *groups_then})
        ],
        csv=f"/command/response/table.csv?{urlencode({'from': period.first, 'to': period.last, 'by': by})}",
    )  # fmt: skip


@get("/command/response/table.csv", media_type="text/csv")
async def table(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Every span of every group, in seconds, with the year before."""
    visit = Visit(request)
    period, by, _ = asked(visit)
    now, then = await asyncio.to_thread(both, visit, period)
    groups, groups_then = response.by_group(now, by), response.a_year_on(response.by_group(then, by), by)
    word = visit.t
    head = [word(f"command.by.{by}"), word("command.response.span"), word("command.response.count")]
    head += [f"p{q}" for q in QUANTILES] + [word("command.response.share")]
    lines = [[*head, *(f"{name} {word('command.response.then')}" for name in head[2:])]]
    for group in sorted({*groups, *groups_then}):
        for span in SPANS:
            cells = [*plain(groups.get(group), span), *plain(groups_then.get(group), span)]
            lines.append([group_name(visit, by, group), word(f"command.span_name.{span}"), *cells])
    name = f"anlan-response-{period.first}-{period.last}-{by}.csv"
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(lines), media_type="text/csv; charset=utf-8", headers=headers)


@get("/command/response/incidents")
async def behind(request: Request[Any, Any, Any]) -> Template:
    """The incidents behind a figure, slowest first, as far as the reader may see them."""
    visit = Visit(request)
    query, (period, by, span) = visit.request.query_params, asked(visit)
    group, quantile = query.get("group"), query.get("from_p", "0")
    if query.get("only", "") not in {"", "late", "nobody"} or quantile not in {"0", *map(str, QUANTILES)}:
        raise Refused("field.not_an_option", field="only", options="late, nobody")
    only = query.get("only", "")
    span = "there" if only else span
    some = await asyncio.to_thread(response.incidents, visit.world, period.first, period.last)
    if group is not None:
        some = [one for one in some if one.group(by) == group]
    found = response.behind(some, "nobody" if only == "nobody" else span, int(quantile), late=only == "late")
    lines = [line for one in found[: 2 * LISTED_MAX] if (line := line_of(visit, one, span))][:LISTED_MAX]
    kind = visit.t(f"command.response.{only}" if only else f"command.span_name.{span}")
    return visit.page(
        "command/response_list.html", period=period, lines=lines, count=len(found), quantile=quantile, kind=kind,
        group=group_name(visit, by, group) if group is not None else "", nobody=only == "nobody",
        back=f"/command/response?{urlencode({'from': period.first, 'to': period.last, 'by': by, 'span': span})}",
    )  # fmt: skip


def asked(visit: Visit) -> tuple[Period, str, str]:
    """Period, grouping and span of the address. Raises Refused."""
    query = visit.request.query_params
    by, span = query.get("by") or "type", query.get("span") or "there"
    for field, given, options in (("by", by, GROUPS), ("span", span, SPANS)):
        if given not in options:
            raise Refused("field.not_an_option", field=field, options=", ".join(options))
    return period_of(visit), by, span


def both(visit: Visit, period: Period) -> tuple[list[Incident], list[Incident]]:
    """The incidents of the period and of the same days a year before."""
    then = response.before(period.first, period.last)
    return response.incidents(visit.world, period.first, period.last), response.incidents(visit.world, *then)


def span_line(visit: Visit, span: str, now: Figures, then: Figures, period: Period) -> Line:
    """A span of the whole period."""
    cells = [count_cell(span, now, then, period, {})]
    cells += [quantile_cell(visit, span, q, now, then, period, {}) for q in QUANTILES]
    return Line(visit.t(f"command.span_name.{span}"), visit.t(f"command.span_formula.{span}"), cells)


def group_line(
    visit: Visit, at: tuple[str, str, str], now: Figures | None, then: Figures | None, period: Period
) -> Line:
    """A group's row: how many, the span's quantiles, the share in time."""
    (by, group, span), none = at, response.figures(())
    mine, theirs, where = now or none, then or none, {"by": by, "group": group}
    cells = [count_cell(span, mine, theirs, period, where)]
    cells += [quantile_cell(visit, span, q, mine, theirs, period, where) for q in QUANTILES]
    cells += [kept_cell(visit, mine, theirs, period, where), nobody_cell(mine, theirs, period, where)]
    return Line(group_name(visit, by, group), "", cells)


def count_cell(span: str, now: Figures, then: Figures, period: Period, where: dict[str, str]) -> Cell:
    """How many a span was measured for."""
    a, b = now.spans[span].count, then.spans[span].count
    return _cell(f"{a:,}", f"{b:,}", (a, b), period, {"span": span} | where)


def quantile_cell(
    visit: Visit, span: str, quantile: int, now: Figures, then: Figures, period: Period, where: dict[str, str]
) -> Cell:
    """A quantile of a span; its incidents are those that took as long or longer."""
    a, b = now.spans[span], then.spans[span]
    words = {"span": span, "from_p": str(quantile)} | where
    change = _change(visit, a.at[quantile] - b.at[quantile]) if a.count and b.count else ""
    texts = (ticking(a.at[quantile]), ticking(b.at[quantile]))
    return _cell(*texts, (a.count, b.count), period, words, change)


def kept_cell(visit: Visit, now: Figures, then: Figures, period: Period, where: dict[str, str] | None = None) -> Cell:
    """The share within the limit; its incidents are those that were late."""
    texts = tuple("" if f.share is None else f"{f.share * 100:.1f}%" for f in (now, then))
    points = (now.share - then.share) * 100 if now.share is not None and then.share is not None else None
    change = visit.t("yoy.points", n=f"{points:+.1f}") if points is not None else ""
    counts = (now.limited, then.limited)
    return _cell(texts[0], texts[1], counts, period, {"only": "late"} | (where or {}), change)


def nobody_cell(now: Figures, then: Figures, period: Period, where: dict[str, str] | None = None) -> Cell:
    """To how many nobody came."""
    a, b = now.nobody, then.nobody
    return _cell(f"{a:,}", f"{b:,}", (a, b), period, {"only": "nobody"} | (where or {}))


def plain(found: Figures | None, span: str) -> list[str]:
    """A group's figures as a table of numbers: count, seconds by quantile, per cent in time."""
    figures = found or response.figures(())
    times = figures.spans[span]
    seconds = [f"{times.at[q] / 1000:.0f}" if times.count else "" for q in QUANTILES]
    return [str(times.count), *seconds, "" if figures.share is None else f"{figures.share * 100:.1f}"]


def group_name(visit: Visit, by: str, group: str) -> str:
    """A group's name in the reader's words."""
    if by == "type":
        return visit.names.leaf(group) if group else visit.t("command.by.none")
    if by == "district":
        return visit.names.area(group)
    if by == "urgency":
        return visit.t("command.urgency", n=group)
    return visit.t("command.by.hour_name", h=int(group)) if by == "hour" else group


def line_of(visit: Visit, one: Incident, span: str) -> Behind | None:
    """An incident behind a figure; None for one the reader may not see."""
    if not look.sees_number(visit.world, visit.actor, one.number):
        return None
    took, limit = one.spans().get(span), one.limit_ms()
    return Behind(
        shown(one.number), visit.names.leaf(one.category), visit.times.entry(minute_of(one.opened_at)),
        ticking(took) if took is not None else "", ticking(limit) if limit is not None else "", one.in_time() is False,
    )  # fmt: skip


def _cell(
    value: str,
    then: str,
    counts: tuple[int, int],
    period: Period,
    where: dict[str, str],
    change: str = "",
) -> Cell:
    first, last = response.before(period.first, period.last)
    now_href, then_href = (
        f"/command/response/incidents?{urlencode({'from': a, 'to': b} | where)}"
        for a, b in ((period.first, period.last), (first, last))
    )
    group = where.get("group", "")
    if where.get("by") == "month" and group:
        then_href = then_href.replace(f"group={group}", f"group={int(group[:4]) - 1}{group[4:]}")
    has, had = (bool(n) for n in counts)
    return Cell(value if has else "", now_href if has else "", then if had else "", then_href if had else "", change)


def _change(visit: Visit, ms: int) -> str:
    key = "same" if abs(ms) < 1000 else "slower" if ms > 0 else "faster"
    return visit.t(f"command.response.{key}", span=ticking(abs(ms)))


RESPONSE_ROUTES = (report, table, behind)
