"""The ledgers for outsiders: heads, tiles and keys for everybody (C2SP tlog-tiles), proofs for who may see a fact."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from anlan.api.limits import TRIES
from anlan.api.who import actor, world_of
from anlan.app import look
from anlan.app.world import World, year_of
from anlan.loop.errors import Refused
from anlan.loop.note import NOTE_BYTES_MAX, Key, key_of
from anlan.loop.proof import tile_at
from anlan.store.commit import Commit
from anlan.store.heads import Head, Proof, Row

TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"
FOREVER = "public, max-age=31536000, immutable"


class Known(msgspec.Struct, frozen=True):
    """A ledger's newest head, its key, and how far witnesses have signed."""

    ledger: str
    key: str
    size: int
    root: str
    at: int
    witnesses: int


@get("/ledger/heads")
async def heads(request: Request[Any, Any, Any]) -> list[Known]:
    """Every ledger's newest head: size, root (hex), moment (UTC ms), key, and how many witnesses signed it."""
    kept = world_of(request).store.heads
    return [_known(head, kept.key(head.checkpoint.ledger)) for head in kept.newest()]


@get("/ledger/{ledger:str}/checkpoint")
async def checkpoint(request: Request[Any, Any, Any], ledger: FromPath[str]) -> Response[bytes]:
    """A ledger's newest head as a signed note."""
    return _note(world_of(request).store.heads.head(ledger))


@get("/ledger/{ledger:str}/cosigned")
async def cosigned(request: Request[Any, Any, Any], ledger: FromPath[str]) -> Response[bytes]:
    """The newest head that a witness has signed too, with every signature."""
    return _note(world_of(request).store.heads.cosigned(ledger))


@get("/ledger/{ledger:str}/tile/{tile:path}")
async def one_tile(request: Request[Any, Any, Any], ledger: FromPath[str], tile: FromPath[str]) -> Response[bytes]:
    """Hashes of a signed tree: `0/x001/067`, or `0/x001/067.p/8` for the first 8 of a tile."""
    kept = world_of(request).store.heads
    head, asked = kept.head(ledger), tile_at(tile.lstrip("/"))
    try:
        found = kept.tile(head.no, head.checkpoint.size, *(asked or (0, -1, 0)))
    except LookupError:
        raise Refused("ledger.no_tile", ledger=ledger, tile=tile.lstrip("/")) from None
    return Response(found, media_type=BYTES, headers={"Cache-Control": FOREVER})


@get("/api/v1/matters/{number:int}/facts/{version:int}/proof")
async def proof(request: Request[Any, Any, Any], number: FromPath[int], version: FromPath[int]) -> Proof:
    """The proof that a fact of a matter the caller may see is on its ledger, up to the newest signed head."""
    world, who = world_of(request), actor(request)
    look.allowed(world, who, world.store.read.matter(number))
    return world.store.heads.proof(number, version)


@post("/api/v1/ledger/cosignatures", status_code=200, middleware=[TRIES.middleware])
async def cosign(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Take a witness's signed note. Only witnesses named in the settings count; the signature itself is the right."""
    world, raw = world_of(request), await request.body()
    if len(raw) > NOTE_BYTES_MAX:
        raise Refused("body.too_large", length=len(raw), length_max=NOTE_BYTES_MAX)
    signed, rows = world.store.heads.cosignature(raw, request.app.state.witnesses)
    await world.store.writer.write(cosigned_by(world, rows))
    return {"ledger": signed.ledger, "size": signed.size}


def cosigned_by(world: World, rows: list[Row]) -> Commit:
    """The commit that keeps what witnesses signed."""
    now = world.clock()
    return Commit(at=now, actor="witness", year=year_of(now), rows=list(rows))


def witnesses(said: str) -> list[Key]:
    """The keys a setting names, parted by blanks. Raises Refused("ledger.not_a_key")."""
    return [key_of(text) for text in said.split()]


def _known(head: Head, key: Key) -> Known:
    at = head.checkpoint
    return Known(at.ledger, key.text(), at.size, at.root, at.at, len(head.note.signatures) - 1)


def _note(head: Head) -> Response[bytes]:
    return Response(head.note.to_bytes(), media_type=TEXT, headers={"Cache-Control": "no-cache"})
