"""Published: the ledgers' signed heads and tiles in a folder that somebody else keeps, or serves as it is.

    370202/checkpoint          the newest head
    370202/days/2026-11-24     the last head of each day
    370202/tile/0/x001/067     hashes, as C2SP tlog-tiles lays them out

A head goes there only when what was published before is its beginning: a folder never takes a fork or a shrink.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from anlan.loop.errors import Refused
from anlan.loop.ledger import TILE_LEAVES, Checkpoint
from anlan.loop.note import checkpoint_of, note_of
from anlan.loop.proof import root_at, tile_path, tiles_of
from anlan.store.database import disk_errors
from anlan.store.heads import Head, Heads, is_signed

CHECKPOINT, DAYS, TILES = "checkpoint", "days", "tile"
OWN = "published"
"""What an installation remembers of its own heads, beside the database: an older file put in its place shows."""


def publish(heads: Heads, folder: Path, *, tiles: bool = True) -> list[Head]:
    """Bring a folder up to every ledger's newest head; answers those that are new there. Without `tiles`, heads alone.

    Raises Refused: ledger.behind (what is published is longer: an older state was restored), ledger.forked.
    """
    new = []
    for head in heads.newest():
        at = folder / head.checkpoint.ledger
        before = published(heads, at)
        check_ahead(heads, before, head)
        if before is not None and before.size == head.checkpoint.size:
            continue
        with disk_errors():
            if tiles:
                write_tiles(heads, head, at, before.size if before else 0)
            day = datetime.fromtimestamp(head.checkpoint.at / 1000, UTC).date().isoformat()
            for path in (at / DAYS / day, at / CHECKPOINT):
                written(path, head.note.to_bytes())
            if tiles:
                _clear(at, head.checkpoint.size)
        new.append(head)
    return new


def published(heads: Heads, at: Path) -> Checkpoint | None:
    """The newest head in a ledger's published folder; None for none. Raises Refused("ledger.not_ours")."""
    try:
        note = note_of((at / CHECKPOINT).read_bytes())
    except FileNotFoundError:
        return None
    found = checkpoint_of(note.text)
    if found.ledger != at.name or not is_signed(note, heads.key(found.ledger)):
        raise Refused("ledger.not_ours", ledger=at.name, size=found.size)
    return found


def behind(heads: Heads, folder: Path) -> list[Refused]:
    """What in a folder the ledgers fall short of, or contradict: nothing, unless an older state was restored."""
    found, ours = list[Refused](), {head.checkpoint.ledger: head for head in heads.newest()}
    for at in sorted(path.parent for path in folder.glob(f"*/{CHECKPOINT}")):
        try:
            check_ahead(heads, published(heads, at), ours.get(at.name))
        except Refused as refused:
            found.append(refused)
    return found


def check_ahead(heads: Heads, before: Checkpoint | None, head: Head | None) -> None:
    """Refuse a head (None: nothing is signed) of which an older one is not the beginning."""
    if before is None:
        return
    size, said = head.checkpoint.size if head else 0, _said(before.at)
    if head is None or before.size > size:
        raise Refused("ledger.behind", ledger=before.ledger, size=size, published=before.size, at=said)
    if root_at(heads.nodes(head), before.size).hex() != before.root:
        raise Refused("ledger.forked", ledger=before.ledger, size=before.size, at=said)


def checkpoints_at(home: Path | None, said: str) -> list[Path]:
    """Where an installation's heads are remembered: in its own home, and where its settings say."""
    return ([home / OWN] if home else []) + ([Path(said)] if said else [])


def write_tiles(heads: Heads, head: Head, at: Path, before: int) -> None:
    """The tiles a head needs that a folder of `before` entries lacks."""
    size = head.checkpoint.size
    for level, index, width in tiles_of(before, size):
        written(at / TILES / tile_path(level, index, width), heads.tile(head.no, size, level, index, width))


def _clear(at: Path, size: int) -> None:
    """Remove partial tiles that a newer head has made needless."""
    needed = {tile_path(*tile) for tile in tiles_of(0, size) if tile[2] < TILE_LEAVES}
    for partial in (at / TILES).glob("**/*.p/*"):
        if str(partial.relative_to(at / TILES)) not in needed:
            partial.unlink()


def written(path: Path, body: bytes) -> None:
    """A file that is there whole, on disk, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _said(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")
