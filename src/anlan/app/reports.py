"""Reports: figures of a day, week, month or quarter, told by unit, district or channel, made on demand and by schedule.

A report's figures are those of the measures page, from the same sums. What is made is kept, and making and taking it is
on the ledger with who did it; its name, which a person typed, is not. Nothing here words or draws anything.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from anlan.app.measure import EPOCH, Figure, measure
from anlan.app.world import SYSTEM, World, year_of
from anlan.loop.errors import Broken, Refused
from anlan.loop.grants import Actor
from anlan.loop.working_calendar import DAY, minute_of
from anlan.store import reports as sql
from anlan.store.commit import Commit

PERIODS = ("day", "week", "month", "quarter")
FORMS = ("pdf", "xlsx", "docx")
BY = ("unit", "ledger", "channel")
LANGUAGES = ("zh", "en")
NAME_MAX = 60
REPORTS_MAX = 200
FILES_SHOWN = 200


class Definition(msgspec.Struct, frozen=True):
    """What a report tells. `since`: the first day whose period is made by itself; 0 when it is made on demand only."""

    id: str
    name: str
    owner: str
    domain: str
    period: str
    measures: tuple[str, ...]
    by: str
    form: str
    language: str
    since: int = 0


class Span(msgspec.Struct, frozen=True):
    """A period: city days, both included."""

    first: date
    last: date

    @property
    def days(self) -> tuple[int, int]:
        """As days since 1970-01-01."""
        return (self.first - EPOCH).days, (self.last - EPOCH).days


class File(msgspec.Struct, frozen=True):
    """A report that was made: of which days, its form, bytes by their hash, when (UTC ms) and by whom."""

    no: int
    report: str
    first_day: int
    last_day: int
    form: str
    hash: str
    size: int
    made_at: int
    made_by: str
    scheduled: bool

    @property
    def span(self) -> Span:
        """The days it tells of."""
        return Span(EPOCH + timedelta(days=self.first_day), EPOCH + timedelta(days=self.last_day))


class Sheet(msgspec.Struct, frozen=True):
    """A report's figures: of the whole, and by group (its key, then a figure for each measure)."""

    span: Span
    totals: list[Figure]
    groups: list[tuple[str, list[Figure]]]

    @property
    def has_then(self) -> bool:
        """Whether anything at all was counted in the same period a year before."""
        return any(figure.whole_before for figure in self.totals)


def all_of(world: World) -> list[Definition]:
    """Every report, by name."""
    return [_definition(row) for row in world.store.read.listed(sql.ALL)]


def one(world: World, key: str) -> Definition:
    """The report of that id or name. Raises Refused("report.unknown")."""
    rows = world.store.read.listed(sql.one(key))
    if not rows:
        raise Refused("report.unknown", report=key)
    return _definition(rows[0])


def files(world: World, report: str) -> list[File]:
    """What was made of a report, newest first."""
    return [File(*row) for row in world.store.read.listed(sql.files(report, FILES_SHOWN))]


def file(world: World, no: int) -> File:
    """One file. Raises Refused("report.no_file")."""
    rows = world.store.read.listed(sql.file(no))
    if not rows:
        raise Refused("report.no_file", file=no)
    return File(*rows[0])


def body_of(world: World, name: str) -> bytes:
    """A file's bytes by their hash. Raises Refused("report.file_lost") when they are gone or no longer the same."""
    try:
        return world.store.report_files.get(name)
    except Broken:
        raise Refused("report.file_lost", file=name[:12]) from None


def define(world: World, actor: Actor, wanted: Definition, *, scheduled: bool) -> tuple[Commit, Definition]:
    """The commit of a new report, and the report as it is kept. Raises Refused for what cannot be made."""
    world.require(actor, "measure")
    _check(world, wanted)
    known = all_of(world)
    if len(known) >= REPORTS_MAX:
        raise Refused("report.too_many", reports_max=REPORTS_MAX)
    if any(other.name == wanted.name for other in known):
        raise Refused("report.name_taken", name=wanted.name)
    now = world.clock()
    made = msgspec.structs.replace(
        wanted, id=world.store.vault.new_id("r", now), owner=actor.id, since=_today(world) if scheduled else 0
    )
    spec = msgspec.json.encode(made)
    commit = _commit(world, actor.id, "report_set", _told(made))
    commit.rows.append(
        ("INSERT INTO reports VALUES (?, ?, ?, ?, ?)", (made.id, made.name, made.owner, spec, made.since))
    )
    commit.checks.append(
        ("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM reports WHERE name = ?)", (made.name,),
         Refused("report.name_taken", name=made.name))
    )  # fmt: skip
    return commit, made


def schedule(world: World, actor: Actor, report: Definition, *, on: bool) -> Commit:
    """The commit that lets a report be made by itself from its present period on, or no longer. Its owner decides."""
    world.require(actor, "measure")
    if actor.id != report.owner and not world.grants.relations(actor, "administer"):
        raise Refused("report.not_yours", staff=report.owner)
    since = _today(world) if on else 0
    commit = _commit(world, actor.id, "report_scheduled" if on else "report_stopped", {"report": report.id})
    commit.rows.append(("UPDATE reports SET since = ? WHERE id = ?", (since, report.id)))
    return commit


