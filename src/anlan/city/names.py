"""Spellings of place names made comparable. Pure text; knows no place."""

from __future__ import annotations

import unicodedata
from typing import Final

SUFFIXES: Final = ("街道办事处", "派出所", "街道", "镇", "乡", "区", "市", "县", "所")


def tidy(name: str) -> str:
    """One spelling: half-width letters, no blanks, lower case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).lower()


def stem(name: str) -> str:
    """The name without its kind: 城阳区 and 城阳街道 → 城阳. A name of one character is never left over."""
    for suffix in SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name[: -len(suffix)]
    return name
