"""Proofs about a ledger's tree: that an entry is in it, and that an older tree is the beginning of a newer one.

Pure. A proof is made from nodes that somebody keeps (`Node`), not from all leaves: `tile_nodes` reads them out of tiles
of 256 hashes, a few hashings each. RFC 9162, sections 2.1.3 and 2.1.4; tiles as in C2SP tlog-tiles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from anlan.loop.ledger import EMPTY_ROOT, HASH_BYTES, TILE_LEAVES, node_hash, perfect_root

TILE_HEIGHT = 8
TILE_PATH = re.compile(r"([0-9]|[1-5][0-9])/((?:x[0-9]{3}/){0,5})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
Node = Callable[[int, int], bytes]
"""(level, index) → the root over the leaves index·2^level … (index+1)·2^level-1, all of which exist."""
Tile = Callable[[int, int, int], bytes]
"""(tile level, index, width) → the tile's first `width` hashes. Raises LookupError when there is none."""


def tile_nodes(tile: Tile, size: int) -> Node:
    """The nodes of the tree of that size, out of its tiles; the last tile of each level may be partial."""

    def node(level: int, index: int) -> bytes:
        tile_level, above = divmod(level, TILE_HEIGHT)
        first, count = index << above, 1 << above
        number, offset = divmod(first, TILE_LEAVES)
        whole = size >> (TILE_HEIGHT * tile_level)
        hashes = tile(tile_level, number, min(TILE_LEAVES, whole - number * TILE_LEAVES))
        part = hashes[offset * HASH_BYTES : (offset + count) * HASH_BYTES]
        if len(part) != count * HASH_BYTES:
            raise LookupError(f"tile {tile_level}/{number} is too short")
        return perfect_root([part[i : i + HASH_BYTES] for i in range(0, len(part), HASH_BYTES)])

    return node


def tile_path(level: int, index: int, width: int) -> str:
    """Where a tile lies, as tlog-tiles has it: `0/x001/067`, and `0/x001/067.p/8` for one of 8 hashes."""
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03d}")
    return f"{level}/{'/'.join(reversed(parts))}{'' if width == TILE_LEAVES else f'.p/{width}'}"


def tile_at(path: str) -> tuple[int, int, int] | None:
    """Level, index and width of the tile of that path; None for what is no such path."""
    if not (found := TILE_PATH.fullmatch(path)):
        return None
    level, thousands, last, width = found.groups()
    asked = int(level), int(thousands.replace("x", "").replace("/", "") + last), int(width or TILE_LEAVES)
    return asked if tile_path(*asked) == path else None


def tiles_of(old: int, new: int) -> Iterator[tuple[int, int, int]]:
    """The tiles (level, index, width) of the tree of `new` entries that were not full, or not there, at `old`."""
    level = 0
    while new:
        for index in range(old // TILE_LEAVES, (new + TILE_LEAVES - 1) // TILE_LEAVES):
            yield level, index, min(TILE_LEAVES, new - index * TILE_LEAVES)
        level, old, new = level + 1, old // TILE_LEAVES, new // TILE_LEAVES


def root_at(node: Node, size: int) -> bytes:
    """The root of the first `size` entries."""
    return _span(node, 0, size) if size else EMPTY_ROOT


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """The audit path of entry `index` in the tree of that size (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("no such entry")
    path, first, last = list[bytes](), 0, size
    while last - first > 1:
        middle = first + _split(last - first)
        if index < middle:
            path.append(_span(node, middle, last))
            last = middle
        else:
            path.append(_span(node, first, middle))
            first = middle
    return path[::-1]


def consistency_proof(node: Node, old: int, new: int) -> list[bytes]:
    """What shows that the tree of `old` entries is the beginning of that of `new` (RFC 9162, 2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError("a proof leads from an older tree to a newer one")
    path, first, last, whole = list[bytes](), 0, new, True
    while old != last:
        middle = first + _split(last - first)
        if old <= middle:
            path.append(_span(node, middle, last))
            last = middle
        else:
            path.append(_span(node, first, middle))
            first, whole = middle, False
    if not whole:
        path.append(_span(node, first, last))
    return path[::-1]


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves it (RFC 9162, 2.1.4.2). An empty tree is the beginning of every other."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if not 0 < old < new or not path:
        return False
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, step)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _span(node: Node, first: int, last: int) -> bytes:
    """The hash over a part of the tree that begins at a multiple of the power of two its length fits in."""
    parts, at = list[bytes](), first
    while at < last:
        level = (last - at).bit_length() - 1
        parts.append(node(level, at >> level))
        at += 1 << level
    found = parts.pop()
    while parts:
        found = node_hash(parts.pop(), found)
    return found