def sheet(world: World, report: Definition, span: Span) -> Sheet:
    """The figures of a period, in the report's order of measures; groups by their key."""
    known = {m.key: m for m in world.domains[report.domain].measures}
    wanted = [key for key in report.measures if key in known]

    def ordered(found: dict[str, Figure], group: str) -> list[Figure]:
        none = (Figure(key, group, 0, 0 if known[key].of else None, 0, 0 if known[key].of else None) for key in wanted)
        return [found.get(figure.measure, figure) for figure in none]

    whole = {f.measure: f for f in measure(world, report.domain, span.first, span.last)}
    groups: dict[str, dict[str, Figure]] = {}
    for figure in measure(world, report.domain, span.first, span.last, report.by):
        groups.setdefault(figure.group, {})[figure.measure] = figure
    return Sheet(
        span, ordered(whole, report.domain), [(group, ordered(found, group)) for group, found in groups.items()]
    )


def made(world: World, actor: Actor, report: Definition, span: Span, body: bytes, *, scheduled: bool = False) -> Commit:
    """The commit that keeps a report which was made. One that is scheduled is kept once for its period, whoever comes
    second writes nothing. The bytes are kept before this returns."""
    if actor.id != SYSTEM.id:
        world.require(actor, "measure")
    name, now = world.store.report_files.put(body), world.clock()
    first, last = span.days
    data = {"report": report.id, "first_day": first, "last_day": last, "form": report.form, "file": name}
    commit = _commit(world, actor.id, "report_made", data)
    row = (report.id, first, last, report.form, name, len(body), now, actor.id, int(scheduled))
    marks = ", ".join("?" * len(row))
    commit.rows.append((f"INSERT INTO report_files ({sql.COLUMNS.removeprefix('no, ')}) VALUES ({marks})", row))
    if scheduled:
        commit.request = (sha256(f"report {report.id} {first}".encode()).digest(), b"")
    return commit


def taken(world: World, actor: Actor, kept: File) -> Commit:
    """The commit that says who takes a file."""
    world.require(actor, "measure")
    data = {"purpose": "export", "what": "report", "report": kept.report, "file": kept.hash, "form": kept.form}
    return _commit(world, actor.id, "read", data)


def due(world: World, report: Definition, limit: int) -> list[Span]:
    """The periods that are over and not yet made, oldest first, at most `limit`: after a standstill, all of them."""
    if not report.since:
        return []
    found: list[Span] = []
    span = next_period(world, report)
    now = minute_of(world.clock())
    while len(found) < limit and due_minute(world, span) <= now:
        found.append(span)
        span = period(report.period, span.last + timedelta(days=1))
    return found


def next_period(world: World, report: Definition) -> Span:
    """The first period that a scheduled report has not been made of."""
    ((last_made,),) = world.store.read.listed(sql.last_scheduled(report.id))
    after = max(report.since - 1, last_made or 0)
    return period(report.period, EPOCH + timedelta(days=after + 1))


def due_minute(world: World, span: Span) -> int:
    """The city minute from which a period's report is made: the first working minute after the period has ended."""
    return world.calendar.next_open((span.days[1] + 1) * DAY)


def period(kind: str, day: date) -> Span:
    """The period that a day is in. Weeks begin on Monday."""
    if kind == "day":
        return Span(day, day)
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return Span(monday, monday + timedelta(days=6))
    month = day.month if kind == "month" else (day.month - 1) // 3 * 3 + 1
    first = day.replace(month=month, day=1)
    after = (first + timedelta(days=31 if kind == "month" else 92)).replace(day=1)
    return Span(first, after - timedelta(days=1))


def last_period(world: World, kind: str) -> Span:
    """The last period that is over."""
    current = period(kind, EPOCH + timedelta(days=_today(world)))
    return period(kind, current.first - timedelta(days=1))


def _check(world: World, wanted: Definition) -> None:
    if not 0 < len(wanted.name.strip()) <= NAME_MAX:
        raise Refused("report.name", length_max=NAME_MAX)
    if wanted.domain not in world.domains:
        raise Refused("field.not_an_option", field="domain", options=", ".join(world.domains))
    known = [m.key for m in world.domains[wanted.domain].measures]
    if not wanted.measures:
        raise Refused("report.no_measure")
    for field, value, options in (
        *(("measure", key, known) for key in wanted.measures),
        ("period", wanted.period, PERIODS),
        ("by", wanted.by, BY),
        ("form", wanted.form, FORMS),
        ("language", wanted.language, LANGUAGES),
    ):
        if value not in options:
            raise Refused("field.not_an_option", field=field, options=", ".join(options))


def _told(report: Definition) -> dict[str, Any]:
    told = msgspec.to_builtins(report)
    return {key: told[key] for key in ("domain", "period", "measures", "by", "form", "language", "since")} | {
        "report": report.id
    }


def _definition(row: tuple[str, str, str, bytes, int]) -> Definition:
    kept = msgspec.json.decode(row[3], type=Definition)
    return msgspec.structs.replace(kept, id=row[0], name=row[1], owner=row[2], since=row[4])


def _today(world: World) -> int:
    return minute_of(world.clock()) // DAY


def _commit(world: World, actor: str, kind: str, data: dict[str, Any]) -> Commit:
    now = world.clock()
    return Commit(at=now, actor=actor, year=year_of(now), readings=[(int(world.ledger), world.ledger, (kind, data))])
