"""What outsiders are given of the ledgers: signed heads, tiles of hashes, co-signatures. Never a fact's body.

Tiles are those of C2SP tlog-tiles, 256 hashes each. Full ones never change; the last of a level may be partial, and is
given only as far as a checkpoint has signed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from anlan.loop.errors import Refused
from anlan.loop.ledger import HASH_BYTES, ORIGIN, TILE_LEAVES, Checkpoint, leaf_hash
from anlan.loop.note import LOG, WITNESS, Key, Note, Signature, checkpoint_of, cosigned_text, note_of
from anlan.loop.proof import TILE_HEIGHT, Node, inclusion_proof, tile_nodes
from anlan.store.database import Readers
from anlan.store.secrets import signed
from anlan.store.tree import tile_root

Row = tuple[str, tuple[Any, ...]]
NEWEST = (
    "SELECT l.no, l.key, c.size, c.root, c.at, c.signature FROM ledgers l JOIN checkpoints c ON c.ledger = l.no"
    " WHERE c.size = (SELECT max(n.size) FROM checkpoints n WHERE n.ledger = l.no) ORDER BY l.key"
)
ALL = (
    "SELECT l.no, l.key, c.size, c.root, c.at, c.signature FROM ledgers l JOIN checkpoints c ON c.ledger = l.no"
    " WHERE l.key = ? ORDER BY c.size"
)
LAST_COSIGNED = (
    "SELECT l.no, l.key, c.size, c.root, c.at, c.signature FROM ledgers l JOIN checkpoints c ON c.ledger = l.no"
    " WHERE l.key = ? AND c.size = (SELECT max(s.size) FROM cosignatures s WHERE s.ledger = l.no)"
)


class Head(msgspec.Struct, frozen=True):
    """A ledger's signed head with its own signature and its witnesses'."""

    no: int
    checkpoint: Checkpoint
    note: Note


class Proof(msgspec.Struct, frozen=True):
    """That a fact is entry `seq` of a signed tree: hashes in hex, from the leaf upwards."""

    ledger: str
    seq: int
    leaf: str
    size: int
    root: str
    path: list[str]
    checkpoint: str


class Heads:
    """Reads one installation's ledgers as outsiders may see them."""

    def __init__(self, readers: Readers, public_key: bytes) -> None:
        self._readers, self._public = readers, public_key

    def key(self, ledger: str) -> Key:
        """The key under a ledger's checkpoints, by the name they carry."""
        return Key(ORIGIN + ledger, LOG, self._public)

    def newest(self) -> list[Head]:
        """Each ledger's newest checkpoint."""
        return [self._head(*row) for row in self._run(NEWEST)]

    def head(self, ledger: str) -> Head:
        """A ledger's newest checkpoint. Raises Refused("ledger.unknown")."""
        found = next((head for head in self.newest() if head.checkpoint.ledger == ledger), None)
        if found is None:
            raise Refused("ledger.unknown", ledger=ledger)
        return found

    def cosigned(self, ledger: str) -> Head:
        """A ledger's newest checkpoint that a witness has signed too. Raises Refused("ledger.not_cosigned")."""
        for row in self._run(LAST_COSIGNED, ledger):
            return self._head(*row)
        raise Refused("ledger.not_cosigned", ledger=ledger)

    def all(self, ledger: str) -> list[Head]:
        """Every checkpoint of a ledger, oldest first."""
        return [self._head(*row) for row in self._run(ALL, ledger)]

    def tile(self, no: int, size: int, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile in the tree of that (signed) size. Raises LookupError."""
        whole = size >> (TILE_HEIGHT * level)
        if not (0 < width <= TILE_LEAVES and index >= 0 and index * TILE_LEAVES + width <= whole):
            raise LookupError(f"no tile {level}/{index} of {width}")
        for (hashes,) in self._run(
            "SELECT hashes FROM tiles WHERE ledger = ? AND level = ? AND idx = ?", no, level, index
        ):
            return bytes(hashes[: width * HASH_BYTES])
        first = index * TILE_LEAVES
        if level:
            return b"".join(self._root(no, level - 1, first + i) for i in range(width))
        sql = "SELECT body FROM facts WHERE ledger = ? AND seq >= ? AND seq < ? ORDER BY seq"
        return b"".join(leaf_hash(body) for (body,) in self._run(sql, no, first, first + width))

    def bodies(self, head: Head) -> Iterator[bytes]:
        """The facts under a head, as they are stored."""
        sql = "SELECT body FROM facts WHERE ledger = ? AND seq < ? ORDER BY seq"
        for (body,) in self._readers.connection().execute(sql, (head.no, head.checkpoint.size)):
            yield bytes(body)

    def nodes(self, head: Head) -> Node:
        """The nodes of the tree under a head, for proofs."""
        size = head.checkpoint.size
        return tile_nodes(lambda level, index, width: self.tile(head.no, size, level, index, width), size)

    def proof(self, matter: int, version: int) -> Proof:
        """The proof that a matter's fact is on its ledger. Raises Refused: ledger.no_fact, ledger.not_signed_yet."""
        sql = "SELECT l.key, f.seq, f.body FROM facts f JOIN ledgers l ON l.no = f.ledger"
        rows = self._run(f"{sql} WHERE f.matter = ? AND f.version = ? AND f.version > 0", matter, version)
        if not rows:
            raise Refused("ledger.no_fact", matter=matter, version=version)
        return self._proof(*rows[0])

    def proof_at(self, ledger: str, seq: int) -> Proof:
        """The same for an entry by its place. Raises the same."""
        sql = "SELECT l.key, f.seq, f.body FROM facts f JOIN ledgers l ON l.no = f.ledger"
        rows = self._run(f"{sql} WHERE l.key = ? AND f.seq = ?", ledger, seq)
        if not rows:
            raise Refused("ledger.no_entry", ledger=ledger, seq=seq)
        return self._proof(*rows[0])

    def cosignature(self, raw: bytes, witnesses: list[Key]) -> tuple[Checkpoint, list[Row]]:
        """The statements that keep what known witnesses put under one of our checkpoints.

        Raises Refused: ledger.not_a_note, ledger.not_ours, ledger.no_witness.
        """
        note = note_of(raw)
        asked = checkpoint_of(note.text)
        ours = [head for head in self.all(asked.ledger) if head.checkpoint == asked]
        if not ours:
            raise Refused("ledger.not_ours", ledger=asked.ledger, size=asked.size)
        sql = "INSERT INTO cosignatures VALUES (?, ?, ?, ?) ON CONFLICT (ledger, size, witness) DO NOTHING"
        rows: list[Row] = [
            (sql, (ours[0].no, asked.size, one.name, one.line())) for one in cosigners(note, witnesses).values()
        ]
        if not rows:
            raise Refused("ledger.no_witness")
        return asked, rows

    def _proof(self, ledger: str, seq: int, body: bytes) -> Proof:
        head = self.head(ledger)
        at = head.checkpoint
        if seq >= at.size:
            raise Refused("ledger.not_signed_yet", ledger=ledger, seq=seq)
        path = inclusion_proof(self.nodes(head), seq, at.size)
        note = head.note.to_bytes().decode()
        return Proof(ledger, seq, leaf_hash(body).hex(), at.size, at.root, [step.hex() for step in path], note)

    def _head(self, no: int, key: str, size: int, root: bytes, at: int, signature: bytes) -> Head:
        checkpoint, own = Checkpoint(key, size, bytes(root).hex(), at), self.key(key)
        text = checkpoint.signed_text()
        sql = "SELECT line FROM cosignatures WHERE ledger = ? AND size = ? ORDER BY witness"
        lines = "".join(line for (line,) in self._run(sql, no, size))
        others = note_of(text + b"\n" + lines.encode()).signatures if lines else ()
        return Head(no, checkpoint, Note(text, (Signature(own.name, own.mark, bytes(signature)), *others)))

    def _root(self, no: int, level: int, index: int) -> bytes:
        rows = self._run("SELECT hashes FROM tiles WHERE ledger = ? AND level = ? AND idx = ?", no, level, index)
        if not rows:
            raise LookupError(f"no tile {level}/{index}")
        return _root_of(bytes(rows[0][0]))

    def _run(self, sql: str, *values: Any) -> list[Any]:
        found: list[Any] = self._readers.connection().execute(sql, values).fetchall()
        return found


def grouped(root: str) -> str:
    """Hex in groups of four, as people read it out."""
    return " ".join(root[i : i + 4] for i in range(0, len(root), 4))


def cosigners(note: Note, witnesses: list[Key]) -> dict[str, Signature]:
    """The witnesses, by name, whose signature under a note holds."""
    found = {}
    for one in note.signatures:
        for key in witnesses:
            seconds, raw = int.from_bytes(one.raw[:8], "big"), one.raw[8:]
            named = key.kind == WITNESS and (one.name, one.mark) == (key.name, key.mark)
            if named and signed(key.public, cosigned_text(note.text, seconds), raw):
                found[key.name] = one
    return found


def is_signed(note: Note, key: Key) -> bool:
    """Whether the ledger's own key signed a note."""
    return any(
        (one.name, one.mark) == (key.name, key.mark) and signed(key.public, note.text, one.raw)
        for one in note.signatures
    )


@lru_cache(65_536)
def _root_of(hashes: bytes) -> bytes:
    return tile_root(hashes)
