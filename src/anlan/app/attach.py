"""Attach: a file is staged first (sealed, on disk, nobody's yet), then a report or a move takes it, once.

So a form that comes back for whatever reason has not lost it. What no matter took within a day is forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from anlan.app.media import Media, cleaned
from anlan.app.redact import redacted
from anlan.app.world import World, year_of
from anlan.loop.errors import Refused
from anlan.loop.fact import Fact
from anlan.loop.matter import Matter
from anlan.store.commit import Commit

FILES_MAX = 6
NAME_MAX = 120
STAGED_MS = 24 * 3600 * 1000
STAGED_BYTES_MAX = 4 * 1024**3
PREFIX = "f"
STAGED = "SELECT 1 FROM files WHERE id = ? AND staged_at != 0"
TAKE = "UPDATE files SET staged_at = 0 WHERE id = ?"


class Staged(msgspec.Struct, frozen=True):
    """A file that waits for a matter; `place` (longitude, latitude) where it was taken, if it told."""

    id: str
    type: str
    bytes: int
    place: tuple[float, float] | None


class Attached(msgspec.Struct, frozen=True):
    """A file of a matter: by which reporter's receipt (0: by staff), who and when."""

    id: str
    type: str
    bytes: int
    receipt: int
    actor: str
    at: int


async def stage(world: World, data: bytes, name: str, actor: str) -> Staged:
    """Clean, seal and keep a file until a matter takes it. Raises Refused (see `media.cleaned`), file.no_room."""
    if world.store.files.staged_bytes() + len(data) > STAGED_BYTES_MAX:
        raise Refused("file.no_room")
    media = await asyncio.to_thread(cleaned, data)
    now = world.clock()
    commit = Commit(at=now, actor=actor, year=year_of(now))
    file = world.store.vault.new_id(PREFIX, now)
    row = await asyncio.to_thread(_kept, world, commit, file, media, name[:NAME_MAX])
    commit.rows = [("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", row)]
    await world.store.writer.write(commit)
    return Staged(file, media.type, len(media.full), media.place)


def taken(world: World, commit: Commit, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Let a commit take staged files; answers what its fact says of each. Raises Refused: file.unknown (not there, or
    taken already), file.too_many."""
    if len(wanted) > FILES_MAX:
        raise Refused("file.too_many", count=len(wanted), count_max=FILES_MAX)
    told: list[dict[str, Any]] = []
    for file in dict.fromkeys(wanted):
        row = world.store.files.row(file)
        if row is None or not row.staged_at:
            raise Refused("file.unknown", file=file)
        told.append({"id": file, "type": row.type, "bytes": row.bytes, "hash": row.hash})
        commit.checks.append((STAGED, (file,), Refused("file.unknown", file=file)))
        commit.rows.append((TAKE, (file,)))
    return told


def attached(world: World, matter: Matter, facts: Iterable[Fact]) -> list[Attached]:
    """The files of a matter, oldest first, with those that came with reporters of matters merged into it."""
    found = _told(facts)
    for party in matter.parties:
        if party.receipt != matter.number:
            found += [one for one in _told(world.store.read.facts(party.receipt)) if one.receipt == party.receipt]
    return sorted({one.id: one for one in found}.values(), key=lambda one: (one.at, one.id))


def of_fact(fact: Fact) -> list[Attached]:
    """The files that came with a fact."""
    reporters: Sequence[dict[str, Any]] = ()
    if fact.kind == "received":
        reporters = [fact.data["party"]] if fact.data.get("party") else ()
    elif fact.kind == "joined":
        reporters = fact.data["parties"]
    givers = [(0, fact.data), *((who.get("receipt", fact.matter), who) for who in reporters)]
    return [
        Attached(one["id"], one["type"], one["bytes"], receipt, fact.actor, fact.at)
        for receipt, giver in givers
        for one in giver.get("files", ())
    ]


def names(opened: dict[str, Any], files: Iterable[Attached]) -> dict[str, str]:
    """What the files were called where they came from, redacted; "" for an erased one."""
    return {one.id: redacted(opened.get(one.id, {}).get("name", "")) for one in files}


def opened(world: World, file: str, *, small: bool = False) -> tuple[str, bytes]:
    """A file's type and bytes, or its thumbnail's. Its reading is on the ledger already. Raises file.unknown when it
    was erased, or has no thumbnail."""
    row = world.store.files.row(file)
    name = (row.small if small else row.hash) if row else ""
    if row is None or not name:
        raise Refused("file.unknown", file=file)
    plain = world.store.vault.open_file(file, "small" if small else "full", world.store.files.get(name))
    if plain is None:
        raise Refused("file.unknown", file=file)
    return row.type, plain


def forget_unclaimed(world: World) -> Commit | None:
    """The commit that forgets what no matter took within a day, keys and all; None when there is nothing."""
    now = world.clock()
    old = world.store.files.staged_before(now - STAGED_MS)
    if not old:
        return None
    commit = Commit(at=now, actor="system", year=year_of(now), destroys=old)
    for table in ("files", "sealed"):
        commit.rows += [(f"DELETE FROM {table} WHERE id = ?", (file,)) for file in old]
    return commit


def _kept(world: World, commit: Commit, file: str, media: Media, name: str) -> tuple[Any, ...]:
    store, parts = world.store, {"full": media.full, **({"small": media.small} if media.small else {})}
    sealed = store.vault.seal_file(commit, file, {"name": name}, parts)
    names_ = {part: store.files.put(body) for part, body in sealed.items()}
    return file, media.type, len(media.full), names_["full"], names_.get("small", ""), commit.at


def _told(facts: Iterable[Fact]) -> list[Attached]:
    return [one for fact in facts for one in of_fact(fact)]
