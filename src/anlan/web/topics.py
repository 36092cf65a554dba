"""Hot topics: groups of near messages among open matters, for a person to review. The page joins nothing by itself."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import Template

from anlan.engines.merge_topics import cluster
from anlan.store.read import Row
from anlan.web.queue import Line, line
from anlan.web.visit import Visit

TOPICS_MAX = 30
MEMBERS_MAX = 12


class Group(msgspec.Struct, frozen=True):
    """One topic: its centre's title, how many, the first of them."""

    title: str
    count: int
    lines: list[Line]
    districts: list[str]


@get("/review/topics")
async def topics(request: Request[Any, Any, Any]) -> Template:
    """The groups, largest first."""
    visit = Visit(request)
    found = cluster(visit.world.merge)
    groups = [group_of(visit, topic.centre, topic.keys) for topic in found[:TOPICS_MAX]]
    return visit.page("topics.html", groups=groups, total=len(found), open_count=sum(1 for _ in visit.world.merge))


def group_of(visit: Visit, centre: int, keys: tuple[int, ...]) -> Group:
    """A topic with its members' rows, the centre first."""
    read = visit.world.store.read
    titles = read.titles(keys)
    shown = [centre, *(k for k in keys if k != centre)][:MEMBERS_MAX]
    rows = [Row(read.matter(key), titles.get(key, ""), None) for key in shown]
    districts = dict.fromkeys(visit.names.area(row.matter.district) for row in rows if row.matter.district)
    return Group(titles.get(centre, ""), len(keys), [line(visit, row) for row in rows], list(districts))
