"""`anlan verify`: does the ledger say what was written? Recomputes leaves, tiles and checkpoints from stored bytes.

Finds a flipped byte, a missing, inserted, doubled or moved fact, a truncated ledger, a tile that does not match, a
checkpoint that was not signed by the ledger's key. Work is split by tile ranges over the machine's cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256

import msgspec

from anlan.loop.ledger import TILE_LEAVES, Checkpoint, Frontier
from anlan.store.database import Connection, Database
from anlan.store.secrets import signed
from anlan.store.tree import tile_root

CHUNK_TILES = 64
Progress = Callable[[int, int], None]


class Fault(msgspec.Struct, frozen=True):
    """What is wrong and where. `seq` is the first fact concerned; where only a checkpoint or the ledger's edge tells,
    the first after the last checkpoint that holds."""

    ledger: str
    seq: int
    what: str


class Verdict(msgspec.Struct, frozen=True):
    """What was checked and what was found."""

    facts: int
    ledgers: int
    checkpoints: int
    faults: list[Fault]


class Chunk(msgspec.Struct, frozen=True):
    """A range of whole tiles (the last may be partial) of one ledger."""

    ledger: int
    first: int
    count: int


class Checked(msgspec.Struct, frozen=True):
    """A chunk's tile roots, its partial tail, and the first fault in it."""

    roots: list[bytes]
    tail: list[bytes]
    fault: tuple[int, str] | None


def verify(database: Database, public_key: bytes, on_progress: Progress | None = None, processes: int = 2) -> Verdict:
    """Check every ledger of a database against itself and `public_key` (raw Ed25519)."""
    connection = database.connect(read_only=True)
    ledgers = connection.execute("SELECT no, key, size, frontier FROM ledgers ORDER BY no").fetchall()
    total, done = sum(row[2] for row in ledgers), 0
    faults: list[Fault] = []
    checkpoints = 0
    small = total < CHUNK_TILES * TILE_LEAVES
    with ProcessPoolExecutor(1 if small else processes) as pool:
        for no, key, size, frontier in ledgers:
            chunks = list(_chunks(no, size))
            mapped = map(_check_with(database), chunks) if small else pool.map(_check_with(database), chunks)
            prefix, fault = Prefix(), None
            for chunk, checked in zip(chunks, mapped, strict=True):
                fault = fault or checked.fault
                if fault is None:
                    prefix.add(checked)
                done += chunk.count
                if on_progress:
                    on_progress(done, total)
            if fault is None:
                held, wrong = _checkpoints(connection, no, key, size, prefix, public_key)
                checkpoints += len(held)
                edge = (max(held, default=0), "edge") if prefix.frontier.to_bytes() != frontier else None
                fault = wrong or edge or _extra(connection, no, size) or _tiles(connection, no, size, prefix.roots)
            if fault:
                faults.append(Fault(key, *fault))
    return Verdict(total, len(ledgers), checkpoints, faults)


class Prefix:
    """The ledger's tile roots and tail, from which the root at any earlier size follows."""

    def __init__(self) -> None:
        self.frontier = Frontier()
        self.roots: list[bytes] = []
        self.tail: list[bytes] = []

    def add(self, checked: Checked) -> None:
        """Take over the next chunk."""
        for root in checked.roots:
            self.frontier.append_tile(root)
        for leaf in checked.tail:
            self.frontier.append(leaf)
        self.roots += checked.roots
        self.tail = checked.tail


