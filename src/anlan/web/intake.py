"""Receive (受理): the operator's form, with what the engines say beside the field it is about.

The advice is a fragment of the same page: scripts fetch it while one types; without them a button asks for it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Template

from anlan.api.problems import status_of
from anlan.app import calls, receive
from anlan.app.receive import Advice
from anlan.city.errors import CityError
from anlan.loop import deadlines
from anlan.loop.deadlines import Clock
from anlan.loop.domain import Channel, Domain, Intake
from anlan.loop.errors import Refused
from anlan.loop.working_calendar import DAY
from anlan.web import kept
from anlan.web.files import FORM_BYTES_MAX, stage
from anlan.web.forms import Form, files_named, form_of
from anlan.web.queue import state_of
from anlan.web.spots import Spot, doubt_of, point_of, spots_of
from anlan.web.timeline import length_of
from anlan.web.visit import Visit

FORM_CHANNEL = "web"
CHANNEL = "call_968110"
OFFER_FROM = 0.3
DAYS_SHOWN = 8


class Choice(msgspec.Struct, frozen=True):
    """A unit that may answer, with the reason; or a category with its percent."""

    key: str
    name: str
    note: str
    on: bool
    percent: int = 0
    suggested: bool = False


class Same(msgspec.Struct, frozen=True):
    """An open matter that may be the same."""

    candidate: Any
    title: str
    state: str


class Day(msgspec.Struct, frozen=True):
    """A day of the strip that leads to the due date."""

    weekday: str
    number: int
    note: str
    kind: str


class Help(msgspec.Struct, frozen=True):
    """Everything the page says beside the form."""

    spots: list[Spot] = []
    doubt: str = ""
    same: list[Same] = []
    units: list[Choice] = []
    categories: list[Choice] = []
    doubtful: bool = False
    rule: str = ""
    lead: str = ""
    due: str = ""
    due_weekday: str = ""
    why: str = ""
    accept: str = ""
    return_: str = ""
    days: list[Day] = []
    error: str = ""


@get("/intake")
async def intake_page(request: Request[Any, Any, Any]) -> Template:
    """The empty form."""
    visit = Visit(request)
    blank = {"outside_id": f"desk-{visit.world.random(9).hex()}", "wants_callback": "on", "channel": CHANNEL}
    return await page(visit, Form(blank | {"call": request.query_params.get("call", "")}), Help())


@post("/intake/advice", status_code=200)
async def advice(request: Request[Any, Any, Any]) -> Template:
    """What the engines say about the form as it stands: a fragment for scripts."""
    visit, form = Visit(request), await form_of(request)
    return visit.page("intake_advice.html", form=form, help=help_of(visit, form))


@post("/intake", status_code=200, request_max_body_size=FORM_BYTES_MAX, keeps=True)
async def save(request: Request[Any, Any, Any]) -> Response[Any]:
    """Receive it, or join it to an open matter; the receipt and its code are shown once."""
    visit, form = Visit(request), await form_of(request)
    world, actor = visit.world, visit.actor
    try:
        await stage(visit, form, actor.id)
        if form.text("do") == "advise":
            return await page(visit, form, help_of(visit, form))
        kept.check(form)
        domain, intake = intake_of(visit, form)
        join = form.number("join") if form.text("join") else 0
        prepared, done = await receive.hand_in(world, domain, intake, actor, join)
    except (Refused, CityError) as error:
        words = visit.refusal(error, next(iter(world.domains)))
        status = status_of(error) if isinstance(error, Refused) else 422
        return await page(visit, form, msgspec.structs.replace(help_of(visit, form), error=words), status)
    if call := form.text("call"):
        await world.store.writer.write(calls.became(world, actor, call, done.receipt))
    matter = done.matters[0] if done.matters else world.store.read.matter(done.receipt)
    due = visit.times.due(matter, "")
    return visit.page(
        "receipt.html", 201, matter=matter, receipt=done.receipt, code="" if done.replayed else prepared.code, due=due,
        joined=bool(join), again=done.replayed, frame="desk.html",
    )  # fmt: skip


async def page(visit: Visit, form: Form, helping: Help, status: int = 200) -> Template:
    """The form with what was typed and what is said about it; with who calls, where it was opened from a call."""
    caller = await calls.caller(visit.world, visit.actor, form.text("call")) if form.text("call") else None
    channels = [key for key in visit.world.channels if not way(visit, key)[1].public and key != "case_system"]
    return visit.page(
        "intake.html", status, form=form, help=helping, groups=visit.names.groups(), channels=channels,
        units=list(visit.world.city.organisation), caller=caller,
    )  # fmt: skip


def way(visit: Visit, channel: str) -> tuple[Domain, Channel]:
    """The line of work and the declared channel. Raises Refused("channel.unknown")."""
    found = visit.world.channels.get(channel)
    if found is None:
        raise Refused("channel.unknown", channel=channel)
    return found


def intake_of(visit: Visit, form: Form) -> tuple[Domain, Intake]:
    """The form as an intake of the chosen channel. Raises Refused, CityError."""
    domain, _ = way(visit, form.text("channel") or CHANNEL)
    payload: dict[str, Any] = {
        name: form.text(name) for name in ("outside_id", "title", "text", "name", "phone", "email")
    }
    if call := form.text("call"):
        own = calls.phone_for(visit.world, visit.actor, call)  # refuses another's call before anything is written
        payload["phone"] = payload["phone"] or own
    payload |= {"address": form.text("place"), "wants_callback": form.ticked("wants_callback")}
    payload |= {"confidential": form.ticked("confidential"), "files": files_named(form)}
    if at := point_of(visit, form):
        payload["lon"], payload["lat"] = at
    chosen = form.text("unit_other") or form.text("unit")
    return domain, msgspec.structs.replace(
        way(visit, FORM_CHANNEL)[1].adapt(payload, visit.world.clock()),
        channel=form.text("channel") or CHANNEL,
        unit=visit.names.find_unit(chosen) if chosen else "",
        category=form.text("category_other") or form.text("category"),
        by_hand=True,
    )


def help_of(visit: Visit, form: Form) -> Help:
    """The advice for a form, however incomplete it is."""
    spots, doubt = spots_of(visit, form), doubt_of(visit, form)
    which = visit.refusal(doubt) if doubt else ""
    if not form.text("text"):
        return Help(spots=spots, doubt=which)
    try:
        _, intake = intake_of(visit, form)
        plain = msgspec.structs.replace(intake, unit="", category="")
        said = receive.advise(visit.world, plain)
        routed = receive.advise(visit.world, msgspec.structs.replace(plain, category=intake.category or said.category))
    except (Refused, CityError) as error:
        return Help(spots=spots, doubt=which, error=visit.names.refusal(error.code, dict(error.params)))
    category = intake.category or said.category
    lead = intake.unit or (routed.route.lead if routed.route else "")
    clocks = clocks_of(visit, intake, category)
    return Help(
        spots=spots,
        doubt=which,
        same=same_of(visit, said),
        units=units_of(visit, routed, intake.unit),
        categories=[
            Choice(key, visit.names.category(key), "", key == category, round(permille / 10), key == said.category)
            for key, permille in said.categories[:3]
        ],
        doubtful=bool(routed.route and routed.route.doubtful),
        rule=visit.names.rule(routed.route.rule) if routed.route else "",
        lead=visit.names.unit(lead) if lead else "",
        due=visit.times.moment(clocks["matter"].due or 0),
        due_weekday=visit.times.weekday(clocks["matter"].due or 0),
        why=why_of(visit, clocks["matter"]),
        accept=visit.times.moment(clocks["accept"].due or 0) if lead and "accept" in clocks else "",
        return_=visit.times.moment(clocks["return"].due or 0) if lead and "return" in clocks else "",
        days=days_of(visit, clocks["matter"]),
    )


def same_of(visit: Visit, said: Advice) -> list[Same]:
    """The offers with their titles and how they stand."""
    found = []
    offers = [c for c in receive.offered(visit.world, said.offers, visit.actor) if c.score >= OFFER_FROM]
    titles = visit.world.store.read.titles([c.key for c in offers]) if offers else {}
    for c in offers:
        matter = visit.world.store.read.matter(c.key)
        flow = visit.world.flow_of(matter)
        due = visit.times.due(matter, flow.stage(matter.stage).clock, flow.closed)
        state = visit.t(f"state.{state_of(visit, matter, due)[1]}")
        held = due.state == "held"
        found.append(
            Same(c, titles.get(c.key, ""), due.text if held else visit.t("same.state", state=state, due=due.text))
        )
    return found


def units_of(visit: Visit, said: Advice, chosen: str) -> list[Choice]:
    """Who may answer: the rule's unit first, then the stations the place allows, each with its reason."""
    route, found = said.route, []
    if route is None:
        return []
    reasons = {unit: (reason, metres) for unit, reason, metres in route.candidates}
    on = chosen or route.lead
    for unit in dict.fromkeys((route.lead, *route.assists, *reasons)):
        note = visit.names.rule(route.rule) if unit == route.lead else ""
        if unit in reasons:
            note = visit.t(f"place.{reasons[unit][0]}", metres=max(0, reasons[unit][1]))
        if unit in route.assists:
            note = visit.t("unit.assists")
        found.append(Choice(unit, visit.names.unit(unit), note, unit == on, 0, unit == route.lead))
    if chosen and chosen not in {c.key for c in found}:
        found.append(Choice(chosen, visit.names.unit(chosen), visit.t("unit.chosen"), on=True))
    return found


