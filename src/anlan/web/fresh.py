"""What an open page asks for when something changed: the rows of a few matters, the counts, and the person's news.

None of it is the whole page: two hundred desks ask at once, each time anything moves.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import Template

from anlan.app import look, news
from anlan.loop.errors import Refused
from anlan.loop.fact import INT_MAX, whole
from anlan.store.read import Row
from anlan.web.queue import LIMIT, Line, asked, chips, line, lines_of, views
from anlan.web.visit import Visit

NAMED_MAX = 5
"""So many new matters are named one by one; more are told as a number."""


class Told(msgspec.Struct, frozen=True):
    """A matter that is news, worded."""

    line: Line
    why: str
    stays: bool


@get("/queue/rows")
async def rows(request: Request[Any, Any, Any]) -> Template:
    """Those of the matters named by `number` that are in the list the address asks for, as its rows."""
    visit = Visit(request)
    numbers = tuple(n for text in request.query_params.getall("number", []) if (n := whole(text)))
    if not 0 < len(numbers) <= LIMIT:
        raise Refused("page.too_large", limit=len(numbers), limit_max=LIMIT)
    _, shape = asked(visit, views(visit))
    wanted = msgspec.structs.replace(shape, numbers=numbers, after=None, limit=len(numbers))
    keep = visit.with_query(number=None, after=None).partition("?")[2]
    return visit.page("rows.html", lines=lines_of(visit, look.rows(visit.world, visit.actor, wanted), keep))


@get("/queue/counts")
async def counts(request: Request[Any, Any, Any]) -> Template:
    """The rail and the views with their counts, under the filters of the address."""
    visit = Visit(request)
    known = views(visit)
    view, shape = asked(visit, known)
    plain = msgspec.structs.replace(shape, after=None)
    return visit.page("counts.html", chips=chips(visit, view, plain, "/queue", known))


@get("/news")
async def whats_new(request: Request[Any, Any, Any]) -> Template:
    """What has become the person's work after position `after` up to `to`."""
    visit, query = Visit(request), request.query_params
    after, to = whole(query.get("after", "")), whole(query.get("to", ""))
    if after is None or to is None:
        raise Refused("field.out_of_range", field="after", minimum=0, maximum=INT_MAX)
    found = news.since(visit.world, visit.actor, after, to)
    told = [] if found is None else [_told(visit, one) for one in found]
    return visit.page("news.html", told=told, lost=found is None, named=NAMED_MAX)


def _told(visit: Visit, one: news.News) -> Told:
    number = one.matter.number
    title = visit.world.store.read.titles([number]).get(number, "")
    return Told(line(visit, Row(one.matter, title, None)), visit.t(f"news.{one.kind}"), one.stays)