class _Check:
    """A picklable check of one chunk in a process of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, chunk: Chunk) -> Checked:
        return check_chunk(self._database, chunk)


def _check_with(database: Database) -> _Check:
    return _Check(database)


def _chunks(no: int, size: int) -> Iterator[Chunk]:
    step = CHUNK_TILES * TILE_LEAVES
    for first in range(0, size, step):
        yield Chunk(no, first, min(step, size - first))


def check_chunk(database: Database, chunk: Chunk) -> Checked:
    """Leaf hashes, gaps and stored tiles of one chunk."""
    connection = database.connect(read_only=True)
    last = chunk.first + chunk.count
    where = "ledger = ? AND seq >= ? AND seq < ? ORDER BY seq"
    rows = connection.execute(
        f"SELECT seq, body FROM facts WHERE {where}", (chunk.ledger, chunk.first, last)
    ).fetchall()
    fault: tuple[int, str] | None = None
    if len(rows) != chunk.count or rows[-1][0] != last - 1:
        have = {seq for seq, _ in rows}
        fault = (next((s for s in range(chunk.first, last) if s not in have), chunk.first), "missing")
    leaves = [sha256(b"\x00" + body).digest() for _, body in rows]
    tiles = dict(
        connection.execute(
            "SELECT idx, hashes FROM tiles WHERE ledger = ? AND level = 0 AND idx >= ? AND idx < ?",
            (chunk.ledger, chunk.first // TILE_LEAVES, last // TILE_LEAVES),
        ).fetchall()
    )
    roots: list[bytes] = []
    whole = len(leaves) // TILE_LEAVES * TILE_LEAVES
    for at in range(0, whole, TILE_LEAVES):
        hashes = b"".join(leaves[at : at + TILE_LEAVES])
        index = (chunk.first + at) // TILE_LEAVES
        if tiles.get(index) != hashes:
            fault = _first(fault, _first_difference(hashes, tiles.get(index), index))
        roots.append(tile_root(hashes))
    fault = _first(fault, _tail_difference(connection, chunk, leaves[whole:], whole))
    return Checked(roots, leaves[whole:], fault)


def _first(one: tuple[int, str] | None, other: tuple[int, str] | None) -> tuple[int, str] | None:
    return min((fault for fault in (one, other) if fault), key=lambda fault: fault[0], default=None)


def _tail_difference(connection: Connection, chunk: Chunk, leaves: list[bytes], whole: int) -> tuple[int, str] | None:
    """Against the hashes that were kept with the newest checkpoint of what is no full tile."""
    first = chunk.first + whole
    row = connection.execute(
        "SELECT hashes FROM tails WHERE ledger = ? AND size >= ? AND size < ?",
        (chunk.ledger, first, first + TILE_LEAVES),
    ).fetchone()
    kept = [row[0][i : i + 32] for i in range(0, len(row[0]), 32)] if row else []
    at = next((i for i, (leaf, was) in enumerate(zip(leaves, kept, strict=False)) if leaf != was), None)
    return None if at is None else (first + at, "changed")


def _first_difference(hashes: bytes, tile: bytes | None, index: int) -> tuple[int, str]:
    if tile is None or len(tile) != len(hashes):
        return index * TILE_LEAVES, "tile"
    at = next(i for i in range(TILE_LEAVES) if hashes[i * 32 : i * 32 + 32] != tile[i * 32 : i * 32 + 32])
    return index * TILE_LEAVES + at, "changed"


def _extra(connection: Connection, no: int, size: int) -> tuple[int, str] | None:
    row = connection.execute(
        "SELECT min(seq) FROM facts WHERE ledger = ? AND (seq >= ? OR seq < 0)", (no, size)
    ).fetchone()
    return None if row[0] is None else (int(row[0]), "beyond the edge")


def _tiles(connection: Connection, no: int, size: int, roots: list[bytes]) -> tuple[int, str] | None:
    """Tiles above the lowest level against the roots below them, and none too many."""
    level, expected = 0, len(roots)
    while len(roots) >= TILE_LEAVES:
        level += 1
        whole = len(roots) // TILE_LEAVES * TILE_LEAVES
        parts = [b"".join(roots[i : i + TILE_LEAVES]) for i in range(0, whole, TILE_LEAVES)]
        stored = dict(
            connection.execute("SELECT idx, hashes FROM tiles WHERE ledger = ? AND level = ?", (no, level)).fetchall()
        )
        for index, hashes in enumerate(parts):
            if stored.get(index) != hashes:
                return index * TILE_LEAVES ** (level + 1), "tile"
        roots = [tile_root(hashes) for hashes in parts]
        expected += len(roots)
    count = connection.execute("SELECT count(*) FROM tiles WHERE ledger = ?", (no,)).fetchone()[0]
    return None if count == expected else (size, "tile")


def _checkpoints(
    connection: Connection, no: int, key: str, size: int, prefix: Prefix, public_key: bytes
) -> tuple[list[int], tuple[int, str] | None]:
    """The sizes at which a checkpoint holds (signature, root, frontier), and the first that does not."""
    rows = connection.execute(
        "SELECT size, root, at, frontier, signature FROM checkpoints WHERE ledger = ? ORDER BY size", (no,)
    ).fetchall()
    frontier, tile = Frontier(), 0
    held: list[int] = []
    for at_size, root, at, stored, signature in rows:
        text = Checkpoint(key, at_size, root.hex(), at).signed_text()
        if not signed(public_key, text, signature):
            return held, (at_size - 1, "signature")
        if at_size > size:
            return held, (size, "truncated")
        while tile < at_size // TILE_LEAVES:
            frontier.append_tile(prefix.roots[tile])
            tile += 1
        edge = _edge_at(connection, no, frontier, at_size, prefix)
        if edge.root() != root or edge.to_bytes() != stored:
            return held, (max(held, default=0), "checkpoint")
        held.append(at_size)
    return held, None


def _edge_at(connection: Connection, no: int, whole: Frontier, size: int, prefix: Prefix) -> Frontier:
    frontier = whole.copy()
    if size // TILE_LEAVES == len(prefix.roots):
        rest = prefix.tail
    else:
        row = connection.execute(
            "SELECT hashes FROM tiles WHERE ledger = ? AND level = 0 AND idx = ?", (no, size // TILE_LEAVES)
        ).fetchone()
        rest = [row[0][i : i + 32] for i in range(0, len(row[0]), 32)] if row else []
    for leaf in rest[: size % TILE_LEAVES]:
        frontier.append(leaf)
    return frontier
