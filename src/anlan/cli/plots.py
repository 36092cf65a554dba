"""Plots as geometry: shares that are reached by a value, and counts by class. A template draws them as SVG."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from anlan.engines.travel.sphere import Floats

WIDTH, HEIGHT = 430, 220
LEFT, RIGHT, TOP, BASE = 40.0, 408.0, 12.0, 190.0
POINTS: Final = 120
TICKS: Final = 5


class Tick(msgspec.Struct, frozen=True):
    """A place on an axis and what stands there."""

    at: float
    said: str


class Curve(msgspec.Struct, frozen=True):
    """A line: its name, SVG path, and how many values are behind it."""

    name: str
    path: str
    n: int


class Bar(msgspec.Struct, frozen=True):
    """A bar from the base line up."""

    x: float
    y: float
    width: float
    height: float
    said: str


class Plot(msgspec.Struct, frozen=True):
    """Curves or bars on one pair of axes."""

    title: str
    unit: str
    across: list[Tick]
    up: list[Tick]
    curves: list[Curve] = []
    bars: list[Bar] = []


def reached(title: str, unit: str, series: dict[str, Floats]) -> Plot:
    """The share of values that are at most so large, a curve for each series; the axis ends at the largest 98 %."""
    known = {name: np.sort(values[np.isfinite(values)]) for name, values in series.items()}
    known = {name: values for name, values in known.items() if values.size}
    top = _round_up(max((float(np.quantile(values, 0.98)) for values in known.values()), default=1.0))
    curves = []
    for name, values in known.items():
        at = np.linspace(0.0, top, POINTS)
        share = np.searchsorted(values, at, "right") / len(values)
        points = zip(_across(at, top).tolist(), (BASE - (BASE - TOP) * share).tolist(), strict=True)
        curves.append(Curve(name, "M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in points), len(values)))
    return Plot(title, unit, _ticks(top), _shares(), curves=curves)


def counted(title: str, unit: str, values: Floats, classes: int = 24) -> Plot:
    """How many values fall into each class, as a share of the fullest."""
    known = values[np.isfinite(values)]
    top = _round_up(float(np.quantile(known, 0.98)) if known.size else 1.0)
    count, edges = np.histogram(np.minimum(known, top), classes, (0.0, top))
    x, most = _across(edges, top), max(1, int(count.max()))
    bars = [
        Bar(float(x[n]), BASE - (BASE - TOP) * c / most, float(x[n + 1] - x[n]) - 1.0, (BASE - TOP) * c / most, f"{c}")
        for n, c in enumerate(count.tolist())
    ]
    up = [Tick(BASE - (BASE - TOP) * part, f"{round(most * part)}") for part in (0.0, 0.5, 1.0)]
    return Plot(title, unit, _ticks(top), up, bars=bars)


def _across(values: Floats, top: float) -> Floats:
    return LEFT + (RIGHT - LEFT) * values / top


def _ticks(top: float) -> list[Tick]:
    return [Tick(float(_across(np.array(at), top)), f"{at:g}") for at in np.linspace(0.0, top, TICKS + 1).tolist()]


def _shares() -> list[Tick]:
    return [Tick(BASE - (BASE - TOP) * part, f"{part:.0%}") for part in (0.0, 0.25, 0.5, 0.75, 1.0)]


def _round_up(value: float) -> float:
    """A round number no smaller, five of whose fifths are round too."""
    power = 10.0 ** np.floor(np.log10(max(value, 1e-9)))
    return float(next(step * power for step in (1.0, 1.5, 2.0, 2.5, 5.0, 10.0) if step * power >= value * 0.9999))
