"""Seeded mutations of bytes and of plain data, and a run that counts them. The seed and the number name an input."""

from __future__ import annotations

import copy
import faulthandler
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

EACH = int(os.environ.get("ANLAN_TEST_FUZZ", "2000"))
"""Inputs per surface; `make torture` takes a million."""
HANG_SECONDS = 60
SEED = 968110
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, -(2**63), 2**64, 10**400, 0.5, -0.0, 1e308, float("inf"),
    float("nan"), "", " ", "0", "-1", "null", "true", "a" * 5_000, "\x00", "\ud800", "\u202e", "\ufeff", "é", "𝕏",
    "😀" * 50, "'; DROP TABLE facts", '"', "\\", "../../etc/passwd", "=1+1", "%s%n", "{0}", "{{7*7}}", "<script>",
    "\r\n", "\x1b[2J", "NEAR(a b)", "a*", '"*"', [], [[]], {}, {"": {}}, {"a": 1}, [1] * 1_000, {"$ref": "#"},
    "2026-02-30", "25:61", "９９", "١٢",
)  # fmt: skip
CHUNKS = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"\n", b"\r", b",", b";", b"{", b"}", b"[", b"]", b"\\u0000",
    b"1e999", b"-0", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"PK\x03\x04", b"\x80" * 9, b"\xf0\x9f\x98\x80",
    "号".encode(), "号".encode("gb18030"),
)  # fmt: skip


def bytes_like(dice: random.Random, seed: bytes) -> bytes:
    """A few cuts, flips, copies and odd chunks."""
    data = bytearray(seed)
    for _ in range(dice.choice((1, 1, 2, 4, 8))):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(5):
            case 0 if data:
                data[at % len(data)] ^= 1 << dice.randrange(8)
            case 1:
                del data[at : at + dice.choice((1, 2, 16, 200))]
            case 2:
                data[at:at] = data[at : at + dice.choice((1, 8, 64))]
            case 3:
                data[at:at] = dice.choice(CHUNKS)
            case _:
                data[at : at + 1] = bytes([dice.randrange(256)])
    return bytes(data)


def data_like(dice: random.Random, seed: Any) -> Any:
    """The same shape with a few parts replaced, dropped, doubled, renamed or exchanged."""
    data = copy.deepcopy(seed)
    for _ in range(dice.choice((1, 1, 2, 3))):
        places = list(_places(data))
        if not places:
            return dice.choice(ODD)
        holder, key = dice.choice(places)
        match dice.randrange(5):
            case 0 | 1:
                holder[key] = copy.deepcopy(dice.choice(ODD))
            case 2:
                del holder[key]
            case 3 if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case 3:
                holder[str(dice.choice(ODD))] = holder.pop(key)
            case _:
                other, there = dice.choice(places)
                holder[key] = copy.deepcopy(other[there]) if _has(other, there) else None
    return data


def text_like(dice: random.Random, seed: str) -> str:
    """A text with odd parts put in, or made of odd parts alone."""
    parts = [str(dice.choice(ODD)) for _ in range(dice.randrange(1, 4))]
    parts += [chr(dice.choice((dice.randrange(0x20, 0x7F), dice.randrange(0x4E00, 0x9FFF), dice.randrange(0x110000))))]
    at = dice.randrange(len(seed) + 1)
    return dice.choice((seed[:at] + "".join(parts) + seed[at:], "".join(parts), seed[at:] + parts[0]))


def run(name: str, once: Callable[[random.Random], str], show: Callable[[str], None]) -> dict[str, int]:
    """`EACH` inputs; `once` answers what each came to, and raises on what must not be. Tells the speed."""
    came_to: dict[str, int] = {}
    began = time.perf_counter()
    for n in range(EACH):
        if n % 200 == 0:
            faulthandler.dump_traceback_later(HANG_SECONDS, exit=True, file=sys.__stderr__)
        try:
            kind = once(random.Random(SEED * 10**9 + n))
        except Exception as error:
            raise AssertionError(f"{name}: input {n} of seed {SEED}: {type(error).__name__}: {error}"[:500]) from error
        came_to[kind] = came_to.get(kind, 0) + 1
    faulthandler.cancel_dump_traceback_later()
    seconds = time.perf_counter() - began
    most = dict(sorted(came_to.items(), key=lambda one: -one[1])[:6])
    show(f"fuzz {name}: {EACH} inputs, {EACH / seconds:.0f} /s, {most}")
    return came_to


def _places(data: Any) -> Any:
    if isinstance(data, dict):
        for key, value in data.items():
            yield data, key
            yield from _places(value)
    elif isinstance(data, list):
        for key, value in enumerate(data):
            yield data, key
            yield from _places(value)


def _has(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)
