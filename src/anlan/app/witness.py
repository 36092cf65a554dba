"""A witness: a second party with its own key and its own memory, who signs a head only when it continues the last.

It fetches the head and the tiles it needs, works out both roots itself, remembers, and only then signs. Whoever asks it
cannot make it sign a fork or a shrink, for it does not forget.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from anlan.loop.errors import Refused
from anlan.loop.ledger import HASH_BYTES, ORIGIN, Checkpoint
from anlan.loop.note import LOG, WITNESS, Key, checkpoint_of, cosignature, cosigned_text, note_of
from anlan.loop.proof import consistency_proof, consistent, root_at, tile_nodes, tile_path
from anlan.store.heads import is_signed
from anlan.store.publish import written
from anlan.store.secrets import load_or_make, signer

Fetch = Callable[[str], bytes]
"""A path below the published ledgers → its bytes. Raises OSError."""


class Witness:
    """One witness. `folder` holds its key (`witness.key`) and what it remembers of each ledger."""

    def __init__(self, name: str, folder: Path, log_public: bytes) -> None:
        self._folder, self._log = folder, log_public
        self._sign, public = signer(load_or_make(folder / "witness.key"))
        self.key = Key(name, WITNESS, public)

    def look(self, ledger: str, fetch: Fetch, seconds: int) -> tuple[Checkpoint, bytes]:
        """Check a ledger's newest head and sign it; answers the head, and the note with our line alone.

        Raises Refused: ledger.not_ours (not signed by its key), ledger.behind, ledger.forked, ledger.not_a_note.
        """
        note = note_of(fetch(f"{ledger}/checkpoint"))
        head = checkpoint_of(note.text)
        if head.ledger != ledger or not is_signed(note, Key(ORIGIN + ledger, LOG, self._log)):
            raise Refused("ledger.not_ours", ledger=ledger, size=head.size)
        before = self.remembered(ledger)
        _check(before, head, fetch)
        if before is None or head.size > before.size:
            written(self._memory(ledger), msgspec.json.encode(head))
        _, signature = self._sign(cosigned_text(note.text, seconds))
        line = cosignature(self.key, seconds, signature)
        return head, msgspec.structs.replace(note, signatures=(line,)).to_bytes()

    def remembered(self, ledger: str) -> Checkpoint | None:
        """The newest head this witness has signed; None for none."""
        try:
            return msgspec.json.decode(self._memory(ledger).read_bytes(), type=Checkpoint)
        except FileNotFoundError:
            return None

    def _memory(self, ledger: str) -> Path:
        return self._folder / f"{ledger}.json"


def _check(before: Checkpoint | None, head: Checkpoint, fetch: Fetch) -> None:
    def tile(level: int, index: int, width: int) -> bytes:
        found = fetch(f"{head.ledger}/tile/{tile_path(level, index, width)}")
        if len(found) != width * HASH_BYTES:
            raise LookupError(f"tile {level}/{index}")
        return found

    size = before.size if before else 0
    said = {"ledger": head.ledger, "size": head.size, "at": str(head.at)}
    if before and size > head.size:
        raise Refused("ledger.behind", **said, published=size)
    node, root = tile_nodes(tile, head.size), bytes.fromhex(head.root)
    try:
        if root_at(node, head.size) != root:
            raise Refused("ledger.forked", **said)
        if before and not consistent(
            size, bytes.fromhex(before.root), head.size, root, consistency_proof(node, size, head.size)
        ):
            raise Refused("ledger.forked", **said)
    except (LookupError, OSError):
        raise Refused("ledger.tiles_missing", ledger=head.ledger, size=head.size) from None
