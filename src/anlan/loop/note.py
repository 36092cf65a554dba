"""Signed notes: the text form in which checkpoints leave the house (C2SP signed-note and its kin).

Pure: builds and reads the text; nothing here signs. A key is known by its name and the first four bytes of a hash over
name, kind and public key.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import sha256

import msgspec

from anlan.loop.errors import Refused
from anlan.loop.ledger import ORIGIN, Checkpoint

LOG, WITNESS = 1, 4
"""Ed25519 over the note's text; Ed25519 over a moment and the text (cosignature/v1)."""
NOTE_BYTES_MAX = 16_384
SIZE_MAX = 2**53 - 1


class Key(msgspec.Struct, frozen=True):
    """A public key as it is handed on: its name, kind (LOG, WITNESS) and 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def mark(self) -> bytes:
        """The four bytes that stand before its signatures."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def text(self) -> str:
        """name+mark+key, as C2SP writes verifier keys."""
        return f"{self.name}+{self.mark.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"


class Signature(msgspec.Struct, frozen=True):
    """One signature line: whose, and the bytes after the mark."""

    name: str
    mark: bytes
    raw: bytes

    def line(self) -> str:
        """The line as it stands under the note."""
        return f"— {self.name} {b64encode(self.mark + self.raw).decode()}\n"


class Note(msgspec.Struct, frozen=True):
    """A text and the signatures under it."""

    text: bytes
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """The whole note."""
        return self.text + b"\n" + "".join(signature.line() for signature in self.signatures).encode()


def key_of(text: str) -> Key:
    """The key whose `text` this is. Raises Refused("ledger.not_a_key")."""
    try:
        name, mark, coded = text.strip().split("+", 2)
        raw = b64decode(coded, validate=True)
        key = Key(name, raw[0], raw[1:])
    except (ValueError, IndexError, NotBase64):
        raise Refused("ledger.not_a_key") from None
    if not name or key.kind not in {LOG, WITNESS} or len(key.public) != 32 or key.mark.hex() != mark:
        raise Refused("ledger.not_a_key")
    return key


def note_of(raw: bytes) -> Note:
    """The note these bytes are. Raises Refused("ledger.not_a_note")."""
    text, parted, under = raw.rpartition(b"\n\n")
    if len(raw) > NOTE_BYTES_MAX or not parted or not under.endswith(b"\n"):
        raise Refused("ledger.not_a_note")
    try:
        return Note(text + b"\n", tuple(_signature(line) for line in under.decode().splitlines()))
    except (ValueError, NotBase64):
        raise Refused("ledger.not_a_note") from None


def checkpoint_of(text: bytes) -> Checkpoint:
    """The checkpoint a note's text is. Raises Refused("ledger.not_a_note") for anything else, however signed."""
    try:
        origin, size, root, at = text.decode("ascii").removesuffix("\n").split("\n")
        found = Checkpoint(origin.removeprefix(ORIGIN), int(size), b64decode(root).hex(), int(at.removeprefix("at ")))
    except (ValueError, NotBase64):
        raise Refused("ledger.not_a_note") from None
    if found.signed_text() != text or not 0 < found.size <= SIZE_MAX or len(found.root) != 64:
        raise Refused("ledger.not_a_note")
    return found


def cosigned_text(text: bytes, seconds: int) -> bytes:
    """The bytes a witness signs: the moment it looked (UTC seconds) and the note's text."""
    return b"cosignature/v1\ntime %d\n" % seconds + text


def cosignature(key: Key, seconds: int, signature: bytes) -> Signature:
    """A witness's line: its moment, then its signature."""
    return Signature(key.name, key.mark, seconds.to_bytes(8, "big") + signature)


def _signature(line: str) -> Signature:
    dash, name, coded = line.split(" ")
    raw = b64decode(coded, validate=True)
    if dash != "—" or not name or len(raw) < 68:
        raise ValueError(line)
    return Signature(name, raw[:4], raw[4:])
