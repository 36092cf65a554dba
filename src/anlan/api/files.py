"""Files over HTTP: hand one in to be taken by an intake or a move, and read one of a matter, on the record."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from anlan.api.who import actor, world_of
from anlan.app import attach, look
from anlan.app.media import BYTES_MAX

BODY_MAX = 2 * BYTES_MAX
"""Above what a file may have, so that one that is too large is refused by name and not cut off."""


class StagedFile(msgspec.Struct):
    """A file that waits for an intake or a move to name it; `place` [lon, lat] (WGS-84) where a picture says so."""

    id: str
    type: str
    bytes: int
    place: tuple[float, float] | None


@post("/api/v1/files", status_code=201, request_max_body_size=BODY_MAX)
async def hand_in(request: Request[Any, Any, Any], name: FromQuery[str] = "") -> StagedFile:
    """Hand in a file as the body, whatever its declared type: it is looked at. A day later, unclaimed, it is gone."""
    world, who = world_of(request), actor(request)
    staged = await attach.stage(world, await request.body(), name, who.id)
    return StagedFile(staged.id, staged.type, staged.bytes, staged.place)


@get("/api/v1/matters/{number:int}/files/{file:str}")
async def one_file(request: Request[Any, Any, Any], number: FromPath[int], file: FromPath[str]) -> Response[bytes]:
    """A file of a matter. The reading is on the ledger before the answer."""
    kind, plain = await look.file(world_of(request), actor(request), number, file)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Disposition": "attachment"}
    return Response(plain, media_type=kind, headers=headers)
