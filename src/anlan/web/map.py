"""The map: the same matters as the list beside it, under the same filters. The list is complete without the map."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Request, get
from litestar.response import Template

from anlan.store.read import Shape
from anlan.web.queue import asked, listing, views
from anlan.web.visit import Visit

PATH = "/map"
NOT_OPEN = ("closed", "all")
HOURS_BACK = 14 * 24


@get("/map")
async def city_map(request: Request[Any, Any, Any]) -> Template:
    """The map of open matters."""
    visit = Visit(request)
    known = open_views(visit)
    _, shape = asked(visit, known)
    return visit.page(
        "map.html", listing=listing(visit, PATH, known), selected=0, points=points_address(visit, shape),
        hours_back=HOURS_BACK,
    )  # fmt: skip


def open_views(visit: Visit) -> dict[str, Shape]:
    """The list's views that hold open matters only, everything open first."""
    found = views(visit)
    return {"open": found["open"], **{key: of for key, of in found.items() if key not in NOT_OPEN}}


def points_address(visit: Visit, shape: Shape) -> str:
    """Where the API gives a list's matters as points."""
    query = visit.request.query_params
    unit = query.get("unit", "")
    plain = {
        "unit": visit.names.find_unit(unit) if unit else "",
        "officer": shape.officer,
        "assisting": shape.assisting,
        "district": query.get("district", ""),
        "domain": query.get("domain", ""),
        "category": shape.category,
        "channel": shape.channel,
        "opened_from": shape.opened_from,
        "opened_to": shape.opened_to,
        "due_before": shape.due_before,
        "q": query.get("q", ""),
    }
    pairs = [(key, value) for key, value in plain.items() if value]
    pairs += [("stage", stage) for stage in shape.stages] + [("kind", kind) for kind in shape.kinds]
    return f"/api/v1/matters/points?{urlencode(pairs)}"
