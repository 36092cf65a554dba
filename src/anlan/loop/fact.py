"""A fact: one thing that happened, as it stands on the ledger. Encoded once, canonically; never edited afterwards.

The encoding is RFC 8785 (JSON Canonicalization Scheme) restricted to ASCII keys, integers below 2**53 and no floats,
which is what msgspec's sorted encoder writes. The *stored bytes* are what is hashed; nothing re-encodes them.
Facts carry ids, never names, telephone numbers or free text: those live in the vault.
"""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.loop.upcast import UPCASTERS, upcast

INT_MAX = 2**53 - 1


class Fact(msgspec.Struct, frozen=True, omit_defaults=False):
    """`kind` is a past participle; `v` its form; `version` counts the matter's own facts from 1 (0: not part of its
    state, such as a reading); `at` is UTC milliseconds; `actor` an account's id."""

    kind: str
    matter: int
    version: int
    at: int
    actor: str
    data: dict[str, Any]
    v: int = 1


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Fact)


def encode(fact: Fact) -> bytes:
    """The fact's canonical bytes."""
    return _encoder.encode(fact)


def decode(body: bytes) -> Fact:
    """The fact whose bytes these are, in today's form. Raises msgspec.DecodeError on anything else."""
    fact = _decoder.decode(body)
    if not UPCASTERS:
        return fact
    form, data = upcast(fact.kind, fact.v, fact.data)
    return msgspec.structs.replace(fact, v=form, data=data)


def whole(text: str) -> int | None:
    """The whole number, from 0 to INT_MAX, that a text spells in ASCII digits; None for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(INT_MAX))):
        return None
    return number if (number := int(text)) <= INT_MAX else None


def uncanonical(value: Any, path: str = "") -> str | None:
    """Where a value breaks the encoding's rules (a float, a large integer, a non-ASCII key), or None."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return None
    if isinstance(value, int):
        return None if abs(value) <= INT_MAX else path
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                return f"{path}.{key}"
            if found := uncanonical(inner, f"{path}.{key}"):
                return found
        return None
    if isinstance(value, list | tuple):
        return next((found for i, inner in enumerate(value) if (found := uncanonical(inner, f"{path}[{i}]"))), None)
    return path or "."
