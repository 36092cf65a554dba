"""Reports: what is made of which period, the files that were made, a new one. For those who may see the measures."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from anlan.app import reports
from anlan.app.reports import Definition, File
from anlan.loop.errors import Refused
from anlan.loop.working_calendar import minute_of
from anlan.web.forms import Form
from anlan.web.report_fonts import has_font
from anlan.web.report_make import TYPES, file_name, make
from anlan.web.visit import HEADERS, Visit


class Line(msgspec.Struct, frozen=True):
    """A report in the list: what it tells, when it is made next ("" when only on demand), the newest file."""

    report: Definition
    about: str
    when: str
    newest: File | None


class Made(msgspec.Struct, frozen=True):
    """A file in the list."""

    file: File
    days: str
    when: str
    who: str
    size: str


@get("/reports")
async def list_reports(request: Request[Any, Any, Any]) -> Template:
    """The reports, and the form of a new one."""
    return _list(Visit(request), {})


@post("/reports", status_code=200)
async def define(request: Request[Any, Any, Any]) -> Response[Any]:
    """A new report."""
    visit, sent = Visit(request), await request.form()
    form = Form({key: value for key, value in sent.multi_items() if isinstance(value, str)})
    domain = form.text("domain") or next(iter(visit.world.domains))
    wanted = Definition(
        "", form.text("name"), "", domain, form.text("period"), tuple(str(v) for v in sent.getall("measure", [])),
        form.text("by"), form.text("form"), form.text("language"),
    )  # fmt: skip
    try:
        commit, made = reports.define(visit.world, visit.actor, wanted, scheduled=form.ticked("scheduled"))
        await visit.world.store.writer.write(commit)
    except Refused as refused:
        if refused.code == "access.denied":
            raise
        typed = form.values | {"measures": wanted.measures}
        return _list(visit, typed, visit.refusal(refused))
    return Redirect(f"/reports/{made.id}", status_code=303)


@get("/reports/{report:str}")
async def one_report(request: Request[Any, Any, Any], report: FromPath[str]) -> Template:
    """A report and what was made of it."""
    return _one(Visit(request), report)


@post("/reports/{report:str}/make", status_code=200)
async def make_now(request: Request[Any, Any, Any], report: FromPath[str]) -> Response[Any]:
    """Make it now, of the period that the day is in; by default the last that is over."""
    visit, form = Visit(request), Form({k: str(v) for k, v in (await request.form()).multi_items()})
    definition = reports.one(visit.world, report)
    try:
        day = date.fromisoformat(form.text("day"))
    except ValueError:
        return _one(visit, report, visit.names.refusal("field.wrong_type", {"field": "day", "type": "date"}))
    if day > visit.times.date:
        return _one(visit, report, visit.names.refusal("report.to_come", {"day": str(day)}))
    try:
        kept = await make(visit.world, visit.actor, definition, reports.period(definition.period, day))
    except Refused as refused:
        if refused.code != "report.no_font":
            raise
        return _one(visit, report, visit.refusal(refused))
    assert kept is not None, "only a scheduled one is made once"
    return Redirect(f"/reports/{definition.id}#file-{kept.no}", status_code=303)


@post("/reports/{report:str}/schedule", status_code=200)
async def schedule(request: Request[Any, Any, Any], report: FromPath[str]) -> Response[Any]:
    """Let it be made by itself, or no longer."""
    visit, form = Visit(request), Form({k: str(v) for k, v in (await request.form()).multi_items()})
    definition = reports.one(visit.world, report)
    commit = reports.schedule(visit.world, visit.actor, definition, on=form.text("on") == "yes")
    await visit.world.store.writer.write(commit)
    return Redirect(f"/reports/{definition.id}", status_code=303)


@get("/reports/files/{no:int}")
async def download(request: Request[Any, Any, Any], no: FromPath[int]) -> Response[bytes]:
    """A file; who takes it is on the ledger first."""
    visit = Visit(request)
    kept = reports.file(visit.world, no)
    body = reports.body_of(visit.world, kept.hash)
    await visit.world.store.writer.write(reports.taken(visit.world, visit.actor, kept))
    name = file_name(reports.one(visit.world, kept.report), kept)
    headers = HEADERS | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(body, media_type=TYPES[kept.form], headers=headers)


def _list(visit: Visit, typed: dict[str, Any], error: str = "") -> Template:
    lines = [_line(visit, report) for report in reports.all_of(visit.world)]
    domains = [
        (d.key, visit.t(f"{d.key}.title"), [(m.key, visit.t.word(d.key, f"measure.{m.key}")) for m in d.measures])
        for d in visit.world.domains.values()
        if d.measures
    ]
    domain = str(visit.request.query_params.get("domain") or typed.get("domain") or domains[0][0])
    chosen = next((d for d in domains if d[0] == domain), domains[0])
    return visit.page(
        "reports.html", 422 if error else 200, lines=lines, domains=domains, chosen=chosen, typed=typed, error=error,
        periods=reports.PERIODS, groups=reports.BY, forms=reports.FORMS, languages=reports.LANGUAGES,
    )  # fmt: skip


def _one(visit: Visit, key: str, error: str = "") -> Template:
    world = visit.world
    report = reports.one(world, key)
    return visit.page(
        "report_files.html", 422 if error else 200, line=_line(visit, report), error=error,
        files=[_made(visit, kept) for kept in reports.files(world, report.id)],
        names_of=[visit.t.word(report.domain, f"measure.{m}") for m in report.measures],
        last=reports.last_period(world, report.period).first,
        may_change=visit.actor.id == report.owner or visit.may("administer"),
    )  # fmt: skip


def _line(visit: Visit, report: Definition) -> Line:
    world, t = visit.world, visit.t
    about = t(
        "reports.about", domain=t(f"{report.domain}.title"), n=len(report.measures), by=t(f"by.{report.by}"),
        form=report.form.upper(), language=t(f"language.{report.language}"),
    )  # fmt: skip
    files = reports.files(world, report.id)
    when = ""
    if report.since:
        waiting = reports.due(world, report, 1)
        span = waiting[0] if waiting else reports.next_period(world, report)
        stuck = report.form == "pdf" and not has_font()
        due = t("reports.stuck" if stuck else "reports.waiting")
        when = due if waiting else visit.times.moment(reports.due_minute(world, span))
    return Line(report, about, when, files[0] if files else None)


def _made(visit: Visit, kept: File) -> Made:
    span = kept.span
    days = f"{span.first}" if span.first == span.last else visit.t("measure.sum", first=span.first, last=span.last)
    who = visit.t("reports.by_itself") if kept.scheduled else visit.names.staff(kept.made_by)
    size = visit.t("reports.kib", n=f"{-(-kept.size // 1024):,}")
    return Made(kept, days, visit.times.entry(minute_of(kept.made_at)), who, size)
