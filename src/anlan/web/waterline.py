"""The waterline's geometry: one scale for a whole list, logarithmic, finest near *now*. Numbers for SVG, no colour.

Right of now x = 19.3 ln(1 + minutes / 30), left of it 12.87 ln(1 + minutes / 30): four hours, a day and five working
days keep apart, and the next hour gets most of the room.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from anlan.loop.deadlines import Clock
from anlan.loop.fact import Fact
from anlan.loop.working_calendar import DAY, minute_of

NOW_X = 56.0
KNEE_MINUTES = 30.0
RIGHT, LEFT = 19.3, 12.87
RIGHT_MAX, LEFT_MAX = 108.0, 52.0
HELD_X = 123.0
TICKS = ((-240, "4h"), (240, "4h"), (1440, "1d"), (7200, "5d"))
LIFE_FROM, LIFE_TO = 6.0, 552.0


class Bar(msgspec.Struct, frozen=True):
    """A row's bar: from `x` for `width`; the mark stands at `mark`."""

    x: float
    width: float
    mark: float


class Span(msgspec.Struct, frozen=True):
    """A stretch of a matter's life: `kind` is past, hold, left or over."""

    kind: str
    x: float
    width: float


class Life(msgspec.Struct, frozen=True):
    """A matter's own clock drawn from its start: stretches, where now and the due times stand."""

    spans: list[Span]
    now: float
    due: float | None
    was: list[float]


def place(minutes: float) -> float:
    """Where a moment so many minutes from now stands: 0 is `NOW_X`."""
    stretch = math.log(1 + abs(minutes) / KNEE_MINUTES)
    return round(NOW_X + min(RIGHT * stretch, RIGHT_MAX) if minutes >= 0 else NOW_X - min(LEFT * stretch, LEFT_MAX), 1)


def bar(minutes: int | None) -> Bar:
    """The bar of something due in so many minutes (negative: late); None for a clock that stands still."""
    mark = HELD_X if minutes is None else place(minutes)
    return Bar(min(NOW_X, mark), round(abs(mark - NOW_X), 1), mark)


def ticks() -> list[tuple[float, str]]:
    """The axis: x and the name of each tick."""
    return [(place(minutes), name) for minutes, name in TICKS]


def life(clock: Clock, facts: Iterable[Fact], now: int) -> Life:
    """The matter's clock from its first start until it is due, with the holds and former due times its facts tell."""
    first, holds, were = _history(facts)
    end = clock.stopped if clock.stopped is not None else now
    known = clock.due if clock.due is not None else now
    start = min(first if first is not None else clock.starts, end)
    far = max(end, known, start + DAY)

    def x(minute: int) -> float:
        return round(LIFE_FROM + (LIFE_TO - LIFE_FROM) * (min(max(minute, start), far) - start) / (far - start), 1)

    spans, at = [], start
    for begin, until in holds:
        stop = end if until is None else until
        spans += [Span("past", x(at), round(x(begin) - x(at), 1)), Span("hold", x(begin), round(x(stop) - x(begin), 1))]
        at = stop
    turn = min(end, known) if clock.due is not None else end
    spans.append(Span("past", x(at), round(max(x(turn) - x(at), 0), 1)))
    if clock.due is not None and end > clock.due:
        spans.append(Span("over", x(clock.due), round(x(end) - x(clock.due), 1)))
    elif clock.due is not None and clock.stopped is None:
        spans.append(Span("left", x(end), round(x(clock.due) - x(end), 1)))
    due = x(clock.due) if clock.due is not None else None
    was = [x(m) for m in dict.fromkeys(were) if m != clock.due and start < m <= far]
    return Life([s for s in spans if s.width > 0], x(end), due, was)


def _history(facts: Iterable[Fact]) -> tuple[int | None, list[tuple[int, int | None]], list[int]]:
    first: int | None = None
    holds: list[tuple[int, int | None]] = []
    were: list[int] = []
    for fact in facts:
        told = fact.data.get("clocks", {}).get("matter")
        if not told:
            continue
        minute = minute_of(fact.at)
        if fact.kind in {"received", "reopened"}:
            first, holds, were = told["since"], [], []
        if fact.kind == "held" and told.get("due") is None:
            holds.append((minute, None))
        elif holds and holds[-1][1] is None:
            holds[-1] = (holds[-1][0], minute)
        if told.get("due") is not None:
            were.append(told["due"])
    return first, holds, were
