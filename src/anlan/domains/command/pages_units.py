"""The unit board as a page: every unit by house, what it is doing, what somebody should look at, and changing it."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from anlan.domains.command import units as board
from anlan.domains.command.units import AVAILABLE, BUSY, OFF, REST, STATES, Unit
from anlan.loop.errors import Refused
from anlan.loop.matter import shown
from anlan.loop.working_calendar import minute_of
from anlan.web.forms import form_of
from anlan.web.refusals import status_of
from anlan.web.visit import Visit

NEXT = {OFF: (AVAILABLE,), AVAILABLE: (BUSY, REST, OFF), BUSY: (AVAILABLE, REST, OFF), REST: (AVAILABLE, OFF)}
"""What somebody may make of a unit that is not out."""


class Line(msgspec.Struct, frozen=True):
    """A unit in words."""

    key: str
    version: int
    call_sign: str
    what: str
    state: str
    matter: str
    since: str
    alerts: str
    options: list[tuple[str, str]]


@get("/command/units")
async def unit_board(request: Request[Any, Any, Any]) -> Template:
    """Every unit the actor may command, or those of one state."""
    return render(Visit(request))


@post("/command/units/{unit:str}/state", status_code=200)
async def change(request: Request[Any, Any, Any], unit: FromPath[str]) -> Response[Any]:
    """Tell what a unit is doing."""
    visit, form = Visit(request), await form_of(request)
    try:
        commit = board.tell(visit.world, visit.actor, unit, form.number("version"), form.text("state"))
        await visit.world.store.writer.write(commit)
    except Refused as refused:
        return render(visit, refused)
    back = form.text("back")
    return Redirect(f"/command/units?state={back}" if back in STATES else "/command/units", status_code=303)


def render(visit: Visit, error: Refused | None = None) -> Template:
    """The page, with what was refused."""
    world, state = visit.world, visit.request.query_params.get("state", "")
    rows = [(v, u) for v, u in board.register(world).rows().values() if board.may(world, visit.actor, u)]
    shown_rows = [(v, u) for v, u in rows if state in {"", u.state}]
    groups: dict[str, list[Line]] = {}
    for version, unit in sorted(shown_rows, key=lambda row: (row[1].organisation, row[1].call_sign)):
        groups.setdefault(visit.names.unit(unit.organisation), []).append(line(visit, version, unit))
    counts = [(key, visit.t(f"command.state.{key}"), sum(u.state == key for _, u in rows)) for key in STATES]
    return visit.page(
        "command/units.html", status_of(error) if error else 200, rows=rows, groups=list(groups.items()), state=state,
        states=[("", visit.t("command.all"), len(rows)), *counts], on_duty=sum(u.state != OFF for _, u in rows),
        error=visit.refusal(error, "command") if error else "",
    )  # fmt: skip


def line(visit: Visit, version: int, unit: Unit) -> Line:
    """A unit in words."""
    t = visit.t
    skills = "、".join(t(f"command.skill.{skill}") for skill in unit.skills)
    what = f"{t(f'command.vehicle.{unit.vehicle}')} {t('command.riders', n=unit.people)} {skills}"
    alerts = " · ".join(t(f"command.alert.{key}") for key in board.alerts(unit, visit.world.clock()))
    options = [] if unit.matter else [(key, t(f"command.make.{key}")) for key in NEXT[unit.state]]
    since = visit.times.entry(minute_of(unit.since)) if unit.since else ""
    return Line(
        unit.key, version, unit.call_sign, what.strip(), t(f"command.state.{unit.state}"),
        shown(unit.matter) if unit.matter else "", since, alerts, options,
    )  # fmt: skip
