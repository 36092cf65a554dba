"""The rail: where a person can go, with counts. What they may not do is not there."""

from __future__ import annotations

import msgspec

from anlan.app import saved
from anlan.loop.domain import Page
from anlan.store.read import OPEN_KINDS, Shape
from anlan.web.saved import known, plain
from anlan.web.visit import Visit

LINE_KEYS = "bdefghjklnopsuvxyz"
"""Keys for the lines of work, in their order: those that no other entry has."""


class Link(msgspec.Struct, frozen=True):
    """One entry of the rail; `count` "" when there is none to tell."""

    label: str
    href: str
    count: str = ""
    current: bool = False
    key: str = ""
    """After `g` this key leads there."""
    late: bool = False
    """Whether it cannot be opened as it stands."""


def rail(visit: Visit) -> list[tuple[str, list[Link]]]:
    """The rail's groups."""
    if visit.actor_or_none is None:
        return []
    t, path = visit.t, visit.request.url.path
    views = saved_views(visit) if visit.may("see") else []
    mine = []
    if visit.may("see"):
        here = at(visit, "/queue") and not any(view.current for view in views)
        mine.append(Link(t("rail.queue"), "/queue", visit.counted(Shape(kinds=OPEN_KINDS)), here, "q"))
    if visit.may("receive"):
        mine.append(Link(t("rail.intake"), "/intake", "", path.startswith("/intake"), "i"))
    if visit.may("call_back"):
        calling = visit.counted(Shape(kinds=("calling",)))
        mine.append(Link(t("rail.callbacks"), "/callbacks", calling, path.startswith("/callbacks"), "c"))
    lines = [
        Link(t(f"{d.key}.title"), f"/queue?domain={d.key}", "", at(visit, "/queue", d.key), LINE_KEYS[n : n + 1])
        for n, d in enumerate(visit.world.domains.values())
        if visit.may("see")
    ]
    own = [
        (t(f"{d.key}.title"), [_page(visit, d.key, page) for page in d.pages if visit.may(page.action)])
        for d in visit.world.domains.values()
    ]
    groups = [
        (t("rail.mine"), [*mine, *views]),
        *own,
        (t("rail.lines"), lines),
        (t("rail.city"), city(visit)),
        (t("rail.house"), house(visit)),
    ]
    return [(title, links) for title, links in groups if links]


def _page(visit: Visit, domain: str, page: Page) -> Link:
    """A line of work's own page."""
    path = visit.request.url.path
    here = path == page.href or (page.href.count("/") > 1 and path.startswith(f"{page.href}/"))
    return Link(visit.t(f"{domain}.page.{page.key}"), page.href, "", here)


def city(visit: Visit) -> list[Link]:
    """What is the whole city's."""
    path = visit.request.url.path
    found = (
        ("see", "map", "/map", "m"),
        ("see", "wall", "/wall", "w"),
        ("measure", "measures", "/measures", "r"),
        ("measure", "reports", "/reports", "p"),
        ("review", "topics", "/review/topics", "t"),
        ("oversee", "messages", "/messages", "s"),
        ("audit", "readings", "/readings", "a"),
        ("audit", "record", "/record", ""),
    )
    return [
        Link(visit.t(f"rail.{name}"), href, "", path.startswith(href), key)
        for action, name, href, key in found
        if visit.may(action)
    ]


def saved_views(visit: Visit) -> list[Link]:
    """The own and the shared views with their counts; the first nine have a key."""
    asked = plain(visit.request.url.query) if visit.request.url.path == "/queue" else None
    found = []
    for n, view in enumerate(saved.of(visit.world, visit.actor), 1):
        one, key = known(visit, view), str(n) if n < 10 else ""
        count = visit.t("views.broken_short") if one.error else one.count
        href = "/views" if one.error else one.href
        found.append(Link(view.name, href, count, asked == view.query, key, late=bool(one.error)))
    return found


def house(visit: Visit) -> list[Link]:
    """Units and their people; for who administers, accounts and rights."""
    t, path = visit.t, visit.request.url.path
    staff = visit.may("see") or visit.may("administer")
    links = [Link(t("rail.units"), "/units", "", path.startswith("/units"), "u")] if staff else []
    if visit.may("administer"):
        links.append(Link(t("rail.people"), "/people", "", path.startswith("/people"), "h"))
    if visit.may("administer") or visit.may("audit"):
        links.append(Link(t("rail.rights"), "/rights", "", path == "/rights"))
    if visit.may("configure"):
        links.append(Link(t("rail.webhooks"), "/webhooks", "", path.startswith("/webhooks")))
    return links


def at(visit: Visit, path: str, domain: str = "") -> bool:
    """Whether the visit is at this entry."""
    on_list = visit.request.url.path == path or visit.request.url.path.startswith("/matters")
    return on_list and visit.request.query_params.get("domain", "") == domain
