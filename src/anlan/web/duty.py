"""A unit's duty roster: seen, written, copied from the week before, taken out as CSV and brought in again.

What is copied or brought in only fills the form: nothing is written before somebody has looked and pressed save.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Template

from anlan.app import duties
from anlan.app.duties import WEEK, Cells, Week
from anlan.app.encoding import decoded
from anlan.city.shifts import Shift
from anlan.loop.errors import Refused
from anlan.loop.fact import whole
from anlan.loop.working_calendar import DAY
from anlan.web.export import as_csv
from anlan.web.timing import EPOCH
from anlan.web.units import shift_name, unit_of
from anlan.web.visit import HEADERS, Visit

CSV_BYTES_MAX = 256 * 1024
COLUMNS = ("date", "shift", "number", "lead")


class Cell(msgspec.Struct, frozen=True):
    """One shift of one day: the field's name, what stands in it, and its people in words."""

    field: str
    text: str
    people: list[str]


class Day(msgspec.Struct, frozen=True):
    """A row of the roster."""

    label: str
    is_today: bool
    cells: list[Cell]


@get("/units/{key:str}/duty")
async def roster(request: Request[Any, Any, Any], key: FromPath[str]) -> Template:
    """The week that `week` is in; `copy` fills the form from the week before."""
    visit = Visit(request)
    unit_of(visit, key)
    week = duties.week(visit.world, key, _monday(visit))
    if request.query_params.get("copy"):
        return _page(visit, week, _copied(visit, week), note=visit.t("duty.copied"))
    return _page(visit, week, week.cells)


@post("/units/{key:str}/duty", status_code=200)
async def save(request: Request[Any, Any, Any], key: FromPath[str]) -> Response[Any]:
    """The week as it was typed. What is wrong with it is told, and the form keeps every word."""
    visit = Visit(request)
    form = {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}
    monday = _whole(form, "monday")
    seen = Week(key, monday, _whole(form, "version"), {})
    cells = typed(visit, monday, form)
    try:
        commit = duties.set_week(visit.world, visit.actor, seen, cells)
        await visit.world.store.writer.write(commit)
    except Refused as refused:
        if refused.code == "access.denied":
            raise
        wrong = duties.problems(visit.world, key, monday, cells) or [refused]
        return _page(visit, seen, cells, [said(visit, one) for one in wrong])
    return Redirect(f"/units/{key}/duty?week={_date(monday)}&saved=yes", status_code=303)


@get("/units/{key:str}/duty/csv")
async def take_out(request: Request[Any, Any, Any], key: FromPath[str]) -> Response[bytes]:
    """The week as a table: a line for each person of each shift."""
    visit = Visit(request)
    unit_of(visit, key)
    week = duties.week(visit.world, key, _monday(visit))
    lines = [[visit.t(f"duty.csv_{column}") for column in COLUMNS]]
    for (day, shift), officers in sorted(week.cells.items(), key=lambda one: (one[0][0], _order(visit, one[0][1]))):
        lines += [
            [str(_date(day)), shift_name(visit, shift), officer, visit.t("duty.yes") if not place else ""]
            for place, officer in enumerate(officers)
        ]
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="duty-{key}-{_date(week.monday)}.csv"'}
    return Response(as_csv(lines), media_type="text/csv; charset=utf-8", headers=headers)


@post("/units/{key:str}/duty/csv", status_code=200)
async def bring_in(request: Request[Any, Any, Any], key: FromPath[str]) -> Template:
    """A table into the form of the week; nothing is written yet."""
    visit = Visit(request)
    unit_of(visit, key)
    form = await request.form()
    week = duties.week(visit.world, key, duties.monday_of(_whole({"monday": str(form.get("monday", ""))}, "monday")))
    sent = form.get("file")
    try:
        cells = read_table(visit, week.monday, await sent.read() if isinstance(sent, UploadFile) else b"")
    except Refused as refused:
        return _page(visit, week, week.cells, [said(visit, refused)])
    return _page(visit, week, cells, note=visit.t("duty.brought_in"))


