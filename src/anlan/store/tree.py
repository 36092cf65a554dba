"""The writer's Merkle trees, one per ledger: frontier in memory, tiles and checkpoints to disk with the facts.

A batch that is rolled back must leave no trace here either: `begin` remembers, `undo` restores.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from anlan.loop.errors import Broken
from anlan.loop.ledger import TILE_LEAVES, Checkpoint, Frontier, leaf_hash, perfect_root
from anlan.store.database import Connection

CHECKPOINT_FACTS = 1000
CHECKPOINT_MS = 10_000
Sign = Callable[[bytes], tuple[str, bytes]]
"""Bytes → (key id, signature)."""


class Tree:
    """One ledger's growing edge: its frontier and the leaf hashes of the tile not yet full."""

    def __init__(self, no: int, key: str, frontier: Frontier, tail: list[bytes]) -> None:
        self.no, self.key, self.frontier, self.tail = no, key, frontier, tail
        self.signed_size, self.signed_at = frontier.size, 0
        self.full: list[tuple[int, bytes]] = []

    def append(self, body: bytes) -> int:
        """Add a fact's bytes; answers its sequence number, counted from 0."""
        leaf = leaf_hash(body)
        self.frontier.append(leaf)
        self.tail.append(leaf)
        if len(self.tail) == TILE_LEAVES:
            self.full.append((self.frontier.size // TILE_LEAVES - 1, b"".join(self.tail)))
            self.tail = []
        return self.frontier.size - 1


class Trees:
    """All ledgers of this writer."""

    def __init__(self, connection: Connection, sign: Sign) -> None:
        self._connection, self._sign = connection, sign
        self._trees: dict[str, Tree] = {}
        self._before: dict[str, tuple[int, list[bytes], list[bytes], int, int]] = {}
        self._last_no = 0

    def keys(self) -> list[str]:
        """The ledgers there are."""
        return [key for (key,) in self._connection.execute("SELECT key FROM ledgers")]

    def refresh(self, keys: Collection[str]) -> None:
        """Load those of these ledgers that have grown elsewhere since they were last seen here. Nobody else may be
        appending to them now."""
        for no, key, size, frontier in self._connection.execute(
            "SELECT no, key, size, frontier FROM ledgers"
        ).fetchall():
            self._last_no = max(self._last_no, no)
            tree = self._trees.get(key)
            if key in keys and (tree is None or tree.frontier.size != size):
                self._trees[key] = self._loaded(no, key, Frontier.from_bytes(size, frontier))

    def _loaded(self, no: int, key: str, frontier: Frontier) -> Tree:
        first = frontier.size // TILE_LEAVES * TILE_LEAVES
        rows = self._connection.execute(
            "SELECT body FROM facts WHERE ledger = ? AND seq >= ? ORDER BY seq", (no, first)
        ).fetchall()
        tail = [leaf_hash(body) for (body,) in rows]
        if first + len(tail) != frontier.size:
            raise Broken(f"ledger {key} says {frontier.size} facts and holds {first + len(tail)}")
        tree = Tree(no, key, frontier, tail)
        signed = "SELECT max(size) FROM checkpoints WHERE ledger = ?"
        tree.signed_size = self._connection.execute(signed, (no,)).fetchone()[0] or 0
        return tree

    def of(self, key: str) -> Tree:
        """The tree of a ledger, made when its first fact comes."""
        tree = self._trees.get(key)
        if tree is None:
            no = 1 + max(self._last_no, *(t.no for t in self._trees.values()), 0)
            tree = self._trees[key] = Tree(no, key, Frontier(), [])
            tree.signed_size = -1
        if key not in self._before:
            f = tree.frontier
            self._before[key] = (f.size, list(f.roots), list(tree.tail), tree.signed_size, tree.signed_at)
        return tree

    def begin(self) -> None:
        """A batch begins."""
        self._before.clear()

    def undo(self) -> None:
        """The batch was rolled back."""
        for key, (size, roots, tail, signed_size, signed_at) in self._before.items():
            tree = self._trees[key]
            tree.frontier, tree.tail, tree.full = Frontier(size, roots), tail, []
            tree.signed_size, tree.signed_at = signed_size, signed_at
            if not size:
                del self._trees[key]
        self._before.clear()

    def write(self, at: int, *, checkpoint: bool = False) -> None:
        """Store the edges that moved in this batch, full tiles, and a signed checkpoint where one is due."""
        run = self._connection.execute
        for key in self._before:
            tree = self._trees[key]
            frontier = tree.frontier
            run(
                "INSERT INTO ledgers VALUES (?, ?, ?, ?) ON CONFLICT (no) DO UPDATE SET size = excluded.size,"
                " frontier = excluded.frontier",
                (tree.no, key, frontier.size, frontier.to_bytes()),
            )
            for index, hashes in tree.full:
                self._write_tile(tree.no, 0, index, hashes)
            tree.full = []
            due = frontier.size - tree.signed_size >= CHECKPOINT_FACTS or at - tree.signed_at >= CHECKPOINT_MS
            if (due or checkpoint) and frontier.size > tree.signed_size:
                self._checkpoint(tree, at)

    def unsigned(self) -> bool:
        """Whether an edge has moved since its last checkpoint."""
        return any(tree.frontier.size > tree.signed_size for tree in self._trees.values())

    def sign_all(self, at: int) -> None:
        """Sign every edge here that has moved since its last checkpoint (inside a transaction)."""
        for key in list(self._trees):
            self.of(key)
        self.write(at, checkpoint=True)

    def _write_tile(self, no: int, level: int, index: int, hashes: bytes) -> None:
        run = self._connection.execute
        run("INSERT INTO tiles VALUES (?, ?, ?, ?)", (no, level, index, hashes))
        if index % TILE_LEAVES == TILE_LEAVES - 1:
            first = index - TILE_LEAVES + 1
            below = run(
                "SELECT hashes FROM tiles WHERE ledger = ? AND level = ? AND idx BETWEEN ? AND ? ORDER BY idx",
                (no, level, first, index),
            ).fetchall()
            roots = b"".join(tile_root(h) for (h,) in below)
            self._write_tile(no, level + 1, index // TILE_LEAVES, roots)

    def _checkpoint(self, tree: Tree, at: int) -> None:
        frontier = tree.frontier
        root = frontier.root()
        text = Checkpoint(tree.key, frontier.size, root.hex(), at).signed_text()
        key_id, signature = self._sign(text)
        self._connection.execute(
            "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ledger, size) DO NOTHING",
            (tree.no, frontier.size, root, at, frontier.to_bytes(), key_id, signature),
        )
        self._connection.execute(
            "INSERT INTO tails VALUES (?, ?, ?) ON CONFLICT (ledger) DO UPDATE SET size = excluded.size,"
            " hashes = excluded.hashes",
            (tree.no, frontier.size, b"".join(tree.tail)),
        )
        tree.signed_size, tree.signed_at = frontier.size, at


def tile_root(hashes: bytes) -> bytes:
    """The root of a full tile."""
    return perfect_root([hashes[i : i + 32] for i in range(0, len(hashes), 32)])
