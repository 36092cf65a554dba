"""Campaigns and patrols as pages: the list, one campaign with its sealed plan and roll-up, the stretches of a week."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from anlan.domains.campaign import patrols, plan, sweep
from anlan.domains.campaign.patrols import Group, Segment, Turn
from anlan.domains.campaign.plan import Campaign, Draft
from anlan.domains.campaign.sweep import Check, Count
from anlan.loop.domain import Page
from anlan.loop.errors import Refused
from anlan.loop.fact import whole
from anlan.loop.matter import Matter, shown
from anlan.loop.working_calendar import minute_of
from anlan.store.apply import decode_state
from anlan.web.forms import Form, form_of
from anlan.web.matter import number_of
from anlan.web.refusals import status_of
from anlan.web.timing import EPOCH
from anlan.web.visit import Visit

CITY_MS = 8 * 3_600_000


class Line(msgspec.Struct, frozen=True):
    """A campaign in the list."""

    href: str
    title: str
    state: str
    when: str
    checked: str
    share: str


class UnitLine(msgspec.Struct, frozen=True):
    """A unit in the roll-up of a wave."""

    name: str
    task: str
    state: str
    late: bool
    count: Count
    share: str


class PlaceLine(msgspec.Struct, frozen=True):
    """A place in a wave."""

    key: str
    name: str
    unit: str
    when: str
    found: bool
    times: int
    may: bool


class Walked(msgspec.Struct, frozen=True):
    """A stretch in a week."""

    name: str
    unit: str
    need: int
    hours: str
    share: str
    turns: int
    short: bool


@get("/campaigns")
async def campaigns(request: Request[Any, Any, Any]) -> Template:
    """The campaigns that the person has to do with, newest first; a form for a new one."""
    return render_list(Visit(request), Form({}))


@post("/campaigns", status_code=200)
async def begin(request: Request[Any, Any, Any]) -> Response[Any]:
    """A new campaign, and a task for each of its units."""
    visit, form = Visit(request), await form_of(request)
    try:
        draft = draft_of(visit, form)
        done = await visit.world.store.writer.write(plan.begin(visit.world, visit.actor, draft))
        number = done.matters[0].number
        await plan.give_out(visit.world, visit.actor, number, visit.t("campaign.task_words", name=draft.name))
    except Refused as refused:
        return render_list(visit, form, refused)
    return Redirect(f"/campaigns/{shown(number)}", status_code=303)


@get("/campaigns/{shown_number:str}")
async def campaign(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Template:
    """One campaign; with `?plan=read` its plan, once it has begun."""
    visit = Visit(request)
    return await render_one(visit, matter_of(visit, shown_number))


@post("/campaigns/{shown_number:str}/tasks", status_code=200)
async def give_out(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Response[Any]:
    """Open the tasks that are missing: of units that had none when something went wrong."""
    visit = Visit(request)
    matter = matter_of(visit, shown_number)
    try:
        title = visit.world.store.vault.open([matter.text]).get(matter.text, {}).get("title", "")
        words = visit.t("campaign.task_words", name=title)
        await plan.give_out(visit.world, visit.actor, matter.number, words)
    except Refused as refused:
        return await render_one(visit, matter, refused)
    return Redirect(f"/campaigns/{shown_number}", status_code=303)


@post("/campaigns/{shown_number:str}/checks", status_code=200)
async def check(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Response[Any]:
    """A place was checked."""
    visit, form = Visit(request), await form_of(request)
    matter = matter_of(visit, shown_number)
    try:
        found = form.text("found") == "yes"
        commit = sweep.check(visit.world, visit.actor, matter, form.text("place"), found=found)
        await visit.world.store.writer.write(commit)
    except Refused as refused:
        return await render_one(visit, matter, refused)
    return Redirect(f"/campaigns/{shown_number}#places", status_code=303)


@get("/patrols")
async def patrol_page(request: Request[Any, Any, Any]) -> Template:
    """The stretches of a week: what they need, what was walked."""
    return render_patrols(Visit(request))


@post("/patrols", status_code=200)
async def patrol_change(request: Request[Any, Any, Any]) -> Response[Any]:
    """A stretch, a group, or a turn that was walked."""
    visit, form = Visit(request), await form_of(request)
    try:
        await visit.world.store.writer.write(change_of(visit, form))
    except Refused as refused:
        return render_patrols(visit, refused)
    return Redirect("/patrols", status_code=303)


def change_of(visit: Visit, form: Form) -> Any:
    """The commit that a form of the patrols' page asks for. Raises Refused."""
    world, who, kind = visit.world, visit.actor, form.text("kind")
    if kind == "turn":
        turn = Turn(form.text("group"), moment(form, "begins"), moment(form, "ends"))
        return patrols.log(world, who, form.text("segment"), turn)
    key, name, unit = form.text("key"), form.text("name"), visit.names.find_unit(form.text("unit"))
    if kind == "segment":
        return patrols.define(world, who, Segment(key, name, unit, form.number("need")))
    return patrols.define(world, who, Group(key, name, unit, form.number("people")))


