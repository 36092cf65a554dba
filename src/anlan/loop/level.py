"""How sensitive a matter is (一般、敏感、限知). Its flow and its category say so; the graver of the two holds."""

from __future__ import annotations

from typing import Literal

Level = Literal["ordinary", "sensitive", "restricted"]
LEVELS: tuple[Level, ...] = ("ordinary", "sensitive", "restricted")
"""The least sensitive first."""


def graver(one: Level, other: Level) -> Level:
    """The graver of two."""
    return max(one, other, key=LEVELS.index)
