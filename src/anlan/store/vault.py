"""The vault: personal data as ciphertext, one data key per person or text, each wrapped by a master key kept elsewhere.

AES-256-GCM with a random 96-bit nonce; what is sealed is bound to its own id (associated data), so that boxes cannot be
swapped. An exact look-up (a telephone number) goes by a keyed blind index (HMAC-SHA-256). Erasing destroys the wrapped
key and everything derived from the text; the ledger, which holds only ids, still verifies.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from anlan.loop.errors import Broken
from anlan.store.commit import Commit, Sealed
from anlan.store.database import Readers

ALGORITHM = b"\x01"
"""First byte of every box: 1 is AES-256-GCM; a national profile (SM4-GCM) would be another."""
NONCE_BYTES = 12
Random = Callable[[int], bytes]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Vault:
    """Seals into a commit; opens from the database. `random` gives key and nonce bytes."""

    def __init__(self, readers: Readers, keys: Readers, master: bytes, random: Random = os.urandom) -> None:
        self._readers, self._keys, self._random = readers, keys, random
        self._master = AESGCM(hmac.digest(master, b"anlan wrap", sha256))
        self._blind = hmac.new(hmac.digest(master, b"anlan blind", sha256), digestmod=sha256)
        self._code = hmac.new(hmac.digest(master, b"anlan code", sha256), digestmod=sha256)

    def new_id(self, prefix: str, at: int) -> str:
        """A fresh id, ordered by time: prefix, 11 hex digits of milliseconds, 12 random ones."""
        return f"{prefix}{at:011x}{self._random(6).hex()}"

    def seal(self, commit: Commit, key_id: str, boxes: Iterable[tuple[str, Any]]) -> None:
        """Add a new key and the boxes (id, plain value) it seals to a commit."""
        key = self._random(32)
        commit.keys.append((key_id, self._wrap(key_id, key)))
        self._boxes(commit, key_id, key, boxes)

    def seal_file(self, commit: Commit, key_id: str, about: Any, parts: dict[str, bytes]) -> dict[str, bytes]:
        """Add a new key and what is said about a file to a commit; answers the file's parts, sealed, for the disk."""
        key = self._random(32)
        commit.keys.append((key_id, self._wrap(key_id, key)))
        self._boxes(commit, key_id, key, [(key_id, about)])
        cipher = AESGCM(key)
        return {part: self._encrypt(cipher, f"{key_id} {part}", plain) for part, plain in parts.items()}

    def open_file(self, key_id: str, part: str, sealed: bytes) -> bytes | None:
        """One part of a file; None when its key was erased. The caller has put the reading on the ledger first."""
        key = self._key(key_id)
        return None if key is None else self._decrypt(AESGCM(key), f"{key_id} {part}", sealed)

    def open(self, ids: Iterable[str]) -> dict[str, Any]:
        """The plain values by id; an erased one is absent. The caller has put the reading on the ledger first."""
        wanted = [i for i in ids if i]
        marks = ", ".join("?" * len(wanted))
        rows = self._readers.connection().execute(f"SELECT id, key, box FROM sealed WHERE id IN ({marks})", wanted)
        opened: dict[str, Any] = {}
        for box_id, key_id, box in rows.fetchall():
            key = self._key(key_id)
            if key is not None:
                opened[box_id] = _decode(self._decrypt(AESGCM(key), box_id, box))
        return opened

    def blind(self, value: str) -> bytes:
        """The keyed fingerprint under which an exact value can be found again."""
        return _mark(self._blind, value)

    def code_mark(self, code: str) -> bytes:
        """What is kept of a reporter's follow code."""
        return _mark(self._code, code)

    def party_of(self, blind: bytes) -> str | None:
        """The party known under this blind index (of a telephone number), if any."""
        row = self._readers.connection().execute("SELECT id FROM parties WHERE blind = ?", (blind,)).fetchone()
        return str(row[0]) if row else None

    def sealed_by_master(self, bound_to: str, plain: bytes) -> bytes:
        """A secret of the installation itself, such as an account's second factor."""
        return self._encrypt(self._master, bound_to, plain)

    def opened_by_master(self, bound_to: str, box: bytes) -> bytes:
        """The inverse of `sealed_by_master`. Raises Broken for another's box."""
        return self._decrypt(self._master, bound_to, box)

    def unsealed(self, bound_to: str, box: bytes) -> bytes | None:
        """As `opened_by_master`, for a box that was out of the house: None for one that is not ours or not so bound."""
        try:
            return self.opened_by_master(bound_to, box)
        except Broken:
            return None

    def _wrap(self, key_id: str, key: bytes) -> bytes:
        return self._encrypt(self._master, key_id, key)

    def _key(self, key_id: str) -> bytes | None:
        row = self._keys.connection().execute("SELECT wrapped FROM keys WHERE id = ?", (key_id,)).fetchone()
        return self._decrypt(self._master, key_id, row[0]) if row else None

    def _boxes(self, commit: Commit, key_id: str, key: bytes, boxes: Iterable[tuple[str, Any]]) -> None:
        cipher = AESGCM(key)
        commit.sealed += [Sealed(i, key_id, self._encrypt(cipher, i, _encode(value))) for i, value in boxes]

    def _encrypt(self, cipher: AESGCM, bound_to: str, plain: bytes) -> bytes:
        nonce = self._random(NONCE_BYTES)
        return ALGORITHM + nonce + cipher.encrypt(nonce, plain, bound_to.encode())

    def _decrypt(self, cipher: AESGCM, bound_to: str, box: bytes) -> bytes:
        if box[:1] != ALGORITHM:
            raise Broken(f"{bound_to}: unknown algorithm {box[0]}")
        try:
            return cipher.decrypt(box[1 : 1 + NONCE_BYTES], box[1 + NONCE_BYTES :], bound_to.encode())
        except (InvalidTag, ValueError):  # a wrong seal, or too short to have one
            raise Broken(f"{bound_to} does not open with its key") from None


def _mark(keyed: hmac.HMAC, value: str) -> bytes:
    """16 bytes of HMAC-SHA-256 under a key that was prepared once."""
    mark = keyed.copy()
    mark.update(value.encode())
    return mark.digest()[:16]
