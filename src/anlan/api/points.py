"""Open matters as points, in compact arrays, and the titles of those that stand in one place."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromQuery

from anlan.api.matters import terms_of
from anlan.api.packed import packed
from anlan.api.shapes import Page, summary
from anlan.api.who import reader, world_of
from anlan.app import look
from anlan.app.points import points
from anlan.loop.errors import Refused
from anlan.store.read import OPEN_KINDS, Shape

TITLES_MAX = 50
_encode = msgspec.json.Encoder().encode


@get("/api/v1/matters/points")
async def matter_points(
    request: Request[Any, Any, Any],
    unit: FromQuery[str] = "",
    stage: FromQuery[list[str] | None] = None,
    kind: FromQuery[list[str] | None] = None,
    officer: FromQuery[str] = "",
    assisting: FromQuery[str] = "",
    district: FromQuery[str] = "",
    domain: FromQuery[str] = "",
    category: FromQuery[str] = "",
    channel: FromQuery[str] = "",
    opened_from: FromQuery[int] = 0,
    opened_to: FromQuery[int] = 0,
    due_before: FromQuery[int] = 0,
    q: FromQuery[str] = "",
    at: FromQuery[int] = 0,
) -> Response[bytes]:
    """Open matters the caller may see, now or as they were open at `at` (UTC milliseconds). `unit`: it and those below.

    Refused over 100,000: narrow it. Repeats of the same answer are 304 by ETag.
    """
    world, who = world_of(request), reader(request)
    organisation = world.city.organisation
    if unit and unit not in organisation:
        raise Refused("field.unknown_unit", field="unit", unit=unit)
    if set(kind or ()) - set(OPEN_KINDS):
        raise Refused("field.not_an_option", field="kind", options=", ".join(OPEN_KINDS))
    shape = Shape(
        leads=(unit, *(u.key for u in organisation.below(unit))) if unit else (),
        assisting=assisting,
        stages=tuple(stage or ()),
        kinds=tuple(kind or ()),
        officer=officer,
        ledgers=(district,) if district else (),
        domains=(domain,) if domain else (),
        category=category,
        channel=channel,
        opened_from=opened_from,
        opened_to=opened_to,
        due_before=due_before,
        terms=terms_of(q),
    )
    found = await asyncio.to_thread(lambda: _encode(points(world, who, shape, at)))
    return packed(request, found)


@get("/api/v1/matters/titles")
async def matter_titles(request: Request[Any, Any, Any], number: FromQuery[list[int] | None] = None) -> Page:
    """List lines of up to 50 matters by number, as far as the caller may see them: what stands behind one point."""
    world, who = world_of(request), reader(request)
    if len(number or ()) > TITLES_MAX:
        raise Refused("page.too_large", limit=len(number or ()), limit_max=TITLES_MAX)
    if not number:
        return Page([], "")
    rows = look.rows(world, who, Shape(numbers=tuple(number)))
    return Page([summary(row) for row in rows], "")
