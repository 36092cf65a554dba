"""Handing in: every declared channel has one address. Idempotent by (channel, outside id) and by Idempotency-Key.

The raw body is what an idempotency key is bound to; the answer is stored with it and given again word for word.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, FromQuery

from anlan.api.body import decoded
from anlan.api.described import TAKING_INTAKE
from anlan.api.shapes import Receipt, offers_of
from anlan.api.who import actor, world_of
from anlan.app import receive
from anlan.app.receive import Prepared
from anlan.app.world import CITIZEN, World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import shown
from anlan.store.commit import Done

KEY_MAX = 200
_encode = msgspec.json.Encoder().encode
_payload = msgspec.json.Decoder(dict[str, Any])


@post("/api/v1/intakes/{channel:str}", status_code=201, operation_class=TAKING_INTAKE)
async def hand_in(request: Request[Any, Any, Any], channel: FromPath[str], join: FromQuery[int] = 0) -> Response[bytes]:
    """Hand something in by a channel; `join` names an open matter it belongs to. Answers a receipt."""
    world = world_of(request)
    found = world.channels.get(channel)
    if found is None:
        raise Refused("channel.unknown", channel=channel)
    domain, way = found
    who = CITIZEN if way.public and "authorization" not in request.headers else actor(request)
    if who is not CITIZEN:
        world.require(who, "receive")
    body = await request.body()
    payload = decoded(_payload, body)
    bound = key_of(request, who, body)
    if bound and (answer := replayed(world, bound)):
        return _answer(answer, created=False)
    intake = way.adapt(payload, world.clock())

    def worded(done: Done, prepared: Prepared) -> bytes:
        return _encode(_receipt(world, done, prepared, who))

    _, done = await receive.hand_in(world, domain, intake, who, join, bound, worded)
    return _answer(done.answer or _encode(_known(done)), created=not done.replayed)


def key_of(request: Request[Any, Any, Any], who: Actor, body: bytes) -> tuple[bytes, bytes] | None:
    """What a repeated request is known by: the caller's own key, and the address and body it may only be used with."""
    key = request.headers.get("idempotency-key", "")
    if not key:
        return None
    if len(key) > KEY_MAX:
        raise Refused("field.too_long", field="Idempotency-Key", length=len(key), length_max=KEY_MAX)
    return sha256(f"{who.id}\n{key}".encode()).digest(), sha256(str(request.url.path).encode() + b"\n" + body).digest()


def replayed(world: World, bound: tuple[bytes, bytes]) -> bytes | None:
    """The stored answer of the same request, before any engine runs. Raises Refused for another body."""
    row = world.store.read.request(bound[0])
    if row is None:
        return None
    if row[0] != bound[1]:
        raise Refused("request.key_reused")
    return row[1]


def _answer(body: bytes, *, created: bool) -> Response[bytes]:
    return Response(body, status_code=201 if created else 200, media_type="application/json")


def _receipt(world: World, done: Done, prepared: Prepared, who: Actor) -> Receipt:
    receipt = _known(done)
    receipt.code = prepared.code
    found = world.arriving.named(prepared.advice.offers) if prepared.advice else []
    receipt.offers = offers_of(receive.offered(world, found, who, beside=done))
    return receipt


def _known(done: Done) -> Receipt:
    m = done.matters[0]
    due = m.due_minute("")
    doubtful = bool(m.route.get("doubtful"))
    return Receipt(
        done.receipt, shown(done.receipt), "", m.number, m.version, m.stage, m.lead, m.category, due, [], doubtful
    )
