"""What happens, as it happens: an event stream for pages, and the feed of facts for whoever may audit them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import msgspec
from litestar import Request, get
from litestar.params import FromQuery
from litestar.response import ServerSentEvent, ServerSentEventMessage

from anlan.api.who import reader, still, world_of
from anlan.app.live import Changed, Live
from anlan.loop.errors import Refused
from anlan.loop.fact import INT_MAX, whole
from anlan.store.outbox import ENTRIES_MAX, Entry

_encode = msgspec.json.Encoder().encode
RETRY_MS = 2_000


class Feed(msgspec.Struct):
    """Facts and the position to go on from."""

    entries: list[Entry]
    after: int


@get("/live")
async def live(request: Request[Any, Any, Any]) -> ServerSentEvent:
    """Server-sent events `facts`: the numbers of matters that changed. Goes on after `Last-Event-ID`, or `?after=`.

    It ends when the session does, and when its account's rights change: whoever comes back has the new ones."""
    return await stream(request, request.app.state.live)


async def stream(request: Request[Any, Any, Any], listening: Live) -> ServerSentEvent:
    """The events of one listener."""
    who, after = reader(request), str(request.query_params.get("after", ""))
    last = request.headers.get("last-event-id", "") or after
    changes = listening.changes(who, whole(last))
    first = await anext(changes)

    async def messages() -> AsyncIterator[ServerSentEventMessage]:
        async with aclosing(changes):
            yield _message(first)
            async for changed in changes:
                if not still(request, who):
                    return
                yield _message(changed)
        if listening.ended():
            spread = int.from_bytes(world_of(request).random(2)) * RETRY_MS // 2**16
            yield ServerSentEventMessage(data="{}", event="bye", retry=RETRY_MS + spread)

    return ServerSentEvent(messages(), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


@get("/api/v1/facts")
async def facts(request: Request[Any, Any, Any], after: FromQuery[int] = 0, limit: FromQuery[int] = 500) -> Feed:
    """The ledger's facts in the order of their commits, after a position: ids only, never what a person said."""
    world = world_of(request)
    if not 0 < limit <= ENTRIES_MAX:
        raise Refused("page.too_large", limit=limit, limit_max=ENTRIES_MAX)
    if not 0 <= after <= INT_MAX:
        raise Refused("field.out_of_range", field="after", minimum=0, maximum=INT_MAX)
    entries = world.store.outbox.after(after, limit)
    return Feed(entries, entries[-1].pos if entries else after)


def _message(changed: Changed) -> ServerSentEventMessage:
    return ServerSentEventMessage(data=_encode(changed).decode(), event="facts", id=str(changed.pos), retry=RETRY_MS)