def draft_of(visit: Visit, form: Form) -> Draft:
    """The campaign of a form; each line of `places` is a name and a unit. Raises Refused."""
    places = []
    for line in form.raw("places").splitlines():
        if line.strip():
            name, mark, unit = line.replace("，", ",").rpartition(",")
            if not mark or not name.strip():
                raise Refused("campaign.line", line=line.strip()[:60])
            places.append((name.strip(), visit.names.find_unit(unit)))
    return Draft(
        form.text("name"), form.text("text"), moment(form, "begins"), form.number("waves"), form.number("days"),
        tuple(places),
    )  # fmt: skip


def moment(form: Form, field: str) -> int:
    """A time of the city as a form has it, in UTC milliseconds. Raises Refused."""
    try:
        at = datetime.fromisoformat(form.text(field))
    except ValueError:
        raise Refused("field.wrong_type", field=field, type="date") from None
    return round((at.replace(tzinfo=None) - EPOCH).total_seconds() * 1000) - CITY_MS


def matter_of(visit: Visit, shown_number: str) -> Matter:
    """A campaign that the person has to do with. Raises Refused("matter.unknown")."""
    number = number_of(shown_number)
    matter = visit.world.store.read.matter(number)
    plan.campaign_of(visit.world, matter)
    if not plan.sees(visit.world, visit.actor, matter):
        raise Refused("matter.unknown", matter=number)
    return matter


def render_list(visit: Visit, form: Form, error: Refused | None = None) -> Template:
    """The list and the form."""
    world = visit.world
    states = world.store.read.listed((plan.PARENTS + f" LIMIT {plan.LISTED_MAX}", ()))
    matters = [matter for (state,) in states if plan.sees(world, visit.actor, matter := decode_state(state))]
    titles = world.store.vault.open([matter.text for matter in matters])
    lines = [line_of(visit, matter, titles.get(matter.text, {}).get("title", "")) for matter in matters]
    return visit.page(
        "campaign/campaigns.html", status_of(error) if error else 200, lines=lines, form=form,
        error=visit.refusal(error, "campaign") if error else "",
    )  # fmt: skip


def line_of(visit: Visit, matter: Matter, title: str) -> Line:
    """A campaign in words."""
    found = plan.campaign_of(visit.world, matter)
    wave = found.wave_at(visit.world.clock())
    count = sweep.roll_up(found, sweep.checks(visit.world, found, wave or 0))[""]
    return Line(
        f"/campaigns/{shown(matter.number)}", title, state_of(visit, matter, found),
        f"{visit.times.of(found.begins)} – {visit.times.day(minute_of(found.waves[-1].ends - 1))}",
        f"{count.checked}/{count.places}", share(count.checked, count.places),
    )  # fmt: skip


def state_of(visit: Visit, matter: Matter, found: Campaign) -> str:
    """Sealed, in which wave, over, closed."""
    now = visit.world.clock()
    if matter.stage == "closed":
        return visit.t("campaign.stage.closed")
    if now < found.begins:
        return visit.t("campaign.is_sealed")
    wave = found.wave_at(now)
    return visit.t("campaign.wave", n=wave + 1, of=len(found.waves)) if wave is not None else visit.t("campaign.over")


