"""For citizens, without a log-in: report something, follow it by number and code, say whether it was solved."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from anlan.api.limits import TRIES
from anlan.api.problems import status_of
from anlan.app import handle, opt_out, receive
from anlan.app.follow import follow as follow_receipt
from anlan.app.world import CITIZEN
from anlan.city.errors import CityError
from anlan.loop.case import Intent
from anlan.loop.errors import Refused
from anlan.loop.fact import Fact
from anlan.loop.matter import Matter, Party, shown
from anlan.loop.working_calendar import minute_of
from anlan.web.files import FORM_BYTES_MAX, stage
from anlan.web.forms import Form, files_named, form_of
from anlan.web.queue import number_in
from anlan.web.spots import Spot, coordinates, doubt_of, point_of, spots_of
from anlan.web.visit import Visit

CHANNEL = "web"
NEAR_SCORE, NEAR_METRES, NEAR_MAX = 0.5, 600.0, 2
RATINGS = (5, 4, 3, 2, 1)
STEPS = (
    "received",
    "assigned",
    "forwarded",
    "accepted",
    "progressed",
    "reported",
    "verified",
    "called_back",
    "closed",
    "reopened",
)


class Near(msgspec.Struct, frozen=True):
    """An open matter close by that may be the same."""

    number: int
    title: str
    metres: int
    opened: str
    due: str


class Step(msgspec.Struct, frozen=True):
    """One step in the citizen's words: done, now, or still to come."""

    text: str
    when: str
    kind: str


@get("/report")
async def report_page(request: Request[Any, Any, Any]) -> Template:
    """The empty report."""
    visit = Visit(request)
    return report_form(visit, Form({"outside_id": f"web-{visit.world.random(9).hex()}"}))


@post("/report", status_code=200, middleware=[TRIES.middleware], request_max_body_size=FORM_BYTES_MAX)
async def report(request: Request[Any, Any, Any]) -> Response[Any]:
    """Take the report; where somebody nearby said the same, offer to join it first."""
    visit, form = Visit(request), await form_of(request)
    world = visit.world
    try:
        if place := taken_at(visit, form, await stage(visit, form, CITIZEN.id)):
            return report_form(visit, form, place=place)
        if not form.text("asked") and doubt_of(visit, form):
            return report_form(visit, form)
        domain, intake = intake_of(visit, form)
        join = number_in(form.text("join"))
        near = [] if join or form.text("seen") else near_of(visit, form)
        if near:
            return report_form(visit, form, near)
        prepared, done = await receive.hand_in(world, domain, intake, CITIZEN, join)
    except (Refused, CityError) as error:
        words = visit.refusal(error, next(iter(world.domains)))
        return report_form(visit, form, error=words, status=status_of(error) if isinstance(error, Refused) else 422)
    matter = done.matters[0] if done.matters else world.store.read.matter(done.receipt)
    return visit.page(
        "receipt.html", 201, matter=matter, receipt=done.receipt, code="" if done.replayed else prepared.code,
        due=visit.times.due(matter, ""), joined=bool(join), again=done.replayed, frame="public.html",
    )  # fmt: skip


def report_form(
    visit: Visit,
    form: Form,
    near: list[Near] | None = None,
    error: str = "",
    status: int = 200,
    place: Spot | None = None,
) -> Template:
    """The report with what was typed; `place` is where a picture was taken, to be used or not."""
    spots: list[Spot] = [place] if place else spots_of(visit, form)
    if (chosen := form.text("spot")).startswith("@") and not place:
        spots = [
            Spot(visit.t("pick.picked"), chosen, "", on=True),
            *(msgspec.structs.replace(s, on=False) for s in spots),
        ]
    doubt = doubt_of(visit, form)
    return visit.page(
        "report.html", status, form=form, near=near or [], error=error, spots=spots, place=place,
        doubt=visit.refusal(doubt) if doubt else "",
    )  # fmt: skip


def taken_at(visit: Visit, form: Form, at: tuple[float, float] | None) -> Spot | None:
    """Where a picture was taken, offered once, in the city, and only to who has not said where it is."""
    if at is None or form.text("place") or form.text("spot") or form.text("offered"):
        return None
    try:
        found = visit.world.city.areas.locate(*at)
    except CityError:
        return None
    return Spot(visit.t("photo.spot"), f"@{at[0]:.6f},{at[1]:.6f}", visit.names.area(found.district), on=False)


def intake_of(visit: Visit, form: Form) -> Any:
    """The report as an intake of the public channel."""
    domain, channel = visit.world.channels[CHANNEL]
    anonymous = form.ticked("anonymous")
    payload: dict[str, Any] = {
        "text": form.text("text"),
        "outside_id": form.text("outside_id"),
        "address": form.text("place"),
    }
    if not anonymous:
        payload |= {name: form.text(name) for name in ("name", "phone", "email")}
    payload["wants_callback"] = bool(form.text("phone")) and not anonymous
    payload["files"] = files_named(form)
    if at := point_of(visit, form):
        payload["lon"], payload["lat"] = at
    elif form.text("place") and not coordinates(form.text("place")):
        payload |= _district(visit, form.text("place"))
    return domain, channel.adapt(payload, visit.world.clock())


def _district(visit: Visit, place: str) -> dict[str, str]:
    key = next((k for k, name in visit.names.districts() if name in place), "")
    return {"district": key} if key else {}


