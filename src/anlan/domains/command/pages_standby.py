"""Forward standby (前置警力) as a page: the proposal for an hour, accepting it as it is or as points were dragged, and
what became of a plan. The map reads `/api/v1/command/standby/cover` only; without scripts the table is the page."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from anlan.api.who import reader, world_of
from anlan.app.world import World
from anlan.domains.command import standby, standby_plan
from anlan.domains.command import units as board
from anlan.domains.command.fleet import E6
from anlan.domains.command.standby import WITHIN, Ask, Covered, Proposal
from anlan.domains.command.standby_plan import POINTS_MAX, Plan, Spot
from anlan.domains.command.words import span
from anlan.loop.errors import Refused
from anlan.loop.fact import whole
from anlan.loop.working_calendar import minute_of
from anlan.web.forms import Form, form_of
from anlan.web.refusals import status_of
from anlan.web.visit import Visit


class Row(msgspec.Struct, frozen=True):
    """A point in words. `at` is what the form carries: degrees."""

    n: int
    unit: str
    call_sign: str
    where: str
    at: str
    lon: float
    lat: float
    drive: str
    worth: str


class PlanLine(msgspec.Struct, frozen=True):
    """A plan in words."""

    href: str
    when: str
    who: str
    points: int
    share: str
    on: bool


class StoodLine(msgspec.Struct, frozen=True):
    """A unit of a plan afterwards, in words."""

    call_sign: str
    where: str
    known: str
    out: str
    in_place: str
    metres: str
    away: bool


@get("/api/v1/command/standby/cover")
async def cover(
    request: Request[Any, Any, Any], hour: FromQuery[int], within: FromQuery[int] = WITHIN[0], at: FromQuery[str] = ""
) -> Covered:
    """What units at these places cover of an hour's calls, beside those that are not the caller's to move.

    `at`: degrees (WGS-84) as `lon:lat`, with commas between, up to 300. `within`: seconds, 600 or 300."""
    return standby.covers(world_of(request), reader(request), Ask(hour, within=within), places(at))


@get("/command/standby")
async def standby_page(request: Request[Any, Any, Any]) -> Template:
    """The proposal for an hour, and the latest plans."""
    return await render(Visit(request))


@post("/command/standby", status_code=200)
async def accept(request: Request[Any, Any, Any]) -> Response[Any]:
    """Accept the points of the form for its hour."""
    visit, form = Visit(request), await form_of(request)
    world, who = visit.world, visit.actor
    try:
        ask = Ask(form.number("hour"), within=form.number("within"), floor=form.number("floor"))
        commit = await asyncio.to_thread(standby_plan.accept, world, who, ask, spots_of(form))
        key = (await world.store.writer.write(commit)).answer.decode()
    except Refused as refused:
        return await render(visit, refused)
    return Redirect(f"/command/standby/{key}", status_code=303)


@get("/command/standby/{plan:str}")
async def plan_page(request: Request[Any, Any, Any], plan: FromPath[str]) -> Template:
    """What became of a plan."""
    visit = Visit(request)
    found = standby_plan.one(visit.world, plan)
    after = await asyncio.to_thread(standby_plan.after, visit.world, found)
    spots = {spot.unit: spot for spot in found.spots}
    lines = [
        StoodLine(
            sign_of(visit.world, one.unit),
            where_of(visit, spots[one.unit].lon_e6 / E6, spots[one.unit].lat_e6 / E6),
            _of(visit, one.known, after.looks),
            _of(visit, one.out, after.looks),
            _of(visit, one.in_place, max(0, after.looks - one.out)),
            visit.t("command.standby.metres", n=one.metres) if one.metres >= 0 else "",
            after.looks > 0 and one.known > 0 and 2 * one.in_place < after.looks - one.out,
        )
        for one in after.stood
    ]
    return visit.page(
        "command/standby_plan.html", plan=found, after=after, lines=lines, when=when_of(visit, found),
        planned=percent(found.share_ppm), now=percent(found.now_ppm), bound=percent(found.bound_ppm),
        alone=percent(after.planned_ppm), lowest=percent(found.lowest_ppm), district=visit.names.area(found.lowest),
        real=percent(after.share_ppm) if after.share_ppm is not None else "", who=visit.names.staff(found.by),
        every=standby_plan.EVERY_MS // 60_000, in_place=round(standby_plan.IN_PLACE_M),
    )  # fmt: skip


async def render(visit: Visit, error: Refused | None = None) -> Template:
    """The proposal, or why there is none."""
    ask, found = ask_of(visit), None
    try:
        found = await asyncio.to_thread(standby.propose, visit.world, visit.actor, ask)
    except Refused as refused:
        error = error or refused
        if refused.code in {"standby.floor", "standby.floor_open"}:  # what can be had without it, beside the refusal
            free = msgspec.structs.replace(ask, floor=0)
            found = await asyncio.to_thread(standby.propose, visit.world, visit.actor, free)
    return visit.page(
        "command/standby.html", status_of(error) if error else 200, ask=ask, found=found, withins=WITHIN,
        error=visit.refusal(error, "command") if error else "", rows=rows_of(visit, found) if found else [],
        share=percent(found.share_ppm) if found else "", now=percent(found.now_ppm) if found else "",
        bound=percent(found.bound_ppm) if found else "",
        gain=f"{(found.share_ppm - found.now_ppm) / 10_000:+.1f}" if found else "",
        drive=drive_words(visit, found.drive_s) if found else "",
        drive_now=drive_words(visit, found.drive_now_s) if found else "",
        rhythm=rhythm(found) if found else [], without=percent(found.without_ppm) if found else "",
        price=f"{(found.without_ppm - found.share_ppm) / 10_000:.2f}" if found else "",
        districts=districts_of(visit, found) if found else [], floor_max=standby.FLOOR_MAX,
        plans=[line_of(visit, plan) for plan in standby_plan.latest(visit.world)],
        when=when(visit, *standby_plan.window(visit.world.clock(), ask.hour)),
    )  # fmt: skip


def ask_of(visit: Visit) -> Ask:
    """What the address asks for: else the coming hour, every free unit, ten minutes, no floor. Raises Refused."""
    query = visit.request.query_params
    coming = (minute_of(visit.world.clock()) // 60 + 1) % standby.HOURS
    numbers = {}
    for field, otherwise in (("hour", coming), ("units", 0), ("within", WITHIN[0]), ("floor", 0)):
        text = query.get(field) or str(otherwise)
        number = whole(text)
        if number is None:
            raise Refused("field.wrong_type", field=field, type="int")
        numbers[field] = number
    return standby.checked(Ask(**numbers))


def places(at: str) -> list[tuple[float, float]]:
    """The places of an address. Raises Refused."""
    found = []
    for one in at.split(",") if at else []:
        lon, _, lat = one.partition(":")
        try:
            found.append((float(lon), float(lat)))
        except ValueError:
            raise Refused("field.wrong_type", field="at", type="lon:lat") from None
    if len(found) > POINTS_MAX:
        raise Refused("standby.too_many", points_max=POINTS_MAX)
    if not all(-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0 for lon, lat in found):
        raise Refused("field.wrong_type", field="at", type="lon:lat")
    return found


def spots_of(form: Form) -> list[Spot]:
    """The points of the form. Raises Refused."""
    found = []
    for name in form.values:
        if name.startswith("at-") and form.text(name):
            ((lon, lat),) = places(form.text(name).partition(",")[0])
            found.append(Spot(name.removeprefix("at-"), round(lon * E6), round(lat * E6)))
    return found


def rows_of(visit: Visit, found: Proposal) -> list[Row]:
    """The points, those that matter most first."""
    return [
        Row(
            n, one.unit, one.call_sign, where_of(visit, one.lon, one.lat), f"{one.lon:.6f}:{one.lat:.6f}",
            round(one.lon, 6), round(one.lat, 6),
            span(visit, one.drive_s * 1000) if one.drive_s else visit.t("command.standby.stays"),
            f"{one.worth_ppm / 10_000:.2f}%",
        )
        for n, one in enumerate(found.points, 1)
    ]  # fmt: skip


def districts_of(visit: Visit, found: Proposal) -> list[tuple[str, ...]]:
    """Each district in words: key, name, its share of the calls, what is covered of them, what without a floor."""
    return [
        (
            one.key,
            visit.names.area(one.key),
            f"{one.calls / found.calls * 100:.1f}%",
            percent(one.share_ppm),
            percent(one.without_ppm),
        )
        for one in found.districts
    ]


def where_of(visit: Visit, lon: float, lat: float) -> str:
    """The station in whose area a place lies."""
    station = visit.world.city.areas.locate(lon, lat).station
    return visit.names.unit_short(station) if station else f"{lon:.4f}, {lat:.4f}"


def line_of(visit: Visit, plan: Plan) -> PlanLine:
    """A plan in the list."""
    now = visit.world.clock()
    return PlanLine(
        f"/command/standby/{plan.key}", when_of(visit, plan), visit.names.staff(plan.by), len(plan.spots),
        percent(plan.share_ppm), plan.begins <= now < plan.ends,
    )  # fmt: skip


def rhythm(found: Proposal) -> list[tuple[int, int, float, bool]]:
    """The city's calls by hour as bars: hour, height of 40, calls, whether it is the hour asked for."""
    hours = found.demand.calls.sum(axis=0)
    top = float(hours.max()) or 1.0
    return [(n, round(40 * float(one) / top), float(one), n == found.ask.hour) for n, one in enumerate(hours)]


def when_of(visit: Visit, plan: Plan) -> str:
    """When a plan holds."""
    return when(visit, plan.begins, plan.ends)


def when(visit: Visit, begins: int, ends: int) -> str:
    """A time of some hours: 今天20:00–21:00."""
    return f"{visit.times.of(begins)}–{visit.times.clock(minute_of(ends))}"


def percent(ppm: int) -> str:
    """Millionths as per cent."""
    return f"{ppm / 10_000:.1f}%"


def drive_words(visit: Visit, seconds: int) -> str:
    """A mean drive; where the units cannot keep up, that."""
    return span(visit, seconds * 1000) if seconds >= 0 else visit.t("command.standby.overload")


def sign_of(world: World, unit: str) -> str:
    """A unit's call sign; its key where it is no longer in the register."""
    found = board.register(world).one(unit)
    return found[1].call_sign if found else unit


def _of(visit: Visit, part: int, of: int) -> str:
    return visit.t("command.standby.of", part=part, of=of) if of else ""


STANDBY_ROUTES = (standby_page, accept, plan_page)
STANDBY_API = (cover,)
