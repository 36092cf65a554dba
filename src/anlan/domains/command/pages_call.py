"""Taking a call (接警): what, where, how urgent; what is told already at that place is offered before it is saved."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect, Template

from anlan.api.problems import status_of
from anlan.app import receive
from anlan.city.errors import CityError
from anlan.domains.command.dispatch import minutes_at
from anlan.domains.command.rules import rules
from anlan.domains.command.same import Same, same_incidents
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.matter import shown
from anlan.web.forms import Form, form_of
from anlan.web.spots import doubt_of, point_of, spots_of
from anlan.web.visit import Visit

CHANNEL = "call_110"


class Offer(msgspec.Struct, frozen=True):
    """A live incident that may be the same, in words."""

    plain: int
    number: str
    title: str
    near: str
    state: str
    likely: bool


@get("/command/call")
async def call_page(request: Request[Any, Any, Any]) -> Template:
    """The empty form."""
    visit = Visit(request)
    return render(visit, Form({"outside_id": f"desk-{visit.world.random(9).hex()}"}))


@post("/command/call", status_code=200)
async def take(request: Request[Any, Any, Any]) -> Response[Any]:
    """Save the call as an incident, or fold it into the one it is about; then the dispatch screen opens on it."""
    visit, form = Visit(request), await form_of(request)
    try:
        if form.text("do") == "look":
            return render(visit, form)
        intake = intake_of(visit, form)
        join = form.number("join") if form.text("join") else 0
        domain = visit.world.domains["command"]
        _, done = await receive.hand_in(visit.world, domain, intake, visit.actor, join)
    except (Refused, CityError) as error:
        status = status_of(error) if isinstance(error, Refused) else 422
        return render(visit, form, visit.refusal(error, "command"), status)
    number = done.matters[0].number if done.matters else visit.world.store.read.matter(done.receipt).number
    return Redirect(
        f"/command?incident={shown(number)}" if visit.may("board") else f"/matters/{shown(number)}", status_code=303
    )


def intake_of(visit: Visit, form: Form) -> Intake:
    """The form as an intake. Raises Refused, CityError; command.place for one without a place; what is open
    about a mileage that was said."""
    _, channel = visit.world.channels[CHANNEL]
    payload: dict[str, Any] = {"call_id": form.text("outside_id"), "caller": form.text("phone")}
    payload |= {name: form.text(name) for name in ("text", "name", "category")} | {"address": form.text("place")}
    if form.text("urgency"):
        payload["urgency"] = form.number("urgency")
    at = point_of(visit, form)
    if at is None:
        raise doubt_of(visit, form) or Refused("command.place")
    payload["lon"], payload["lat"] = at
    return msgspec.structs.replace(channel.adapt(payload, visit.world.clock()), by_hand=bool(form.text("category")))


def render(visit: Visit, form: Form, error: str = "", status: int = 200) -> Template:
    """The form with what is known about what was typed."""
    t, category = visit.t, form.text("category")
    at, doubt, limit = point_of(visit, form), doubt_of(visit, form), 0
    try:
        limit = minutes_at(visit.world, *at) if at else 0
    except CityError as wrong:
        error = error or visit.refusal(wrong, "command")
    found = same_incidents(visit.world, visit.actor, at, category, form.text("text")) if at and not error else []
    known = rules().types
    kind = known.get(category)
    urgency = int(form.text("urgency")) if form.text("urgency").isdigit() else kind.urgency if kind else 0
    return visit.page(
        "command/call.html", status, form=form, error=error, spots=spots_of(visit, form), limit=limit,
        doubt=visit.refusal(doubt, "command") if doubt else "",
        same=[offer(visit, one) for one in found], urgency=urgency,
        types=[(key, visit.names.leaf(key)) for key in known],
        questions=[t(f"command.question.{key}") for key in kind.questions] if kind else [],
    )  # fmt: skip


def offer(visit: Visit, one: Same) -> Offer:
    """An offer in words."""
    near = visit.t("command.near", metres=round(one.metres), span=visit.times.span(max(1, round(one.seconds / 60))))
    state = f"{visit.t(f'command.stage.{one.matter.stage}')} · {visit.t('command.callers', n=len(one.matter.parties))}"
    title = one.title or shown(one.matter.number)
    return Offer(one.matter.number, shown(one.matter.number), title, near, state, one.likely)
