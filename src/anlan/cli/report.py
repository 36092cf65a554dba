"""`anlan report`: one report of one period, into a file. It is kept and on the ledger like any other."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from pathlib import Path

import msgspec
import typer

from anlan import main
from anlan.app import reports
from anlan.app.reports import Span
from anlan.app.world import SYSTEM, World
from anlan.cli.show import errors, refusals
from anlan.loop.errors import Refused
from anlan.web.report_make import make

WEEK, QUARTER, MONTH = re.compile(r"(\d{4})-W(\d{1,2})"), re.compile(r"(\d{4})-Q([1-4])"), re.compile(r"(\d{4})-(\d\d)")


def report(
    name: str,
    period: str = typer.Option("", help="2026-11-24, 2026-W47, 2026-11 or 2026-Q4; by default the last that is over."),
    form: str = typer.Option("", "--format", help="pdf, xlsx or docx; by default the report's own."),
    out: Path = typer.Option(..., help="Where to write the file."),
) -> None:
    """Make a report that was defined in the console, and write it to a file."""
    with refusals():
        world = main.open_world(index=False)
        try:
            made = _made(world, name, period, form)
            out.write_bytes(reports.body_of(world, made.hash))
        finally:
            world.store.close()
    errors.print(f"{out}: {made.span.first} – {made.span.last}, sha256 {made.hash}")


def _made(world: World, name: str, period: str, form: str) -> reports.File:
    definition = reports.one(world, name)
    if form and form not in reports.FORMS:
        raise Refused("field.not_an_option", field="form", options=", ".join(reports.FORMS))
    definition = msgspec.structs.replace(definition, form=form or definition.form)
    span = span_of(definition.period, period) if period else reports.last_period(world, definition.period)
    made = asyncio.run(make(world, SYSTEM, definition, span))
    assert made is not None, "only a scheduled one is made once"
    return made


def span_of(kind: str, text: str) -> Span:
    """The period that a text names, of the report's kind. Raises Refused("report.period")."""
    try:
        if kind == "week" and (found := WEEK.fullmatch(text)):
            return reports.period(kind, date.fromisocalendar(int(found[1]), int(found[2]), 1))
        if kind == "quarter" and (found := QUARTER.fullmatch(text)):
            return reports.period(kind, date(int(found[1]), int(found[2]) * 3, 1))
        if kind == "month" and (found := MONTH.fullmatch(text)):
            return reports.period(kind, date(int(found[1]), int(found[2]), 1))
        return reports.period(kind, date.fromisoformat(text))
    except ValueError:
        raise Refused("report.period", text=text) from None
