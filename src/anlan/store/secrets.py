"""The installation's own keys: the vault's master key and the ledger's signing key, each in a file of its own."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from anlan.store.tree import Sign

KEY_BYTES = 32


def load_or_make(path: Path) -> bytes:
    """The 32 bytes kept at `path`, made when absent; readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
    return path.read_bytes()


def signer(seed: bytes) -> tuple[Sign, bytes]:
    """A signing function and the public key that checks it (raw Ed25519)."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    key_id = sha256(public).hexdigest()[:16]
    return (lambda text: (key_id, private.sign(text))), public


def signed(public: bytes, text: bytes, signature: bytes) -> bool:
    """Whether `signature` is this key's over `text`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except InvalidSignature:
        return False
    return True
