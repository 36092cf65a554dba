"""Whatever bytes come as a table, they are rows or refused by a code: no other error, no hang, no bomb unpacked."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from tests.fuzz.mutate import bytes_like, run

from anlan.cli import table
from anlan.cli.mapping import Mapping, Time
from anlan.loop.errors import Refused

NOW = 1_795_492_800_000
HEADER = ["编号", "标题", "内容", "时间", "经度", "纬度", "电话"]
PARTS = ("outside_id", "title", "text", "opened_at", "lon", "lat", "phone")
MAPPING = Mapping(dict(zip(PARTS, HEADER, strict=True)), Time("%Y-%m-%d %H:%M:%S", "Asia/Shanghai"))
ROW = ["1", "路灯不亮", '路灯不亮三天了，"晚上"看不见', "2026-11-20 08:00:00", "120.38", "36.07", "13812345678"]


def as_csv() -> bytes:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in (HEADER, ROW, ROW)]
    return "\r\n".join(quoted).encode()


def as_xlsx() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (HEADER, ROW, ROW):
        sheet.append(line)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def read(path: Path, raw: bytes) -> str:
    """What becomes of a file: every row read and mapped, or refused."""
    path.write_bytes(raw)
    try:
        lines = table.rows(path)
        _, header = next(lines, (1, []))
        for _, cells in lines:
            row = dict(zip(header, cells, strict=False))
            try:
                MAPPING.intake(dict.fromkeys(MAPPING.names(), "") | row, "import", NOW)
            except Refused as refused:
                return f"row {refused.code}"
    except Refused as refused:
        return refused.code
    return "read"


def test_what_the_mutations_begin_with_is_read(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", as_csv()) == read(tmp_path / "a.xlsx", as_xlsx()) == "read"


def test_any_bytes_as_csv(tmp_path: Path, show: Callable[[str], None]) -> None:
    seeds = [as_csv(), as_csv().decode().encode("gb18030"), b"\xef\xbb\xbf" + as_csv()]

    def once(dice: random.Random) -> str:
        return read(tmp_path / "a.csv", bytes_like(dice, dice.choice(seeds)))

    assert run("csv", once, show)


@pytest.mark.filterwarnings("ignore::UserWarning")  # openpyxl's, of parts it does without
def test_any_bytes_as_xlsx(tmp_path: Path, show: Callable[[str], None]) -> None:
    seed = as_xlsx()

    def once(dice: random.Random) -> str:
        return read(tmp_path / "a.xlsx", _packed(dice, seed) if dice.random() < 0.7 else bytes_like(dice, seed))

    assert run("xlsx", once, show)


def _packed(dice: random.Random, seed: bytes) -> bytes:
    """The book with one of its parts mutated, packed properly."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(seed)) as book, zipfile.ZipFile(target, "w") as made:
        names = book.namelist()
        broken = dice.choice(names)
        for name in names:
            made.writestr(name, bytes_like(dice, book.read(name)) if name == broken else book.read(name))
    return target.getvalue()


ENTITIES = (
    b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx">' + b"".join(
        f'<!ENTITY x{n} "{f"&x{n - 1 if n else str()};" * 10}">'.encode() for n in range(9)
    ) + b"]>",
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">',
)  # fmt: skip


@pytest.mark.parametrize("declared", ENTITIES, ids=["laughs", "file", "outside"])
@pytest.mark.parametrize(
    "part",
    [
        "xl/worksheets/sheet1.xml",
        "xl/workbook.xml",
        "xl/styles.xml",
        "[Content_Types].xml",
        "xl/_rels/workbook.xml.rels",
    ],
)
def test_a_book_that_declares_entities_is_refused(tmp_path: Path, declared: bytes, part: str) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_xlsx())) as book, zipfile.ZipFile(target, "w") as made:
        for name in book.namelist():
            raw = book.read(name)
            made.writestr(name, declared + raw.split(b"?>", 1)[-1] if name == part else raw)
    assert read(tmp_path / "a.xlsx", target.getvalue()) == "load.not_a_table"


def test_a_book_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
            with made.open(name, "w", force_zip64=True) as part:
                for _ in range(130):
                    part.write(b"a" * (1 << 20))
    raw = target.getvalue()
    assert len(raw) < 4 << 20
    assert read(tmp_path / "a.xlsx", raw) == "body.too_large"


def test_a_book_that_lies_about_its_size_is_not_unpacked_further(tmp_path: Path) -> None:
    """The directory says a few bytes, the part holds many: reading stops where the directory said."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/workbook.xml", b"a" * (8 << 20))
    raw = bytearray(target.getvalue())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (5).to_bytes(4, "little")
    assert read(tmp_path / "a.xlsx", bytes(raw)) == "load.not_a_table"


def test_a_book_with_a_style_that_is_none_is_refused_without_a_word(tmp_path: Path, capsys: Any) -> None:
    """Standard output is for a command's own answer."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_xlsx())) as book, zipfile.ZipFile(target, "w") as made:
        for name in book.namelist():
            made.writestr(name, book.read(name).replace(b'xfId="0"', b'xfId="9"'))
    assert read(tmp_path / "a.xlsx", target.getvalue()) == "load.not_a_table"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("raw", [b'"a', b'a\n"b', b"a" * 200_000, b"\xff\xff\xff", b"\x1f\x8bnonsense"])
def test_what_is_no_table_is_said_so(tmp_path: Path, raw: bytes) -> None:
    for ending in ("csv", "csv.gz", "xlsx"):
        assert read(tmp_path / f"a.{ending}", raw) in {"load.not_a_table", "load.bad_encoding", "read"}
