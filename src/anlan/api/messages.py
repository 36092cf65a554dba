"""What a text message gateway tells us: answers of reporters. TD stops messages; any other words are a report."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, post

from anlan.api.body import decoded
from anlan.api.described import taking
from anlan.api.who import actor, world_of
from anlan.app import opt_out, receive
from anlan.loop.errors import Refused
from anlan.loop.matter import shown

SMS = "sms"


class AnswerBody(msgspec.Struct, forbid_unknown_fields=True):
    """A text message that came in: the gateway's id for it, the number it came from, its words."""

    id: str
    sender: str
    text: str


class Became(msgspec.Struct):
    """What became of it: `stopped`, `resumed`, `received` (with the receipt's number), or `nothing`: a word to stop
    from a number that never reported anything."""

    became: str
    receipt: str = ""


_answer = msgspec.json.Decoder(AnswerBody)


@post("/api/v1/messages/answers", status_code=200, operation_class=taking(AnswerBody))
async def answer(request: Request[Any, Any, Any]) -> Became:
    """Take a reporter's answer. Idempotent by the gateway's id."""
    world, who = world_of(request), actor(request)
    said = decoded(_answer, await request.body())
    word = said.text.strip().upper()
    if word in opt_out.STOP_WORDS | opt_out.BACK_WORDS:
        commit = opt_out.answered(world, said.sender, said.text, who.id)
        if commit is None:
            return Became("nothing")
        await world.store.writer.write(commit)
        return Became("stopped" if word in opt_out.STOP_WORDS else "resumed")
    if SMS not in world.channels:
        raise Refused("channel.unknown", channel=SMS)
    domain, way = world.channels[SMS]
    payload = {"message_id": said.id, "text": said.text, "from": said.sender}
    _, done = await receive.hand_in(world, domain, way.adapt(payload, world.clock()), who)
    return Became("received", shown(done.receipt))
