"""One measured figure."""

from __future__ import annotations

import msgspec


class BenchRow(msgspec.Struct):
    """`value` in `unit`; `floor` is the bar it is held to, `ratio` value to yardstick of the same run; `n` measured."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    n: int = 0
    note: str = ""
