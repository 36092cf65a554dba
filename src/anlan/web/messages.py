"""Messages to reporters: what went, what waits, what failed and why. The text as it would read now; no address."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect, Template

from anlan.app import messenger
from anlan.app.messenger import Messenger
from anlan.loop.matter import shown
from anlan.loop.working_calendar import minute_of
from anlan.store.messages import Kept
from anlan.web.forms import form_of
from anlan.web.visit import Visit

STATES = ("failed", "waiting", "sandbox", "sent", "dropped")
LINES = 50


class Line(msgspec.Struct, frozen=True):
    """One message: to which receipt of which matter, what for, how it stands."""

    id: str
    when: str
    receipt: str
    href: str
    template: str
    text: str
    way: str
    state: str
    why: str
    next: str
    retry: bool


@get("/messages")
async def messages(request: Request[Any, Any, Any]) -> Template:
    """The messages in a state, newest first."""
    visit = Visit(request)
    query = request.query_params
    state = query.get("state", "")
    if state not in STATES:
        state = ""
    counts = visit.world.store.messages.counts()
    found = visit.world.store.messages.listed(state, query.get("before", ""), LINES)
    sender: Messenger = request.app.state.messenger
    more = visit.with_query(before=found[-1].id) if len(found) == LINES else ""
    return visit.page(
        "messages.html", lines=[_line(visit, sender, one) for one in found], counts=counts, states=STATES, state=state,
        more=more, sandbox=not sender.outward.ports,
    )  # fmt: skip


@post("/messages/again", status_code=200)
async def again(request: Request[Any, Any, Any]) -> Response[Any]:
    """Try a message once more that was given up."""
    visit, form = Visit(request), await form_of(request)
    await visit.world.store.writer.write(messenger.again(visit.world, form.text("message"), visit.actor.id))
    return Redirect("/messages?state=failed", status_code=303)


def _line(visit: Visit, sender: Messenger, one: Kept) -> Line:
    t, matter = visit.t, visit.world.store.read.matter(one.matter)
    _, text = sender.worded(one, matter, one.way or "sms", shown=True)
    waits = one.state in {"waiting", "sending"}
    following = visit.times.moment(minute_of(one.due_at)) if waits else ""
    why = f"message.why.{one.why}"
    return Line(
        one.id, visit.times.entry(minute_of(one.made_at)), shown(one.receipt), f"/matters/{shown(one.matter)}",
        t(f"message.{one.template}"), text, t(f"message.way.{one.way or 'unknown'}"), t(f"message.state.{one.state}"),
        t(why) if why in t else one.why, following, one.state == "failed",
    )  # fmt: skip