async def render_one(visit: Visit, matter: Matter, error: Refused | None = None) -> Template:
    """The campaign's page."""
    world, now = visit.world, visit.world.clock()
    found, text, same = plan.campaign_of(world, matter), "", True
    if visit.request.query_params.get("plan") == "read" and error is None:
        try:
            text, same = await plan.read(world, visit.actor, matter)
        except Refused as refused:
            error = refused
    wave = wave_asked(visit, found)
    done, tasks = sweep.checks(world, found, wave), {task.lead: task for task in plan.tasks(world, matter.number)}
    counts = sweep.roll_up(found, done)
    title = world.store.vault.open([matter.text]).get(matter.text, {}).get("title", "")
    running = found.wave_at(now) == wave
    mine = {unit for unit, task in tasks.items() if world.grants.allows(visit.actor, "act", task, world.relation)}
    return visit.page(
        "campaign/campaign.html", status_of(error) if error else 200, found=found, title=title, text=text, same=same,
        number=shown(matter.number), state=state_of(visit, matter, found), sealed=now < found.begins, wave=wave,
        begins=visit.times.of(found.begins), whole=counts[""], share=share(counts[""].checked, counts[""].places),
        waves=[
            (n, visit.times.day(minute_of(one.begins)), visit.times.day(minute_of(one.ends - 1)), n == wave)
            for n, one in enumerate(found.waves)
        ],
        units=[unit_line(visit, unit, tasks.get(unit), counts[unit]) for unit in found.units],
        places=places_of(visit, found, done, mine if running else set()),
        missing=[unit for unit in found.units if unit not in tasks], may_lead=visit.may("campaign"),
        error=visit.refusal(error, "campaign") if error else "",
    )  # fmt: skip


def wave_asked(visit: Visit, found: Campaign) -> int:
    """The wave of the address, else the one that runs, else the last that began."""
    asked, now = whole(visit.request.query_params.get("wave", "")), visit.world.clock()
    if asked is not None and 0 <= asked < len(found.waves):
        return asked
    return max((n for n, one in enumerate(found.waves) if one.begins <= now), default=0)


def unit_line(visit: Visit, unit: str, task: Matter | None, count: Count) -> UnitLine:
    """A unit of the roll-up."""
    state = visit.t(f"campaign.stage.{task.stage}") if task else visit.t("campaign.no_task")
    late = task is not None and any(c.stopped is None and c.is_late(visit.now) for c in task.clocks.values())
    return UnitLine(
        visit.names.unit(unit), shown(task.number) if task else "", state, late, count,
        share(count.checked, count.places),
    )  # fmt: skip


def places_of(visit: Visit, found: Campaign, done: dict[str, Check], mine: set[str]) -> list[PlaceLine]:
    """The places of a wave, those that are the person's to check first, then those not checked yet."""
    lines = [
        PlaceLine(
            place.key, place.name, visit.names.unit_short(place.unit),
            visit.times.of(row.first_at) if (row := done.get(place.key)) else "", bool(row and row.found),
            row.times if row else 0, place.unit in mine,
        )
        for place in found.places
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (not line.may, bool(line.when)))


def render_patrols(visit: Visit, error: Refused | None = None) -> Template:
    """The stretches of a week."""
    world = visit.world
    this = patrols.week_of(world.clock())
    back = min(whole(visit.request.query_params.get("back", "")) or 0, 520)
    week = this - back
    found = patrols.covered(world, week)
    need, met = sum(one.segment.need for one in found), sum(one.met for one in found)
    lines = [
        Walked(
            one.segment.name, visit.names.unit_short(one.segment.unit), one.segment.need, f"{one.hours:.1f}",
            share(one.met, one.segment.need), one.turns, one.hours < one.segment.need,
        )
        for one in sorted(found, key=lambda one: (one.met / one.segment.need, one.segment.name))
    ]  # fmt: skip
    return visit.page(
        "campaign/patrols.html", status_of(error) if error else 200, lines=lines, back=back,
        error=visit.refusal(error, "campaign") if error else "", need=need, met=f"{met:.1f}", share=share(met, need),
        week=f"{visit.times.day(minute_of(patrols.begins(week)))} – "
        f"{visit.times.day(minute_of(patrols.begins(week + 1) - 1))}",
        segments=[(key, row.name) for key, (_, row) in patrols.segments(world).rows().items()],
        groups=[
            (key, f"{row.name} {visit.t('campaign.people', n=row.people)}")
            for key, (_, row) in patrols.groups(world).rows().items()
        ],
        may_lead=visit.may("campaign"),
    )  # fmt: skip


def share(part: float, of: float) -> str:
    """A share as per cent; "" of nothing."""
    return f"{part / of * 100:.1f}%" if of else ""


PAGES = (Page("campaigns", "/campaigns", "see"), Page("patrols", "/patrols", "see"))
PAGE_ROUTES = (campaigns, begin, campaign, give_out, check, patrol_page, patrol_change)
