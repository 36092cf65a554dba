"""Webhooks: who is told of facts, how far each has come, what could not be delivered; for who sets up the system."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from anlan.app import webhooks
from anlan.app.webhooks import Asked
from anlan.loop.errors import Refused
from anlan.loop.working_calendar import minute_of
from anlan.web.forms import Form, form_of
from anlan.web.visit import Visit

PAGE = "/webhooks"


class Line(msgspec.Struct, frozen=True):
    """A subscription: who, what, how it stands; `next` when its next try is due."""

    id: str
    name: str
    account: str
    host: str
    filter: str
    state: str
    status: str
    why: str
    behind: int
    next: str


class LetterLine(msgspec.Struct, frozen=True):
    """A fact that could not be delivered."""

    id: str
    when: str
    name: str
    fact: str
    why: str


@get(PAGE)
async def list_webhooks(request: Request[Any, Any, Any]) -> Template:
    """Every subscription and the dead letters."""
    return _page(Visit(request))


@post(PAGE, status_code=200)
async def add(request: Request[Any, Any, Any]) -> Template:
    """A new subscription; its secret is shown once, here."""
    visit, form = Visit(request), await form_of(request)
    asked = Asked(*(form.text(name) for name in Asked.__struct_fields__))
    try:
        await request.app.state.poster.check(asked.url)
        commit, _, secret = webhooks.add(visit.world, visit.actor, asked)
        await visit.world.store.writer.write(commit)
    except Refused as refused:
        return _page(visit, form, error=visit.names.refusal(refused.code, refused.params))
    return _page(visit, secret=secret)


@post(f"{PAGE}/{{webhook:str}}/{{deed:str}}", status_code=200)
async def change(request: Request[Any, Any, Any], webhook: FromPath[str], deed: FromPath[str]) -> Response[Any]:
    """Do one thing with it: pause, resume, remove."""
    visit = Visit(request)
    await visit.world.store.writer.write(webhooks.change(visit.world, visit.actor, webhook, deed))
    return Redirect(PAGE, status_code=303)


@post("/letters/{letter:str}/{deed:str}", status_code=200)
async def settle(request: Request[Any, Any, Any], letter: FromPath[str], deed: FromPath[str]) -> Response[Any]:
    """Settle a dead letter: again, let_go."""
    visit = Visit(request)
    await visit.world.store.writer.write(webhooks.settle(visit.world, visit.actor, letter, deed))
    return Redirect(f"{PAGE}#letters", status_code=303)


def _page(visit: Visit, form: Form | None = None, *, error: str = "", secret: str = "") -> Template:
    store = visit.world.store
    hooks, last = store.webhooks.all(), store.outbox.last()
    names = {one.id: one.name for one in hooks}
    lines = [
        Line(
            one.id, one.name, one.account, urlsplit(one.url).netloc,
            " ".join(part for part in (one.kinds, one.ledgers) if part), one.state,
            visit.t(f"webhook.state.{one.state}"), _why(visit, one.why), last - one.pos,
            visit.times.moment(minute_of(one.due_at)) if one.due_at and one.state == "active" else "",
        )
        for one in hooks
    ]  # fmt: skip
    letters = [
        LetterLine(
            one.id, visit.times.entry(minute_of(one.at)), names.get(one.webhook, ""), _fact(visit, one.pos),
            _why(visit, one.why),
        )
        for one in webhooks.letters(visit.world)
    ]  # fmt: skip
    status = 422 if error else 200
    return visit.page(
        "webhooks.html", status, lines=lines, letters=letters, form=form or Form({}), error=error, secret=secret
    )


def _fact(visit: Visit, pos: int) -> str:
    found = visit.world.store.outbox.after(pos - 1, 1)
    return f"{found[0].ledger}-{found[0].seq} {found[0].fact.kind}" if found else ""


def _why(visit: Visit, why: str) -> str:
    for key in (f"webhook.why.{why}", f"error.{why}"):
        if key in visit.t:
            return visit.t(key)
    return why
