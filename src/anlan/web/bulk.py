"""One move on many matters: choose, see what it would do to each, then make it. Works without scripts."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.response import Template

from anlan.app import bulk, look
from anlan.app.bulk import BULK_MAX, Trial
from anlan.loop.errors import Refused
from anlan.loop.fact import whole
from anlan.loop.flow import Move
from anlan.store.read import Row
from anlan.web import kept
from anlan.web.forms import Form, fields_of, form_of
from anlan.web.moves import Input, input_of, typed
from anlan.web.queue import Line, asked, filters, line, views
from anlan.web.visit import Visit


class Result(msgspec.Struct, frozen=True):
    """A matter's line, and why not in words, if not."""

    line: Line
    version: int
    why_not: str


@get("/bulk")
async def choose(request: Request[Any, Any, Any]) -> Template:
    """The list that the address asks for, with a box before each line."""
    visit = Visit(request)
    return _choice(visit)


@post("/bulk", status_code=200, keeps=True)
async def act(request: Request[Any, Any, Any]) -> Template:
    """Preview or make the move on what is ticked."""
    visit, form = Visit(request), await form_of(request)
    try:
        return await _act(visit, form)
    except Refused as refused:
        if refused.code not in {"bulk.none", "bulk.too_many", "field.missing", "field.wrong_type"}:
            raise
        return _choice(visit, visit.refusal(refused, next(iter(visit.world.domains))))


async def _act(visit: Visit, form: Form) -> Template:
    ticked = ((whole(key.removeprefix("m-")), key) for key in form.values if key.startswith("m-"))
    seen = {number: form.number(key) for number, key in ticked if number is not None}
    bulk.checked(seen)
    world, key = visit.world, form.text("move")
    first = world.store.read.matter(next(iter(seen)))
    look.allowed(world, visit.actor, first)
    move = world.flow_of(first).move(key)
    if move is None:
        raise Refused("field.missing", field="move")
    fields = fields_of(move, form, visit.names)
    making = form.text("do") == "make" and not form.raw(kept.BACK)
    trials = await bulk.made(world, visit.actor, seen, key, fields) if making else _tried(visit, seen, key, fields)
    results = [_result(visit, trial, seen) for trial in trials]
    inputs: list[Input] = (
        [] if making else [input_of(visit, first, field) for field in move.needs if field.type != "files"]
    )
    return visit.page(
        "bulk_move.html", label=visit.names.word(first, f"move.{key}"), move=key, inputs=inputs, made=making,
        typed=typed(form),
        able=[r for r in results if not r.why_not], unable=[r for r in results if r.why_not], query=_query(visit),
    )  # fmt: skip


def _tried(visit: Visit, seen: dict[int, int], key: str, fields: dict[str, Any]) -> list[Trial]:
    return bulk.tried(visit.world, visit.actor, seen, key, fields)


def _choice(visit: Visit, error: str = "") -> Template:
    _, shape = asked(visit, views(visit))
    picked = tuple(n for text in visit.request.query_params.get("pick", "").split(".") if (n := whole(text)))
    if len(picked) > BULK_MAX:
        raise Refused("bulk.too_many", count=len(picked), count_max=BULK_MAX)
    rows = look.rows(visit.world, visit.actor, msgspec.structs.replace(shape, numbers=picked, limit=BULK_MAX))
    found = bulk.moves(visit.world, visit.actor, [row.matter for row in rows])
    return visit.page(
        "bulk.html", 422 if error else 200, error=error, rows=[_row(visit, row) for row in rows],
        moves=[(move.key, _label(visit, rows, move), count) for move, count in found], filters=filters(visit),
        query=_query(visit), most=BULK_MAX, picked=bool(picked),
    )  # fmt: skip


def _label(visit: Visit, rows: list[Row], move: Move) -> str:
    return visit.names.word(rows[0].matter, f"move.{move.key}")


def _row(visit: Visit, row: Row) -> Result:
    return Result(line(visit, row), row.matter.version, "")


def _result(visit: Visit, trial: Trial, seen: dict[int, int]) -> Result:
    matter, refused = trial.matter, trial.refused
    title = visit.world.store.read.titles([matter.number]).get(matter.number, "")
    why = visit.refusal(refused, matter.domain) if refused else ""
    return Result(line(visit, Row(matter, title, None)), seen[matter.number], why)


def _query(visit: Visit) -> str:
    return visit.with_query(after=None, pick=None).partition("?")[2]
