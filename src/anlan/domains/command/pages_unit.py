"""The unit's phone page (随车页): who rides in a unit sees its task and says its way, with or without a network.

The page is whole without scripts. With them, what is done is kept on the telephone first and sent in order; the worker
keeps the last page for when there is no network, and everything personal goes when the person goes off duty.
"""

from __future__ import annotations

from hashlib import sha256
from importlib import resources
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect, Template

from anlan.api.body import decoded
from anlan.api.intakes import key_of, replayed
from anlan.api.problems import on_refused, status_of
from anlan.app import look
from anlan.domains.command import ride
from anlan.domains.command import units as board
from anlan.domains.command.ride import Deed
from anlan.domains.command.words_unit import houses_of, task_of, wait_of
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.web.config import build_mark
from anlan.web.files import FORM_BYTES_MAX, stage
from anlan.web.forms import Form, files_named, form_of
from anlan.web.visit import Visit

WORKER_HEADERS = {
    "Service-Worker-Allowed": "/unit",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""A worker looks after addresses below its own; this one looks after the page itself too."""


class Place(msgspec.Struct, forbid_unknown_fields=True):
    """Where the telephone is: degrees (WGS-84), UTC milliseconds."""

    lon: float
    lat: float
    at: int


_place = msgspec.json.Decoder(Place)


@get("/unit")
async def unit_page(request: Request[Any, Any, Any]) -> Template:
    """The task of the unit one rides in, or the units one may log on to."""
    return await render(Visit(request))


@get("/unit/now")
async def unit_now(request: Request[Any, Any, Any]) -> dict[str, int]:
    """What the page that is open compares itself with: the time, the unit's version, its incident and that one's."""
    visit = Visit(request)
    found = board.ridden_by(visit.world, visit.actor.id)
    version, matter = (found[0], found[1].matter) if found else (0, 0)
    known = visit.world.store.read.matter(matter).version if matter else 0
    return {"at": visit.world.clock(), "version": version, "matter": matter, "known": known}


@post("/unit/ride", status_code=200)
async def get_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """Log on to a unit of one's own house."""
    visit, form = Visit(request), await form_of(request)
    try:
        await visit.world.store.writer.write(board.ride(visit.world, visit.actor, form.text("unit"), on=True))
    except Refused as refused:
        return await render(visit, refused)
    return Redirect("/unit", status_code=303)


@post("/unit/deeds", status_code=200, request_max_body_size=FORM_BYTES_MAX)
async def act(request: Request[Any, Any, Any]) -> Response[Any]:
    """One deed. Under an Idempotency-Key it is done once, however often it is sent, and answered in JSON; without one
    it comes from a form, and the page follows."""
    visit, form = Visit(request), await form_of(request)
    by_queue = bool(request.headers.get("idempotency-key"))
    try:
        bound = await bound_of(visit, visit.actor)
        answer = replayed(visit.world, bound) if bound else None
        if answer is None:
            await stage(visit, form, visit.actor.id)
            answer = await ride.do(visit.world, visit.actor, deed_of(form), bound)
    except Refused as refused:
        return on_refused(request, refused) if by_queue else await render(visit, refused)
    return Response(answer, media_type=MediaType.JSON) if by_queue else Redirect("/unit", status_code=303)


@post("/unit/position", status_code=200)
async def position(request: Request[Any, Any, Any]) -> Response[Any]:
    """Where the unit is, as one of its telephones says."""
    visit = Visit(request)
    try:
        said = decoded(_place, await request.body())
        return Response(ride.here(visit.world, visit.actor, said.lon, said.lat, said.at))
    except Refused as refused:
        return on_refused(request, refused)


@get("/unit/worker.js", media_type="text/javascript")
async def worker() -> Response[str]:
    """The page's worker."""
    return Response(_static("unit_worker.js"), media_type="text/javascript", headers=WORKER_HEADERS)


@get("/unit/manifest.json")
async def manifest(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """How the page stands on a telephone's screen."""
    visit = Visit(request)
    icon = {"src": f"/static/{build_mark()}/mark.svg", "sizes": "any", "type": "image/svg+xml"}
    about = {
        "name": visit.t("command.page.unit"), "short_name": visit.t("command.page.unit"), "start_url": "/unit",
        "scope": "/unit", "display": "standalone", "lang": visit.t("html.lang"), "icons": [icon],
    }  # fmt: skip
    return Response(about, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})


async def bound_of(visit: Visit, actor: Actor) -> tuple[bytes, bytes] | None:
    """What a repeated deed is known by: its key, and everything that was sent with it but the form's token."""
    said = sha256()
    for name, value in (await visit.request.form()).multi_items():
        if name == "_csrf_token":
            continue
        data = await value.read() if isinstance(value, UploadFile) else str(value).encode()
        if isinstance(value, UploadFile):
            await value.seek(0)
        said.update(f"{name} {len(data)}\n".encode() + data)
    return key_of(visit.request, actor, said.digest())


def deed_of(form: Form) -> Deed:
    """The deed of a form. Raises Refused for a number that is none."""
    numbers = {name: form.number(name) if form.text(name) else 0 for name in ("at", "matter", "version")}
    return Deed(
        form.text("deed"), **numbers, state=form.text("state"), note=form.text("note"), files=tuple(files_named(form))
    )


async def render(visit: Visit, error: Refused | None = None) -> Template:
    """The page, with what was refused."""
    world, actor = visit.world, visit.actor
    found = board.ridden_by(world, actor.id)
    task = None
    if found and found[1].matter:
        view = await look.view(world, board.riding(world, actor), found[1].matter)
        task = task_of(visit, view, found[1])
    return visit.page(
        "command/unit.html", status_of(error) if error else 200, unit=found[1] if found else None,
        version=found[0] if found else 0, task=task, error=visit.refusal(error, "command") if error else "",
        alerts=board.alerts(found[1], world.clock()) if found else (), now=world.clock(),
        houses=houses_of(visit) if not found else [], wait=wait_of(visit, found[1]) if found and not task else None,
    )  # fmt: skip


def _static(name: str) -> str:
    return resources.files("anlan.domains.command").joinpath("static", name).read_text("utf-8")


UNIT_ROUTES = (unit_page, unit_now, get_in, act, position, worker, manifest)
