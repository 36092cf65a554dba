"""The rail: where a person can go, with counts. What they may not do is not there."""

from __future__ import annotations

import msgspec

from anlan.app import look
from anlan.store.read import OPEN_KINDS, Shape
from anlan.web.visit import Visit


class Link(msgspec.Struct, frozen=True):
    """One entry of the rail; `count` "" when there is none to tell."""

    label: str
    href: str
    count: str = ""
    current: bool = False


def rail(visit: Visit) -> list[tuple[str, list[Link]]]:
    """The rail's groups."""
    if visit.actor_or_none is None:
        return []
    t, path = visit.t, visit.request.url.path
    mine = []
    if visit.may("see"):
        mine.append(Link(t("rail.queue"), "/queue", counted(visit, Shape(kinds=OPEN_KINDS)), at(visit, "/queue")))
    if visit.may("receive"):
        mine.append(Link(t("rail.intake"), "/intake", "", path.startswith("/intake")))
    if visit.may("call_back"):
        calling = counted(visit, Shape(kinds=("calling",)))
        mine.append(Link(t("rail.callbacks"), "/callbacks", calling, path.startswith("/callbacks")))
    lines = [
        Link(t(f"{d.key}.title"), f"/queue?domain={d.key}", "", at(visit, "/queue", d.key))
        for d in visit.world.domains.values()
        if visit.may("see")
    ]
    city = []
    if visit.may("see"):
        city.append(Link(t("rail.map"), "/map", "", path == "/map"))
        city.append(Link(t("rail.wall"), "/wall"))
    if visit.may("measure"):
        city.append(Link(t("rail.measures"), "/measures", "", path.startswith("/measures")))
        city.append(Link(t("rail.reports"), "/reports", "", path.startswith("/reports")))
    if visit.may("review"):
        city.append(Link(t("rail.topics"), "/review/topics", "", path.startswith("/review")))
    if visit.may("audit"):
        city.append(Link(t("rail.readings"), "/readings", "", path.startswith("/readings")))
    groups = [(t("rail.mine"), mine), (t("rail.lines"), lines), (t("rail.city"), city), (t("rail.house"), house(visit))]
    return [(title, links) for title, links in groups if links]


def house(visit: Visit) -> list[Link]:
    """Units and their people; for who administers, accounts and rights."""
    t, path = visit.t, visit.request.url.path
    links = [Link(t("rail.units"), "/units", "", path.startswith("/units"))]
    if visit.may("administer"):
        links.append(Link(t("rail.people"), "/people", "", path.startswith("/people")))
        links.append(Link(t("rail.rights"), "/rights", "", path == "/rights"))
    return links


def counted(visit: Visit, shape: Shape, at_most: int = 1000) -> str:
    """How many the actor may see of a shape: 23, or 999+."""
    count = visit.world.store.read.count(look.narrowed(visit.world, visit.actor, shape), at_most)
    return f"{count}" if count < at_most else f"{at_most - 1}+"


def at(visit: Visit, path: str, domain: str = "") -> bool:
    """Whether the visit is at this entry."""
    on_list = visit.request.url.path == path or visit.request.url.path.startswith("/matters")
    return on_list and visit.request.query_params.get("domain", "") == domain
