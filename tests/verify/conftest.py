"""Ledgers for the referee: as a store keeps them, and in memory, signed, to be tampered with by the thousand."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import pytest

import anlan_verify
from anlan.loop.ledger import ORIGIN, Checkpoint, leaf_hash, root_of
from anlan.loop.note import LOG, Key, Note, Signature
from anlan.store.secrets import signer
from anlan.store.store import Place, Store
from anlan_verify import Head, Ledger, head_of

NAME = "370202"
AT = 1_790_000_000_000
SIGN, PUBLIC = signer(b"s" * 32)
STOLEN = SIGN
STRANGER, _ = signer(b"x" * 32)


def bodies(count: int, seed: int = 1) -> list[bytes]:
    """Facts of a real one's size, no two alike."""
    rng = random.Random(seed)
    text = '{{"actor":"p{}","at":{},"data":{{"note":"t{:x}"}},"kind":"noted","matter":{},"v":1,"version":{}}}'
    return [
        text.format(rng.randrange(900), AT + i, rng.getrandbits(400), rng.randrange(10**12), i).encode()
        for i in range(count)
    ]


def head(leaves: Sequence[bytes], size: int, at: int = AT, sign: Callable[[bytes], tuple[str, bytes]] = SIGN) -> Head:
    """A signed head over the first `size` leaves, as it would be read."""
    checkpoint = Checkpoint(NAME, size, root_of(leaves[:size]).hex(), at)
    key, text = Key(ORIGIN + NAME, LOG, PUBLIC), checkpoint.signed_text()
    return head_of(Note(text, (Signature(key.name, key.mark, sign(text)[1]),)).to_bytes())


def ledger(entries: Sequence[bytes], sizes: Sequence[int] = ()) -> Ledger:
    """A clean ledger with heads at these sizes and at its end."""
    leaves = [leaf_hash(body) for body in entries]
    heads = [head(leaves, size, AT + size) for size in sorted({*sizes, len(entries)})]
    return Ledger(NAME, len(entries), dict(enumerate(entries)), leaves, heads, [PUBLIC])


def with_entries(clean: Ledger, entries: Sequence[bytes]) -> Ledger:
    """The ledger with other entries, and all else as it was."""
    return Ledger(NAME, clean.size, dict(enumerate(entries)), clean.kept, clean.heads, clean.keys)


@pytest.fixture(autouse=True)
def remembered_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was hashed or checked once is not hashed again: pure functions, a million times."""
    roots = lru_cache(1 << 12)(anlan_verify.roots_at)
    monkeypatch.setattr(anlan_verify, "leaf", lru_cache(1 << 17)(anlan_verify.leaf))
    monkeypatch.setattr(anlan_verify, "roots_at", lambda leaves, sizes: roots(tuple(leaves), tuple(sizes)))
    signed = lru_cache(1 << 12)(anlan_verify.signed_by)
    monkeypatch.setattr(anlan_verify, "signed_by", signed)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose ledgers are written by its own trees, without matters."""
    (tmp_path / "home").mkdir()
    return Store(Place(tmp_path / "home"), secrets=(b"m" * 32, b"s" * 32))


def appended(store: Store, entries: Sequence[bytes], at: int = AT, name: str = NAME) -> None:
    """Put entries on a ledger, in batches of three hundred, and sign its edge."""
    trees, connection = store.writer.trees, store.writer.connection
    for first in range(0, len(entries), 300):
        with connection:
            trees.begin()
            tree = trees.of(name)
            for i, body in enumerate(entries[first : first + 300], first):
                connection.execute(
                    "INSERT INTO facts (ledger, seq, matter, version, body) VALUES (?, ?, ?, ?, ?)",
                    (tree.no, tree.append(body), 1, i + 1, body),
                )
            trees.write(at, checkpoint=True)
