"""My views: the present filters under a name; renamed, shared, deleted, opened first. Also: everything read."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Request, get, post
from litestar.response import Redirect, Template

from anlan.app import look, saved, seen
from anlan.app.saved import Saved
from anlan.app.world import year_of
from anlan.loop.errors import Refused
from anlan.store.commit import Commit
from anlan.store.read import PAGE_MAX
from anlan.web import kept
from anlan.web.forms import Form, form_of
from anlan.web.queue import FILTERS, asked, views
from anlan.web.refusals import status_of
from anlan.web.visit import Visit

PATH = "/views"
KEPT = ("view", "order", "domain", *FILTERS)


class Known(msgspec.Struct, frozen=True):
    """A view as it stands: where it leads, how many it holds, or why it cannot be opened."""

    view: Saved
    href: str
    count: str
    own: bool
    error: str = ""


@get("/")
async def home(request: Request[Any, Any, Any]) -> Redirect:
    """To the page a person's work begins with."""
    visit = Visit(request)
    if chosen := first(visit):
        return Redirect(chosen, status_code=303)
    if not visit.may("see"):
        own = (("administer", "/people"), ("receive", "/intake"), ("audit", "/record"), ("configure", "/webhooks"))
        onward = next((page for action, page in own if visit.may(action)), "/account")
        return Redirect(onward, status_code=303)
    return Redirect("/callbacks" if visit.may("call_back") else "/queue", status_code=303)


@get("/views")
async def my_views(request: Request[Any, Any, Any]) -> Template:
    """The own and the shared views."""
    return _page(Visit(request))


@post("/views", status_code=200, keeps=True)
async def keep(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Do one thing with a view: save, rename, share, delete, open first."""
    visit, form = Visit(request), await form_of(request)
    try:
        kept.check(form)
        commit, onward = _asked(visit, form)
    except Refused as refused:
        if refused.code == "token.missing":
            raise
        error = visit.refusal(refused)
        return _page(visit, error, form.text("name"), form.raw("query"), status_of(refused))
    await visit.world.store.writer.write(commit)
    return Redirect(onward, status_code=303)


def _asked(visit: Visit, form: Form) -> tuple[Commit, str]:
    """What a form asks for, and where it leads."""
    world, actor = visit.world, visit.actor
    match form.text("do"):
        case "save":
            query = plain(form.raw("query"))
            asked(visit, views(visit), dict(parse_qsl(query)))
            return saved.save(world, actor, form.text("name"), query, form.text("unit")), f"/queue?{query}"
        case "rename":
            return saved.rename(world, actor, form.number("id"), form.text("name")), PATH
        case "share":
            return saved.share(world, actor, form.number("id"), form.text("unit")), PATH
        case "delete":
            return saved.delete(world, actor, form.number("id")), PATH
        case "first":
            return saved.open_first(world, actor, form.number("id")), PATH
        case _:
            raise Refused("field.not_an_option", field="do", options="save, rename, share, delete, first")


@post("/queue/read", status_code=200)
async def read(request: Request[Any, Any, Any]) -> Redirect:
    """Everything the person has opened, and the page of the list they look at, counts as read."""
    visit = Visit(request)
    await form_of(request)
    _, shape = asked(visit, views(visit))
    rows = look.rows(visit.world, visit.actor, msgspec.structs.replace(shape, limit=PAGE_MAX))
    now, who = visit.world.clock(), visit.actor.id
    marks = seen.everything(who, now) + seen.opened(who, [row.matter for row in rows], now)
    await visit.world.store.writer.write(Commit(at=now, actor=who, year=year_of(now), rows=marks))
    return Redirect(f"/queue?{plain(visit.with_query().partition('?')[2])}", status_code=303)


def plain(query: str) -> str:
    """A list's query, in one order, without where a page of it began."""
    found = {key: value for key, value in parse_qsl(query) if key in KEPT}
    return urlencode({key: found[key] for key in KEPT if found.get(key)})


def first(visit: Visit) -> str:
    """Where log-in leads by the person's own choice; "" for none. One that cannot be opened is told on their page."""
    view = next((view for view in saved.of(visit.world, visit.actor) if view.first), None)
    if view is None:
        return ""
    one = known(visit, view)
    return "/views" if one.error else one.href


def known(visit: Visit, view: Saved) -> Known:
    """The view with its count now, or with why it cannot be opened."""
    own, href = view.account == visit.actor.id, f"/queue?{view.query}"
    try:
        _, shape = asked(visit, views(visit), dict(parse_qsl(view.query)))
        return Known(view, href, visit.counted(shape), own)
    except Refused as refused:
        return Known(view, href, "", own, visit.names.refusal(refused.code, refused.params))


def _page(visit: Visit, error: str = "", name: str = "", query: str = "", status: int = 200) -> Template:
    found = [known(visit, view) for view in saved.of(visit.world, visit.actor)]
    units = [(key, visit.names.unit(key)) for key in saved.may_share(visit.world, visit.actor)]
    return visit.page(
        "views.html", status, known=found, units=units, error=error, name=name, query=plain(query),
        most=saved.VIEWS_MAX, name_max=saved.NAME_MAX,
    )  # fmt: skip