def why_of(visit: Visit, clock: Clock) -> str:
    """How long there is to answer, how it is counted, and by which rule of the city."""
    key = "due.why_always" if clock.unit == "natural_minutes" else "due.why"
    rule = visit.t("due.rule", why=visit.names.target(clock.target)) if clock.target else ""
    return rule + visit.t(key, length=length_of(visit, clock.unit, clock.amount))


def clocks_of(visit: Visit, intake: Intake, category: str) -> dict[str, Clock]:
    """The clocks as they would run were it saved now."""
    domain, _ = way(visit, intake.channel)
    flow, world = domain.flow(intake.flow or domain.flows[0].key), visit.world
    keys = {spec.key for spec in flow.clocks} & {"matter", "accept", "return"}
    return {key: deadlines.start(world.length(flow, category, key), visit.now, world.calendar) for key in keys}


def days_of(visit: Visit, clock: Clock) -> list[Day]:
    """From today to the due day: which days count. None for a clock that counts every minute."""
    if clock.due is None or clock.unit == "natural_minutes":
        return []
    today, due, counted, days = visit.now // DAY, clock.due, 0, list[Day]()
    for day in range(today, min(due // DAY, today + 3 * DAYS_SHOWN) + 1):
        works = visit.world.calendar.is_working_day(day * DAY)
        counted += works and day > today
        note = visit.t("time.today") if day == today else str(counted) if works else visit.t("day.off")
        kind = "end" if day == due // DAY else "" if works or day == today else "off"
        number = visit.times.day_number(day * DAY)
        days.append(Day(visit.times.weekday(day * DAY), number, note, kind))
    return days if len(days) <= DAYS_SHOWN else [*days[:3], Day("", 0, "…", "gap"), *days[-4:]]
