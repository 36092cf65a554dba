"""Matters over HTTP: lists with cursors, one matter with its ETag, moves, merging, unmasking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from anlan.api.body import decoded
from anlan.api.described import taking
from anlan.api.intakes import key_of, replayed
from anlan.api.shapes import ChildBody, Detail, MergeBody, MoveBody, Page, UndoBody, UnmaskBody, detail, summary
from anlan.api.who import actor, world_of
from anlan.app import handle, look
from anlan.engines.text import query_terms
from anlan.loop.case import Intent
from anlan.loop.errors import Refused
from anlan.loop.fact import whole
from anlan.store.commit import Commit, Done
from anlan.store.read import Shape

_encode = msgspec.json.Encoder().encode
_move = msgspec.json.Decoder(MoveBody)
_child = msgspec.json.Decoder(ChildBody)
_merge = msgspec.json.Decoder(MergeBody)
_undo = msgspec.json.Decoder(UndoBody)
_unmask = msgspec.json.Decoder(UnmaskBody)


@get("/api/v1/matters")
async def list_matters(
    request: Request[Any, Any, Any],
    lead: FromQuery[list[str] | None] = None,
    stage: FromQuery[list[str] | None] = None,
    kind: FromQuery[list[str] | None] = None,
    officer: FromQuery[str] = "",
    district: FromQuery[list[str] | None] = None,
    flow: FromQuery[list[str] | None] = None,
    category: FromQuery[str] = "",
    channel: FromQuery[str] = "",
    q: FromQuery[str] = "",
    order: FromQuery[str] = "due",
    limit: FromQuery[int] = 50,
    after: FromQuery[str] = "",
) -> Page:
    """Matters the caller may see: most late first (`order=due`) or newest first (`order=new`), a page at a time."""
    world, who = world_of(request), actor(request)
    if order not in {"due", "new"}:
        raise Refused("field.not_an_option", field="order", options="due, new")
    shape = Shape(
        leads=tuple(lead or ()),
        stages=tuple(stage or ()),
        kinds=tuple(kind or ()),
        officer=officer,
        ledgers=tuple(district or ()),
        flows=tuple(flow or ()),
        category=category,
        channel=channel,
        terms=terms_of(q),
        order=order,
        after=cursor(after),
        limit=limit,
    )
    rows = look.rows(world, who, shape)
    edge, number = shape.after_row(rows[-1]) if len(rows) == limit else (0, 0)
    return Page([summary(row) for row in rows], f"{edge}.{number}" if number else "")


@get("/api/v1/matters/{number:int}")
async def one_matter(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[Detail | None]:
    """A matter. The ETag is its version; with If-None-Match of the same, 304 and nothing is opened."""
    world, who = world_of(request), actor(request)
    matter = world.store.read.matter(number)
    look.allowed(world, who, matter)
    etag = f'"{matter.version}"'
    if request.headers.get("if-none-match") == etag:
        return Response(None, status_code=304, headers={"ETag": etag})
    return Response(detail(await look.view(world, who, number)), headers={"ETag": f'"{matter.version}"'})


@post("/api/v1/matters/{number:int}/moves/{move:str}", status_code=200, operation_class=taking(MoveBody))
async def make_move(request: Request[Any, Any, Any], number: FromPath[int], move: FromPath[str]) -> Response[bytes]:
    """Make a move on a matter seen at `version`. A stale version is a conflict (409) and writes nothing."""
    world, who = world_of(request), actor(request)
    body = await request.body()
    asked = decoded(_move, body)
    intent = Intent(move, asked.version, asked.fields)
    return await _once(request, body, lambda: handle.prepare(world, number, intent, who))


@post("/api/v1/matters/{number:int}/children", status_code=201, operation_class=taking(ChildBody))
async def open_child(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[bytes]:
    """Give a part of this matter, seen at `version`, to another unit as a child matter. Answers the child."""
    world, who = world_of(request), actor(request)
    body = await request.body()
    asked = decoded(_child, body)
    fields = {"unit": asked.unit, "note": asked.text, **({"category": asked.category} if asked.category else {})}
    intent = Intent("open_child", asked.version, fields)
    return await _once(request, body, lambda: handle.prepare(world, number, intent, who), created=True)


@post("/api/v1/matters/{number:int}/merge", status_code=200, operation_class=taking(MergeBody))
async def merge(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[bytes]:
    """Fold this matter into another; every reporter keeps an own receipt and call-back."""
    world, who = world_of(request), actor(request)
    body = await request.body()
    asked = decoded(_merge, body)
    return await _once(request, body, lambda: handle.merge(world, number, asked.into, asked.version, who))


@post("/api/v1/matters/{number:int}/undo", status_code=200, operation_class=taking(UndoBody))
async def undo(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[bytes]:
    """Take back the caller's own last move on a matter that still stands at `version`, within the flow's minutes."""
    world, who = world_of(request), actor(request)
    body = await request.body()
    asked = decoded(_undo, body)
    return await _once(request, body, lambda: handle.undo(world, number, asked.version, who))


@post("/api/v1/matters/{number:int}/contact", status_code=200, operation_class=taking(UnmaskBody))
async def unmask(request: Request[Any, Any, Any], number: FromPath[int]) -> dict[str, str]:
    """One reporter's name and telephone, for a stated purpose. The reading is on the ledger before the answer."""
    world, who = world_of(request), actor(request)
    asked = decoded(_unmask, await request.body())
    contact = await look.unmask(world, who, number, asked.receipt, asked.purpose)
    return {"name": contact.name, "phone": contact.phone}


def terms_of(q: str) -> tuple[str, ...]:
    """The search terms of a query. Raises Refused for one with nothing to look for."""
    if not q.strip():
        return ()
    try:
        return tuple(query_terms(q))
    except ValueError:
        raise Refused("search.nothing_to_find", q=q) from None


def cursor(after: str, parts: int = 2) -> tuple[int, ...] | None:
    """Where a page goes on: the numbers that its last row is sorted by."""
    if not after:
        return None
    numbers = [whole(part) for part in after.split(".")]
    if len(numbers) != parts or None in numbers:
        raise Refused("page.bad_cursor", after=after)
    return tuple(n for n in numbers if n is not None)


async def _once(
    request: Request[Any, Any, Any], body: bytes, prepare: Callable[[], Commit], *, created: bool = False
) -> Response[bytes]:
    """Write what `prepare` builds and answer; a request that comes again gets its first answer and builds nothing."""
    world, who = world_of(request), actor(request)
    bound = key_of(request, who, body)
    if bound and (answer := replayed(world, bound)):
        return Response(answer, media_type="application/json", status_code=200)
    commit = prepare()
    commit.request, commit.answer = bound, _moved
    done = await world.store.writer.write(commit)
    handle.after(world, done)
    return Response(done.answer, media_type="application/json", status_code=201 if created else 200)


def _moved(done: Done) -> bytes:
    matter = done.matters[0]
    return _encode({"number": matter.number, "version": matter.version, "stage": matter.stage, "lead": matter.lead})