def read_table(visit: Visit, monday: int, raw: bytes) -> Cells:
    """The cells of a CSV with date, shift, number, lead, in either language. Raises Refused with the line."""
    if not 0 < len(raw) <= CSV_BYTES_MAX:
        raise Refused("duty.csv_size", length_max=CSV_BYTES_MAX // 1024)
    shifts = {name: s.key for s in duties.shifts(visit.world) for name in (s.key, s.name, s.name_en)}
    cells: dict[tuple[int, str], tuple[str, ...]] = {}
    rows = list(csv.reader(io.StringIO(decoded(raw))))
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        day_text, shift, number, lead = [cell.strip() for cell in (*row, "", "", "", "")][:4]
        day = _day(day_text)
        if day is None or not monday <= day < monday + WEEK:
            raise Refused("duty.csv_day", line=line, text=day_text)
        if shift not in shifts or not number:
            raise Refused("duty.csv_shift", line=line, text=shift)
        at = (day, shifts[shift])
        cells[at] = (number, *cells.get(at, ())) if lead else (*cells.get(at, ()), number)
    return cells


def typed(visit: Visit, monday: int, form: dict[str, str]) -> Cells:
    """The numbers in the fields of a week: parted by blanks or commas, the first leads."""
    cells: dict[tuple[int, str], tuple[str, ...]] = {}
    for day in range(monday, monday + WEEK):
        for shift in duties.shifts(visit.world):
            text = form.get(_field(day, shift), "")
            for mark in "、，,；;":
                text = text.replace(mark, " ")
            if text.split():
                cells[day, shift.key] = tuple(text.split())
    return cells


def said(visit: Visit, refused: Refused) -> str:
    """What is wrong with a week, with days and shifts in words."""
    params = dict(refused.params)
    for key in ("day", "day2"):
        if isinstance(params.get(key), int):
            params[key] = _label(visit, params[key])
    for key in ("shift", "shift2"):
        if key in params:
            params[key] = shift_name(visit, params[key])
    if "unit2" in params:
        params["unit2"] = visit.names.unit(params["unit2"])
    return visit.names.refusal(refused.code, params)


def _copied(visit: Visit, week: Week) -> Cells:
    past = duties.week(visit.world, week.unit, week.monday - WEEK)
    return {(day + WEEK, shift): officers for (day, shift), officers in past.cells.items()}


def _page(visit: Visit, week: Week, cells: Cells, errors: list[str] | None = None, note: str = "") -> Template:
    unit, shifts = unit_of(visit, week.unit), duties.shifts(visit.world)
    monday = _date(week.monday)
    over = week.monday + WEEK <= visit.now // DAY
    return visit.page(
        "duty.html", 422 if errors else 200, unit=unit, week=week, errors=errors or [], note=note, monday=monday,
        sunday=monday + timedelta(days=6), before=monday - timedelta(days=7), after=monday + timedelta(days=7),
        shifts=[(shift_name(visit, s.key), _times(visit, s)) for s in shifts],
        days=[_row(visit, day, shifts, cells) for day in range(week.monday, week.monday + WEEK)], over=over,
        may_write=duties.may_write(visit.world, visit.actor, week.unit) and not over,
        saved=bool(visit.request.query_params.get("saved")) and not errors and not note,
    )  # fmt: skip


def _row(visit: Visit, day: int, shifts: tuple[Shift, ...], cells: Cells) -> Day:
    found = []
    for shift in shifts:
        officers = cells.get((day, shift.key), ())
        people = [visit.names.staff(officer) for officer in officers]
        if people:
            people[0] = visit.t("duty.lead", staff=people[0])
        found.append(Cell(_field(day, shift), " ".join(officers), people))
    return Day(_label(visit, day), day == visit.now // DAY, found)


def _times(visit: Visit, shift: Shift) -> str:
    """08:00–16:00; of a shift that begins after the day's midnight, the next day's clock."""
    begins, ends = (int(hours) * 60 + int(rest) for hours, rest in (t.split(":") for t in (shift.begins, shift.ends)))
    if begins < DAY:
        return f"{shift.begins}–{ends // 60 if ends == DAY else ends // 60 % 24:02d}:{ends % 60:02d}"
    hours = f"{begins // 60 - 24:02d}:{begins % 60:02d}–{ends // 60 - 24:02d}:{ends % 60:02d}"
    return visit.t("duty.next_day", hours=hours)


def _label(visit: Visit, day: int) -> str:
    return f"{visit.times.day(day * DAY)} {visit.times.weekday(day * DAY)}"


def _field(day: int, shift: Shift) -> str:
    return f"at-{day}-{shift.key}"


def _order(visit: Visit, key: str) -> int:
    keys = [shift.key for shift in duties.shifts(visit.world)]
    return keys.index(key) if key in keys else len(keys)


def _monday(visit: Visit) -> int:
    text = visit.request.query_params.get("week", "")
    day = _day(text) if text else visit.now // DAY
    if day is None:
        raise Refused("field.wrong_type", field="week", type="date")
    return duties.monday_of(day)


def _day(text: str) -> int | None:
    try:
        return (date.fromisoformat(text.replace("/", "-")) - EPOCH.date()).days
    except ValueError:
        return None


def _date(day: int) -> date:
    return EPOCH.date() + timedelta(days=day)


def _whole(form: dict[str, str], name: str) -> int:
    number = whole(form.get(name, ""))
    if number is None or number > 10**6:
        raise Refused("field.wrong_type", field=name, type="int")
    return number
