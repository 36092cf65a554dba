"""Export: the list that is on screen, as CSV or XLSX. That it left the house is put on the ledger first.

It holds what the list shows: redacted titles, staff by number, no names, no telephones; only what its reader may see.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from anlan.app import look
from anlan.app.world import year_of
from anlan.loop.errors import Refused
from anlan.loop.matter import shown
from anlan.loop.working_calendar import minute_of
from anlan.store.commit import Commit
from anlan.store.read import PAGE_MAX, Row, Shape
from anlan.web.queue import asked, views
from anlan.web.visit import HEADERS, Visit

ROWS_MAX = 5_000
COLUMNS = ("number", "title", "state", "unit", "officer", "category", "district", "channel", "opened", "due", "closed")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@get("/queue/export/{form:str}")
async def export(request: Request[Any, Any, Any], form: FromPath[str]) -> Response[bytes]:
    """The whole list that the address asks for, not one page of it. Over ROWS_MAX it is refused, not cut."""
    visit = Visit(request)
    if form not in TYPES:
        raise Refused("field.not_an_option", field="form", options=", ".join(TYPES))
    view, shape = asked(visit, views(visit))
    rows = _rows(visit, msgspec.structs.replace(shape, after=None, limit=PAGE_MAX))
    world, now = visit.world, visit.world.clock()
    said = {"purpose": "export", "what": "list", "rows": len(rows), "view": view, "form": form}
    reading = (int(world.ledger), world.ledger, ("read", said))
    await world.store.writer.write(Commit(at=now, actor=visit.actor.id, year=year_of(now), readings=[reading]))
    lines = [[visit.t(f"export.{column}") for column in COLUMNS], *(_cells(visit, row) for row in rows)]
    name = f"anlan-{view}-{visit.times.stamp(visit.now).replace(' ', '-').replace(':', '')}.{form}"
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(lines) if form == "csv" else as_xlsx(lines), media_type=TYPES[form], headers=headers)


def as_csv(lines: list[list[str]]) -> bytes:
    """With the mark that tells a spreadsheet it is UTF-8; a cell that would be read as a formula is quoted as text."""
    text = io.StringIO()
    csv.writer(text).writerows([[plain(cell) for cell in line] for line in lines])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(lines: list[list[str]]) -> bytes:
    """Every cell is text, the first row bold and frozen."""
    from openpyxl import Workbook  # noqa: PLC0415 - a tenth of a second of every start, for this alone
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - the same
    from openpyxl.styles import Font  # noqa: PLC0415 - the same

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Anlan")
    sheet.freeze_panes = "A2"
    for n, line in enumerate(lines):
        cells = [WriteOnlyCell(sheet, value=plain(cell)) for cell in line]
        for cell in cells if n == 0 else ():
            cell.font = Font(bold=True)
        sheet.append(cells)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def plain(cell: str) -> str:
    """A cell's text, quoted when a spreadsheet would read it as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _rows(visit: Visit, shape: Shape) -> list[Row]:
    found = list(_pages(visit, shape))
    if len(found) > ROWS_MAX:
        raise Refused("export.too_many", rows_max=ROWS_MAX)
    return found


def _pages(visit: Visit, shape: Shape) -> Iterator[Row]:
    taken = 0
    while taken <= ROWS_MAX:
        rows = look.rows(visit.world, visit.actor, shape)
        yield from rows
        taken += len(rows)
        if len(rows) < shape.limit:
            return
        shape = msgspec.structs.replace(shape, after=shape.after_row(rows[-1]))


def _title(visit: Visit, row: Row) -> str:
    """What a sensitive matter is about does not leave the house in words: its category does."""
    ordinary = visit.world.level_of(row.matter) == "ordinary"
    return row.title if ordinary else visit.names.category(row.matter.category)


def _cells(visit: Visit, row: Row) -> list[str]:
    matter, names, times = row.matter, visit.names, visit.times
    due = matter.due_minute(visit.world.flow_of(matter).stage(matter.stage).clock)
    return [
        shown(matter.number), _title(visit, row), names.word(matter, f"stage.{matter.stage}"),
        names.unit(matter.lead) if matter.lead else "", matter.officer, names.category(matter.category),
        names.area(matter.district) if matter.district else "", names.channel(matter.channel),
        times.stamp(minute_of(matter.opened_at)), times.stamp(due) if due is not None else "",
        times.stamp(minute_of(matter.closed_at)) if matter.closed_at else "",
    ]  # fmt: skip
