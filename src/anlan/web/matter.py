"""One matter: six questions in order, the moves as forms, and what happened. A stale form keeps what was typed."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from anlan.app import handle, look, receive
from anlan.app.look import Contact, View
from anlan.app.related import related
from anlan.engines.merge import Candidate
from anlan.engines.text import features
from anlan.loop.case import Intent
from anlan.loop.errors import Conflict, Refused
from anlan.loop.matter import Matter, shown
from anlan.loop.working_calendar import minute_of
from anlan.web import family, kept, moves, timeline
from anlan.web.files import FORM_BYTES_MAX, files, stage
from anlan.web.forms import Form, fields_of, form_of
from anlan.web.mini import mini
from anlan.web.queue import line, listing, number_in, state_of
from anlan.web.refusals import status_of
from anlan.web.units import duty_line
from anlan.web.visit import Visit
from anlan.web.waterline import life

SAME_FROM = 0.35
"""Offers below this score are not shown on a matter's page."""


class Draft(msgspec.Struct, frozen=True):
    """A move that was refused, with its words kept; or a contact that was opened."""

    move: str = ""
    typed: dict[str, str] = {}
    error: str = ""
    conflict: bool = False
    contact: Contact | None = None


@get("/matters/{shown_number:str}")
async def matter_page(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Template:
    """The matter's page."""
    visit = Visit(request)
    return await render(visit, number_of(shown_number), Draft())


@post("/matters/{shown_number:str}/moves/{move:str}", status_code=200, request_max_body_size=FORM_BYTES_MAX, keeps=True)
async def make_move(request: Request[Any, Any, Any], shown_number: FromPath[str], move: FromPath[str]) -> Response[Any]:
    """Make a move; a refusal or a conflict gives the page back with what was typed."""
    visit, form = Visit(request), await form_of(request)
    number = number_of(shown_number)
    try:
        await stage(visit, form, visit.actor.id)
        kept.check(form)
        await moved(visit, number, move, form)
    except Refused as refused:
        if refused.code in {"matter.unknown", "token.missing"}:
            raise
        return await render(visit, number, draft_of(visit, move, form, refused), status_of(refused))
    return Redirect(after_move(visit, number), status_code=303)


@post("/matters/{shown_number:str}/undo", status_code=200)
async def undo(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Redirect:
    """Take the person's own last move back."""
    visit, form = Visit(request), await form_of(request)
    number = number_of(shown_number)
    commit = handle.undo(visit.world, number, form.number("version"), visit.actor)
    handle.after(visit.world, await visit.world.store.writer.write(commit))
    return Redirect(after_move(visit, number), status_code=303)


def after_move(visit: Visit, number: int) -> str:
    """Where a move leads: its matter beside the same list, or the list when the matter is no longer theirs to see."""
    try:
        look.allowed(visit.world, visit.actor, visit.world.store.read.matter(number))
    except Refused:
        return f"/queue?moved={shown(number)}"
    page, _, query = visit.here.partition("?")
    return f"/matters/{shown(number)}" + (f"?{query}" if query and page.startswith("/matters/") else "")


async def moved(visit: Visit, number: int, key: str, form: Form) -> None:
    """Make the move that a form asks for. Raises Refused or Conflict."""
    world, actor = visit.world, visit.actor
    matter = world.store.read.matter(number)
    look.allowed(world, actor, matter)
    move = world.flow_of(matter).move(key)
    fields = fields_of(move, form, visit.names) if move else {}
    commit = handle.prepare(world, number, Intent(key, form.number("version"), fields), actor)
    handle.after(world, await world.store.writer.write(commit))


@post("/matters/{shown_number:str}/contact", status_code=200)
async def contact(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Template:
    """One reporter's contact in full, for a purpose, shown once."""
    visit, form = Visit(request), await form_of(request)
    number = number_of(shown_number)
    opened = await look.unmask(visit.world, visit.actor, number, form.number("receipt"), form.text("purpose"))
    return await render(visit, number, Draft(contact=opened))


@post("/matters/{shown_number:str}/merge", status_code=200)
async def merge(request: Request[Any, Any, Any], shown_number: FromPath[str]) -> Response[Any]:
    """Fold this matter into another one."""
    visit, form = Visit(request), await form_of(request)
    number = number_of(shown_number)
    try:
        commit = handle.merge(visit.world, number, form.number("into"), form.number("version"), visit.actor)
        handle.after(visit.world, await visit.world.store.writer.write(commit))
    except Refused as refused:
        return await render(visit, number, draft_of(visit, "merge", form, refused), status_of(refused))
    return Redirect(f"/matters/{shown(form.number('into'))}", status_code=303)


def number_of(text: str) -> int:
    """The number in an address. Raises Refused("matter.unknown")."""
    if number := number_in(text):
        return number
    raise Refused("matter.unknown", matter=text)


def draft_of(visit: Visit, move: str, form: Form, refused: Refused) -> Draft:
    """A refused move, worded."""
    domain = next(iter(visit.world.domains))
    words = visit.refusal(refused, domain)
    return Draft(move, moves.typed(form), words, isinstance(refused, Conflict))


async def render(visit: Visit, number: int, draft: Draft, status: int = 200) -> Template:
    """The page of a matter as the actor may see it."""
    view = await look.view(visit.world, visit.actor, number, marks=True)
    matter = view.matter
    due = visit.times.due(matter, view.waiting, view.flow.closed)
    icon, state = state_of(visit, matter, due)
    clock = matter.clocks.get("matter")
    alike = same(visit, view)
    return visit.page(
        "matter.html",
        status,
        listing=listing(visit, "/queue"),
        selected=number,
        view=view,
        matter=matter,
        due=due,
        icon=icon,
        state=state,
        clock=clock,
        clocks=clocks(visit, view),
        calm=clock is None
        or clock.due is None
        or visit.times.state(clock.due, clock.starts) == "ok"
        or bool(clock.stopped),
        life=life(clock, view.facts, visit.now) if clock and not matter.merged_into else None,
        offers=moves.offers(visit, view),
        entries=timeline.entries(visit, view),
        files=files(visit, matter, view),
        same=alike,
        related=related(visit.world, visit.actor, view, {c.key for c, _ in alike}),
        mini=mini(visit, matter, [(c.key, title) for c, title in alike]),
        places=places(visit, matter),
        parent=family.parent(visit, view),
        children=family.children(visit, view),
        top=top_categories(view),
        draft=draft,
        undo=moves.undo_of(visit, matter, view.facts),
        duty=duty_line(visit, matter.lead) if matter.lead and not matter.closed_at else "",
        purposes=look.PURPOSES,
        units=list(visit.world.city.organisation),
        groups=visit.names.groups(),
        line=line,
    )


def clocks(visit: Visit, view: View) -> list[tuple[str, str, bool]]:
    """The stage's own clock and the one for returning, while they run: name, due time, whether it is past."""
    found = []
    for key, clock in view.matter.clocks.items():
        if key != "matter" and clock.stopped is None and clock.due is not None:
            name = visit.names.word(view.matter, f"clock.{key}")
            found.append((name, visit.times.moment(clock.due), clock.is_late(visit.now)))
    return found


def places(visit: Visit, matter: Matter) -> list[tuple[str, str]]:
    """The candidates a doubtful place left, each with its reason."""
    route: dict[str, Any] = matter.route
    if not route.get("doubtful"):
        return []
    return [
        (visit.names.unit(unit), reason_of(visit, reason, metres))
        for unit, reason, metres in route.get("candidates", ())
    ]


def reason_of(visit: Visit, reason: str, metres: float) -> str:
    """Why a station may answer for a place."""
    return visit.t(f"place.{reason}", metres=max(0, round(metres)))


def top_categories(view: View) -> list[tuple[str, int]]:
    """What the engine had said: category and percent."""
    for fact in reversed(view.facts):
        if fact.kind == "classified" and fact.data.get("top"):
            return [(label, round(permille / 10)) for label, permille in fact.data["top"][:3]]
    return []


def same(visit: Visit, view: View) -> list[tuple[Candidate, str]]:
    """Open matters that may be the same as this one, with their titles."""
    matter = view.matter
    if matter.stage == view.flow.closed or matter.flow == "notice" or matter.parent or not view.text:
        return []
    row, place = features(view.title, view.text), matter.place
    lon, lat = (place.lon_e6 / 1e6, place.lat_e6 / 1e6) if place else (None, None)
    number = visit.world.category_no(matter.category)
    found = visit.world.merge.find(row, lon, lat, minute_of(matter.opened_at), number, receive.OFFERS + 1)
    near = [c for c in found if c.key != matter.number and c.score >= SAME_FROM]
    near = [c for c in near if look.sees_number(visit.world, visit.actor, c.key)][: receive.OFFERS]
    titles = visit.world.store.read.titles([c.key for c in near]) if near else {}
    return [(c, titles.get(c.key, "")) for c in near]
