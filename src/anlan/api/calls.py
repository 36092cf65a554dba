"""The exchange tells of a call (a webhook): it rings somewhere, is answered, ends."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, post

from anlan.api.body import decoded
from anlan.api.described import taking
from anlan.api.who import actor, world_of
from anlan.app import calls
from anlan.links.asterisk import CallEvent


class CallBody(msgspec.Struct, forbid_unknown_fields=True):
    """What happened: `state` is ringing, answered or ended; `caller` the number, where it is known."""

    call_id: str
    state: str
    extension: str
    caller: str = ""


class Told(msgspec.Struct):
    """Whether it changed anything: a repeated event, or one of an extension where nobody sits, does not."""

    changed: bool


_decoder = msgspec.json.Decoder(CallBody)


@post("/api/v1/calls", status_code=200, operation_class=taking(CallBody))
async def call(request: Request[Any, Any, Any]) -> Told:
    """Take an event of the exchange. Idempotent by call, extension and state."""
    world, who = world_of(request), actor(request)
    said = decoded(_decoder, await request.body())
    commit = calls.took(world, CallEvent(said.call_id, said.state, said.extension, said.caller), who.id)
    if commit is None:
        return Told(changed=False)
    await world.store.writer.write(commit)
    return Told(changed=True)
