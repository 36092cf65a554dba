"""The wall (大屏): is all well, what needs a person, where, and is today usual. Each number is a list that opens.

The page is whole as it comes from the server; while it hangs there, `wall.js` asks for it again and swaps its parts.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import Template

from anlan.app import look
from anlan.app.measure import measure
from anlan.app.today import District, Today, today
from anlan.store.read import OPEN_KINDS, Shape
from anlan.web.counted import Period, link
from anlan.web.map import points_address
from anlan.web.queue import line, views
from anlan.web.timing import date_of
from anlan.web.visit import Visit

NEED = 5
ROWS = 6
RATES = ("finished_in_time", "satisfied")
"""Shares that a duty room watches, where a line of work has them."""
BAR_X = 192.0


class Number(msgspec.Struct, frozen=True):
    """A number, what it counts, a word beside it, and the list behind it."""

    value: str
    what: str
    beside: str
    href: str


class Place(msgspec.Struct, frozen=True):
    """A district's line: today's bar and its usual range as SVG lengths, open and late with their lists."""

    name: str
    bar: float
    band: tuple[float, float] | None
    today: int
    open: int
    late: int
    query: str


@get("/wall")
async def wall(request: Request[Any, Any, Any]) -> Template:
    """The wall as it is now."""
    visit = Visit(request)
    known, now = views(visit), today(visit.world, visit.actor)
    rows = look.rows(visit.world, visit.actor, msgspec.structs.replace(known["hour"], limit=NEED))
    day = date_of(visit.now)
    return visit.page(
        "wall.html",
        headline=headline(visit, known),
        need=[line(visit, row) for row in rows],
        need_count=visit.counted(known["hour"]),
        next_due=next_due(visit) if not rows else "",
        now=now,
        hours=now.hours,
        numbers=numbers(visit, now, day),
        places=places(visit, now),
        points=points_address(visit, known["open"]),
        day=day,
    )


def headline(visit: Visit, known: dict[str, Shape]) -> list[tuple[str, str]]:
    """The sentence in pieces: words and, where they are a number's, its list."""
    found, t = [], visit.t
    for key in ("late", "received"):
        if key in known and (n := visit.counted(known[key])) != "0":
            found.append((t("wall.one" if n == "1" else "wall.many", n=n, what=t(f"wall.{key}")), f"/queue?view={key}"))
    if not found:
        return [(t("wall.calm"), "")]
    joined = [piece for one in found for piece in ((t("wall.comma"), ""), one)][1:]
    return [*joined, (t("wall.rest"), "")]


def next_due(visit: Visit) -> str:
    """When the next matter is due, for a wall on which nothing needs a person."""
    rows = look.rows(visit.world, visit.actor, Shape(kinds=OPEN_KINDS, limit=1))
    due = rows[0].due if rows else None
    return visit.times.moment(due) if due is not None else ""


def numbers(visit: Visit, now: Today, day: date) -> list[Number]:
    """Four numbers: what came today, what stands open, and the shares of this week beside last week's."""
    t = visit.t
    usual = t("wall.usual", low=now.so_far.low, high=now.so_far.high) if now.so_far else t("wall.no_usual")
    opened = f"/queue?view=all&order=new&from={day}&to={day}"
    found = [Number(f"{now.opened}", t("wall.opened"), usual, opened)]
    standing = sum(d.open for d in now.districts)
    calling = visit.counted(Shape(kinds=("calling",)))
    found.append(Number(f"{standing}", t("wall.open"), t("wall.calling", n=calling), "/queue?view=open"))
    return [*found, *(rates(visit, day) if visit.may("measure") else ())]


def rates(visit: Visit, day: date) -> list[Number]:
    """Shares of this week (Monday to today) beside the whole week before."""
    week = Period(day - timedelta(days=day.weekday()), day)
    before = Period(week.first - timedelta(days=7), week.first - timedelta(days=1))
    found = []
    for domain in visit.world.domains.values():
        kept = [m for m in domain.measures if m.key in RATES]
        figures = {f.measure: f for f in measure(visit.world, domain.key, week.first, week.last)}
        past = {f.measure: f for f in measure(visit.world, domain.key, before.first, before.last)}
        for m in kept:
            share, last = (of[m.key].share if m.key in of else None for of in (figures, past))
            beside = visit.t("wall.last_week", value=_percent(last)) if last is not None else ""
            name = visit.t.word(domain.key, f"measure.{m.key}")
            found.append(Number(_percent(share), name, beside, link(domain.key, m.over, week)))
    return found[:2]


def places(visit: Visit, now: Today) -> list[Place]:
    """The busiest districts, and the others as one line."""
    ranked = sorted(now.districts, key=lambda d: (-d.late, -d.today, -d.open, d.ledger))
    shown, others = ranked[:ROWS], ranked[ROWS:]
    longest = max([1, *(d.today for d in shown), *(d.usual.high for d in shown if d.usual)])
    found = [place(visit, d, longest) for d in shown]
    if others:
        total = District(
            "", sum(d.today for d in others), None, sum(d.open for d in others), sum(d.late for d in others)
        )
        longest = max(longest, total.today)
        found = [place(visit, d, longest) for d in shown]
        name = visit.t("wall.others", n=len(others))
        found.append(msgspec.structs.replace(place(visit, total, longest), name=name))
    return found


def place(visit: Visit, of: District, longest: int) -> Place:
    """A district's line, its bar so long that `longest` fills the room."""

    def x(n: int) -> float:
        return round(BAR_X * n / longest, 1)

    band = (x(of.usual.low), max(round(x(of.usual.high) - x(of.usual.low), 1), 2.0)) if of.usual else None
    name = visit.t("place.whole_city") if of.ledger == visit.world.ledger else visit.names.area_short(of.ledger)
    return Place(name, x(of.today), band, of.today, of.open, of.late, f"district={of.ledger}" if of.ledger else "")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f}%"
