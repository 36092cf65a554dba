"""Is today usual: opened by the hour beside the usual range, and what stands open and late in each district."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get

from anlan.api.packed import packed
from anlan.api.who import reader, world_of
from anlan.app.today import today as of_today

_encode = msgspec.json.Encoder().encode


@get("/api/v1/matters/today")
async def today(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Matters opened today by the hour, the usual range of days of its kind in the past four weeks, and districts."""
    world, who = world_of(request), reader(request)
    return packed(request, await asyncio.to_thread(lambda: _encode(of_today(world, who))))