def near_of(visit: Visit, form: Form) -> list[Near]:
    """Open matters close by that say the same."""
    _, intake = intake_of(visit, form)
    receive.checked(intake)
    said = receive.advise(visit.world, intake)
    offers = receive.offered(visit.world, said.offers, CITIZEN)
    good = [c for c in offers if c.score >= NEAR_SCORE and c.distance_m is not None and c.distance_m <= NEAR_METRES]
    titles = visit.world.store.read.titles([c.key for c in good]) if good else {}
    found = []
    for c in good[:NEAR_MAX]:
        matter = visit.world.store.read.matter(c.key)
        due = matter.due_minute("")
        text = visit.times.moment(due) if due is not None else ""
        opened = visit.times.of(matter.opened_at)
        found.append(Near(c.key, titles.get(c.key, ""), round(c.distance_m or 0), opened, text))
    return found


@get("/follow")
async def follow_page(request: Request[Any, Any, Any]) -> Template:
    """Number and code."""
    visit = Visit(request)
    return visit.page("follow.html", number=visit.request.query_params.get("number", ""), error="")


@post("/follow", status_code=200, middleware=[TRIES.middleware])
async def follow(request: Request[Any, Any, Any]) -> Template:
    """Where the report stands."""
    visit, form = Visit(request), await form_of(request)
    try:
        matter, party = followed(visit, form)
    except Refused as refused:
        words = visit.refusal(refused)
        return visit.page("follow.html", status_of(refused), number=form.text("number"), error=words)
    return standing(visit, form, matter, party)


@get("/f/{token:str}", middleware=[TRIES.middleware])
async def linked(request: Request[Any, Any, Any], token: FromPath[str]) -> Template:
    """Where the report stands, by the link in a message."""
    visit = Visit(request)
    number, _, mark = token.partition("-")
    form = Form({"number": number, "code": mark})
    try:
        matter, party = followed(visit, form)
    except Refused as refused:
        words = visit.refusal(refused)
        return visit.page("follow.html", status_of(refused), number="", error=words)
    return standing(visit, form, matter, party)


@post("/follow/messages", status_code=200, middleware=[TRIES.middleware])
async def quiet(request: Request[Any, Any, Any]) -> Template:
    """No more messages to this reporter, or messages again."""
    visit, form = Visit(request), await form_of(request)
    matter, party = followed(visit, form)
    out = form.text("do") == "stop"
    await visit.world.store.writer.write(opt_out.set_for(visit.world, party.party, out=out, actor=CITIZEN.id))
    return standing(visit, form, matter, party)


@post("/follow/rate", status_code=200, middleware=[TRIES.middleware])
async def rate(request: Request[Any, Any, Any]) -> Template:
    """The reporter's own rating; a low one re-opens the matter at once."""
    visit, form = Visit(request), await form_of(request)
    world = visit.world
    matter, party = followed(visit, form)
    try:
        fields: dict[str, Any] = {"receipt": party.receipt, "rating": form.number("rating"), "note": form.text("note")}
        commit = handle.prepare(world, matter.number, Intent("rate", matter.version, fields), CITIZEN)
        handle.after(world, await world.store.writer.write(commit))
    except Refused as refused:
        words = visit.refusal(refused, matter.domain)
        return standing(visit, form, matter, party, words, status_of(refused))
    matter, party = followed(visit, form)
    return standing(visit, form, matter, party, rated=form.number("rating"))


def followed(visit: Visit, form: Form) -> tuple[Matter, Party]:
    """The matter and the stake behind a number and its code. Raises Refused("follow.unknown"), whatever was wrong."""
    return follow_receipt(visit.world, number_in(form.text("number")) or 0, form.text("code"))


def standing(
    visit: Visit, form: Form, matter: Matter, party: Party, error: str = "", status: int = 200, rated: int = 0
) -> Template:
    """The page that says where it stands, in steps."""
    flow = visit.world.flow_of(matter)
    due = visit.times.due(matter, "", flow.closed)
    clock = matter.clocks.get("matter")
    ratable = matter.stage == flow.closed or (matter.stage == flow.calling and party in matter.pending_callbacks)
    return visit.page(
        "standing.html", status, form=form, matter=matter, party=party, due=due, error=error, rated=rated,
        clock=clock, ratable=ratable and not party.rating and not rated, ratings=RATINGS, number=shown(party.receipt),
        steps=steps(visit, matter, party, visit.world.store.read.facts(matter.number)),
        stopped=party.party in visit.world.store.messages.opted_out([party.party]),
    )  # fmt: skip


def steps(visit: Visit, matter: Matter, party: Party, facts: list[Fact]) -> list[Step]:
    """What has happened in the reporter's words, then what is still to come."""
    t, times, flow = visit.t, visit.times, visit.world.flow_of(matter)
    done = []
    for fact in facts:
        if fact.kind not in STEPS or (fact.kind == "called_back" and fact.data.get("receipt") != party.receipt):
            continue
        lead = fact.data.get("lead") or matter.lead
        done.append(Step(t(f"step.{fact.kind}", unit=visit.names.unit(lead)), times.moment(minute_of(fact.at)), "done"))
    if matter.stage == flow.closed:
        return done
    now = Step(t.word(matter.domain, f"public.{matter.stage}"), t("step.now"), "now")
    ahead = {"received": 0, "assigned": 1, "acting": 2, "explaining": 2, "verifying": 3, "calling": 4}.get(
        matter.stage, 0
    )
    to_come = [Step(t(f"ahead.{key}"), "", "to-come") for key in ("act", "verify", "call")[max(0, ahead - 1) :]]
    return [*done, now, *to_come]
