"""The ledger's arithmetic: a Merkle tree over the stored bytes of facts (RFC 6962, section 2.1), and its checkpoints.

Pure: nothing here stores or signs. A `Frontier` is the smallest state from which a tree can grow: the roots of the
perfect subtrees that make it up, largest first. Proofs are made in `proof`; the check that needs
none of the application is `verify/anlan_verify.py`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

HASH_BYTES = 32
TILE_LEAVES = 256
EMPTY_ROOT = sha256(b"").digest()
ORIGIN = "anlan/"
"""A ledger's name outside the house is this and its key."""


def leaf_hash(body: bytes) -> bytes:
    """SHA-256(0x00 ‖ body)."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree: `size` leaves, and one root for each set bit of `size`, largest subtree first."""

    __slots__ = ("roots", "size")

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        if len(roots) != size.bit_count():
            raise ValueError("a frontier has one root for each set bit of its size")
        self.size = size
        self.roots = list(roots)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        node, rest = leaf, self.size
        roots = self.roots
        while rest & 1:
            node = node_hash(roots.pop(), node)
            rest >>= 1
        roots.append(node)
        self.size += 1

    def append_tile(self, root: bytes, leaves: int = TILE_LEAVES) -> None:
        """Add a perfect subtree of `leaves` (a power of two that divides the size so far)."""
        if self.size % leaves:
            raise ValueError("a tile joins at its own boundary")
        node, rest = root, self.size // leaves
        while rest & 1:
            node = node_hash(self.roots.pop(), node)
            rest >>= 1
        self.roots.append(node)
        self.size += leaves

    def root(self) -> bytes:
        """The tree's head."""
        if not self.roots:
            return EMPTY_ROOT
        node = self.roots[-1]
        for left in self.roots[-2::-1]:
            node = node_hash(left, node)
        return node

    def copy(self) -> Frontier:
        """An independent frontier of the same tree."""
        return Frontier(self.size, self.roots)

    def to_bytes(self) -> bytes:
        """The roots, one after the other."""
        return b"".join(self.roots)

    @classmethod
    def from_bytes(cls, size: int, raw: bytes) -> Frontier:
        """The frontier whose roots `to_bytes` wrote."""
        return cls(size, [raw[i : i + HASH_BYTES] for i in range(0, len(raw), HASH_BYTES)])


def perfect_root(leaves: Sequence[bytes]) -> bytes:
    """The root over a power-of-two number of leaf hashes."""
    level = list(leaves)
    while len(level) > 1:
        level = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level), 2)]
    return level[0]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over any number of leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that `leaf` is entry `index` of the tree with this size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, at, last = leaf, index, size - 1
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(step, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, step)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree head as it is signed: which ledger, how many facts, which root (hex), when (UTC ms)."""

    ledger: str
    size: int
    root: str
    at: int

    def signed_text(self) -> bytes:
        """The bytes under the signature: a C2SP tlog-checkpoint with the moment as its extension line."""
        root = b64encode(bytes.fromhex(self.root)).decode()
        return f"{ORIGIN}{self.ledger}\n{self.size}\n{root}\nat {self.at}\n".encode("ascii")
