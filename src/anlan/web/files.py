"""Files of a matter: taking them from a form, showing one at a time, and the bytes themselves, each reading recorded.

A page that showed a matter has recorded its reading; the thumbnails on it open by a mark that page gave, for that
person and that hour, and for nobody else.
"""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from anlan.app import attach, look
from anlan.app.attach import FILES_MAX, Attached
from anlan.app.media import BYTES_MAX
from anlan.loop.errors import Refused
from anlan.loop.matter import Matter, shown
from anlan.loop.working_calendar import minute_of
from anlan.web.forms import Form, files_named
from anlan.web.queue import number_in
from anlan.web.visit import Visit

FORM_BYTES_MAX = 4 * BYTES_MAX
HOUR_MS = 3_600_000
BYTES_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""With the bytes of a file: whatever it turns out to be, it can run nothing and load nothing."""
ENDINGS = {
    "image/jpeg": "jpg", "application/pdf": "pdf", "audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/wav": "wav",
    "audio/amr": "amr", "audio/mp4": "m4a",
}  # fmt: skip


class Shown(msgspec.Struct, frozen=True):
    """A file as a page shows it: `kind` image, audio or application; who gave it, when; its addresses."""

    id: str
    kind: str
    name: str
    size: str
    who: str
    when: str
    href: str
    page: str
    small: str


async def stage(visit: Visit, form: Form, by: str) -> tuple[float, float] | None:
    """Stage what a form brought; the form then names it, so that it is not lost when the form comes back. Answers where
    the first picture that tells was taken. Raises Refused."""
    kept = [] if form.ticked("files_drop") else files_named(form)
    place = None
    sent = await visit.request.form()
    for key, value in sent.multi_items():
        if key != "photos" or not isinstance(value, UploadFile) or not (data := await value.read()):
            continue
        if len(kept) >= FILES_MAX:
            raise Refused("file.too_many", count=len(kept) + 1, count_max=FILES_MAX)
        staged = await attach.stage(visit.world, data, value.filename, by)
        kept.append(staged.id)
        form.values["files"] = ",".join(kept)
        place = place or staged.place
    form.values["files"] = ",".join(kept)
    return place


def files(visit: Visit, matter: Matter, view: look.View) -> list[Shown]:
    """The files of a matter, oldest first."""
    return [_shown(visit, matter, one, view.file_names.get(one.id, "")) for one in view.files]


@get("/matters/{shown_number:str}/files/{file:str}/view")
async def file_page(request: Request[Any, Any, Any], shown_number: FromPath[str], file: FromPath[str]) -> Template:
    """One file, large, with the one before and the one after."""
    visit = Visit(request)
    number = _number_of(shown_number)
    view = await look.view(visit.world, visit.actor, number)
    every = files(visit, view.matter, view)
    at = next((i for i, one in enumerate(every) if one.id == file), None)
    if at is None:
        raise Refused("file.unknown", file=file)
    before, after = (every[i].page if 0 <= i < len(every) else "" for i in (at - 1, at + 1))
    return visit.page(
        "file.html", one=every[at], at=at + 1, every=every, before=before, after=after, matter=view.matter,
        title=view.title,
    )  # fmt: skip


@get("/matters/{shown_number:str}/files/{file:str}")
async def file_bytes(
    request: Request[Any, Any, Any], shown_number: FromPath[str], file: FromPath[str]
) -> Response[bytes]:
    """The file itself; who asked for it is on the ledger before it is sent."""
    visit = Visit(request)
    number = _number_of(shown_number)
    kind, plain = await look.file(visit.world, visit.actor, number, file)
    name = f"{shown(number)}-{file[-6:]}.{ENDINGS.get(kind, 'bin')}"
    headers = BYTES_HEADERS | {"Content-Disposition": f'inline; filename="{name}"'}
    if kind == "application/pdf":  # the browser's own reader does not open in a sandbox
        headers |= {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"}
    return Response(plain, media_type=kind, headers=headers)


@get("/matters/{shown_number:str}/files/{file:str}/small")
async def file_small(
    request: Request[Any, Any, Any], shown_number: FromPath[str], file: FromPath[str], mark: FromQuery[str] = ""
) -> Response[bytes]:
    """A picture's thumbnail, for a page that recorded its reading."""
    visit = Visit(request)
    hour = visit.world.clock() // HOUR_MS
    good = [_mark(visit, shown_number, file, hour - ago) for ago in (0, 1)]
    if not any(hmac.compare_digest(mark.encode(), one.encode()) for one in good):
        raise Refused("file.unknown", file=file)
    kind, plain = attach.opened(visit.world, file, small=True)
    return Response(plain, media_type=kind, headers=BYTES_HEADERS)


def _shown(visit: Visit, matter: Matter, one: Attached, name: str) -> Shown:
    number = shown(matter.number)
    href = f"/matters/{number}/files/{one.id}"
    kind = one.type.partition("/")[0]
    mark = _mark(visit, number, one.id, visit.world.clock() // HOUR_MS)
    small = f"{href}/small?mark={mark}" if kind == "image" else ""
    who = visit.t("file.by_reporter") if one.receipt else visit.names.staff(one.actor)
    size, when = visit.t("file.size", mb=f"{one.bytes / 1e6:.1f}"), visit.times.entry(minute_of(one.at))
    return Shown(one.id, kind, name, size, who, when, href, f"{href}/view", small)


def _mark(visit: Visit, number: str, file: str, hour: int) -> str:
    return visit.world.store.vault.blind(f"small {number} {file} {visit.actor.id} {hour}").hex()


def _number_of(text: str) -> int:
    if number := number_in(text):
        return number
    raise Refused("matter.unknown", matter=text)
