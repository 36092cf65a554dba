"""Small charts of measures by month, this year's line over last year's: geometry only, drawn as SVG or into a document.

All charts of one panel share one scale, so that their heights may be compared: counts have one, shares another.
"""

from __future__ import annotations

import math

import msgspec

from anlan.app.measure import Months

WIDTH, HEIGHT = 200, 96
LEFT, RIGHT, TOP, BASE = 6.0, 164.0, 20.0, 76.0
STEP = (RIGHT - LEFT) / 11
ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


class Chart(msgspec.Struct, frozen=True):
    """One measure: its lines as points (x, y), each an unbroken run of months, and the newest month's value."""

    measure: str
    now: list[list[tuple[float, float]]]
    then: list[list[tuple[float, float]]]
    dot: tuple[float, float] | None
    latest: float | None
    month: int


class Panel(msgspec.Struct, frozen=True):
    """Charts on one scale from 0 to `top`; `grid` is the height of its middle line."""

    is_share: bool
    top: float
    charts: list[Chart]

    @property
    def grid(self) -> float:
        """Where half of `top` is drawn."""
        return (TOP + BASE) / 2


def panels(measures: list[Months]) -> list[Panel]:
    """Counts, then shares; a panel without measures is left out."""
    found = []
    for is_share in (False, True):
        of = [m for m in measures if m.is_share == is_share]
        if of:
            top = scale(max((v for m in of for v in (*m.now, *m.then) if v is not None), default=0), share=is_share)
            found.append(Panel(is_share, top, [chart(m, top) for m in of]))
    return found


def scale(largest: float, *, share: bool) -> float:
    """A round number no smaller than the largest value; of shares at most 1."""
    if largest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    top = next(step * power for step in ROUND if step * power >= largest * 0.9999)
    return min(1.0, top) if share else max(top, 2.0)


def chart(months: Months, top: float) -> Chart:
    """A measure's lines on a scale."""
    known = [i for i, value in enumerate(months.now) if value is not None]
    last = known[-1] if known else -1
    latest = months.now[last] if known else None
    dot = point(last, latest, top) if latest is not None else None
    return Chart(months.measure, runs(months.now, top), runs(months.then, top), dot, latest, last + 1)


def runs(values: tuple[float | None, ...], top: float) -> list[list[tuple[float, float]]]:
    """Unbroken runs of months that have a value, as points."""
    found: list[list[tuple[float, float]]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            found[-1].append(point(i, value, top))
    return [run for run in found if run]


def point(month: int, value: float, top: float) -> tuple[float, float]:
    """Where a month's value (January is 0) is drawn."""
    return round(LEFT + month * STEP, 1), round(BASE - (BASE - TOP) * value / top, 1)


def path(run: list[tuple[float, float]]) -> str:
    """An SVG path; a lone month is a short dash."""
    if len(run) == 1:
        (x, y) = run[0]
        return f"M{x - 2} {y}H{x + 2}"
    return "M" + " ".join(f"{x} {y}" for x, y in run)
