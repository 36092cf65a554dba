"""A report as a workbook: the whole on one sheet, the groups on a second, the formulas on a third. Numbers are numbers;
a text that a spreadsheet would read as a formula is quoted (`export.plain`)."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

from anlan.web.export import plain
from anlan.web.report_words import Cell, Paper

SHEET_NAME_MAX = 31
COUNT, SHARE = "#,##0", "0.0%"


def xlsx(paper: Paper) -> bytes:
    """The workbook's bytes."""
    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator = paper.title, paper.installation
    _totals(book, paper)
    _groups(book, paper)
    sheet = _sheet(book, paper.formulas, (24, 80))
    for one in paper.totals:
        sheet.append([_text(sheet, one.name), _text(sheet, one.formula)])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _totals(book: Any, paper: Paper) -> None:
    sheet = _sheet(book, paper.title, (24, 14, 14, 18, 22, 70))
    sheet.append([_text(sheet, paper.title, bold=True)])
    for line in (paper.installation, *paper.about):
        sheet.append([_text(sheet, line)])
    sheet.append([])
    sheet.append([_text(sheet, head, bold=True) for head in (*paper.heads, paper.formulas)])
    for one in paper.totals:
        sheet.append([
            _text(sheet, one.name), _number(sheet, one.now), _number(sheet, one.then),
            *(_text(sheet, text) for text in (one.change, one.parts, one.formula)),
        ])  # fmt: skip
    sheet.append([])
    sheet.append([_text(sheet, paper.foot)])


def _groups(book: Any, paper: Paper) -> None:
    """A row for each group; for each measure its figure and that of the year before."""
    sheet = _sheet(book, paper.by, (28, *[13] * (2 * len(paper.totals))))
    sheet.freeze_panes = "B2"
    heads = [text for one in paper.totals for text in (one.name, f"{one.name} · {paper.heads[2]}")]
    sheet.append([_text(sheet, text, bold=True) for text in (paper.by, *heads)])
    for name, figures in paper.groups:
        sheet.append([_text(sheet, name), *(_number(sheet, cell) for one in figures for cell in (one.now, one.then))])
    if not paper.groups:
        sheet.append([_text(sheet, paper.empty)])


def _sheet(book: Any, title: str, widths: tuple[int, ...]) -> Any:
    safe = "".join(" " if c in "[]:*?/\\" else c for c in title).strip("' ")[:SHEET_NAME_MAX] or "Anlan"
    sheet = book.create_sheet(safe)
    for i, width in enumerate(widths):
        sheet.column_dimensions[_letter(i)].width = width
    return sheet


def _letter(i: int) -> str:
    return chr(65 + i) if i < 26 else chr(64 + i // 26) + chr(65 + i % 26)


def _text(sheet: Any, text: str, *, bold: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, value=plain(text))
    cell.font = Font(bold=bold)
    return cell


def _number(sheet: Any, of: Cell) -> Any:
    if of.number is None:
        cell = _text(sheet, of.text)
        cell.alignment = Alignment(horizontal="right")
        return cell
    cell = WriteOnlyCell(sheet, value=of.number)
    cell.number_format = SHARE if of.is_share else COUNT
    return cell
