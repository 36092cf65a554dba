"""Reading a table whatever its dress: CSV, gzip, xlsx; UTF-8 with or without BOM, or GB18030. Row by row, numbered.

A book is looked at before it is opened: how large it unpacks, and that none of its parts declares a document type, by
which entities are defined (XXE, billion laughs).
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from anlan.app.encoding import decoded
from anlan.loop.errors import Refused

UNPACKED_MAX = 2 << 30
"""Two GiB: more than that in one file is refused, so that a gzip bomb is not unpacked."""
BOOK_UNPACKED_MAX, BOOK_PARTS_MAX = 256 << 20, 1_000
HEAD_BYTES = 64 * 1024
ROOT = re.compile(rb"<(?:!DOCTYPE|[A-Za-z_])", re.IGNORECASE)
NO_TABLE = (
    csv.Error, BadZipFile, InvalidFileException, SyntaxError, EOFError, zlib.error, OSError, LookupError, ValueError,
    TypeError, AttributeError, ArithmeticError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What readers of tables raise for a file that is none: openpyxl has no error of its own for most of it."""


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines (counted from 1, the header first) and their cells. Raises Refused: load.bad_encoding, load.not_a_table,
    body.too_large."""
    try:
        yield from _book(path) if path.suffix == ".xlsx" else _lines(path)
    except FileNotFoundError:
        raise
    except NO_TABLE:
        raise Refused("load.not_a_table", file=path.name) from None


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(decoded(_unpacked(path)), newline=""), strict=True)
    begins = 1
    for cells in reader:
        yield begins, cells
        begins = reader.line_num + 1


def _book(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open("rb") as file:
        _checked(path.name, file)
        with redirect_stdout(sys.stderr):  # openpyxl prints what is amiss with a style
            sheet = load_workbook(file, read_only=True, data_only=True).worksheets[0]
        for line, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            yield line, ["" if cell is None else str(cell) for cell in cells]


def _checked(name: str, packed: BinaryIO) -> None:
    with ZipFile(packed) as book:
        parts = book.infolist()
        length = sum(part.file_size for part in parts)
        if length > BOOK_UNPACKED_MAX or len(parts) > BOOK_PARTS_MAX:
            raise Refused("body.too_large", length=length, length_max=BOOK_UNPACKED_MAX)
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                with book.open(part) as one:
                    head = one.read(HEAD_BYTES)
                root = ROOT.search(head)
                if root is None or root[0].upper() == b"<!DOCTYPE" or b"\x00" in head[:4]:
                    raise Refused("load.not_a_table", file=name)
    packed.seek(0)


def _unpacked(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    with gzip.open(path) as file:
        raw = file.read(UNPACKED_MAX + 1)
    if len(raw) > UNPACKED_MAX:
        raise Refused("body.too_large", length=len(raw), length_max=UNPACKED_MAX)
    return raw
