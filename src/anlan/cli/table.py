"""Reading a table whatever its dress: CSV, gzip, xlsx; UTF-8 with or without BOM, or GB18030. Row by row, numbered."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

from openpyxl import load_workbook

from anlan.app.encoding import decoded
from anlan.loop.errors import Refused

UNPACKED_MAX = 2 << 30
"""Two GiB: more than that in one file is refused, so that a gzip bomb is not unpacked."""


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines (counted from 1, the header first) and their cells. Raises Refused for an encoding nobody knows."""
    if path.suffix == ".xlsx":
        sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
        for line, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            yield line, ["" if cell is None else str(cell) for cell in cells]
        return
    raw = _unpacked(path)
    reader = csv.reader(io.StringIO(decoded(raw), newline=""), strict=True)
    begins = 1
    for cells in reader:
        yield begins, cells
        begins = reader.line_num + 1


def _unpacked(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    with gzip.open(path) as file:
        raw = file.read(UNPACKED_MAX + 1)
    if len(raw) > UNPACKED_MAX:
        raise Refused("body.too_large", length=len(raw), length_max=UNPACKED_MAX)
    return raw
