"""Does waiting forward work on a real harbour city? Late arrivals against the best fixed bases, on fresh seeds."""

from __future__ import annotations

from dataclasses import replace

from anlan.cli.bench.auckland import FOLDER, missing, network
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.texts import shared
from anlan.cli.show import bar
from anlan.cli.standby import PRIORITIES, city_of
from anlan.engines.simulate.standby import Answer, Question, answer
from anlan.engines.simulate.study import Interval, Service

FLOORS = {0.15: None, 0.3: -0.20, 0.45: -0.15}
"""Change of late arrivals; at 0.15 the bar is half of what is avoidable."""


def bench() -> list[BenchRow]:
    """16 units, 14 stations, 8 minutes, three loads, 24 replications; then drives that differ from foretold ones."""
    if absent := missing("standby."):
        return absent
    folder = shared(FOLDER)
    city, taken_to = city_of(
        network(), folder / "stations.csv.gz", folder / "hospitals.csv.gz", 1_000, ("lights", "normal"), 420.0
    )
    service = Service(1_200.0, PRIORITIES, 0.6, 1_200.0, taken_to)
    asked = Question(city, 16, service, 480.0, 60.0, 0.0, 8_000, 24, 1)
    rows = []
    with bar("standby") as on_progress:
        for n, (load, floor) in enumerate(FLOORS.items()):
            rows += _rows(f"standby.{load}", answer(replace(asked, load=load)), floor)
            on_progress(n + 1, len(FLOORS) + 1)
        noisy = replace(asked, load=0.3, service=replace(service, noise=0.2))
        rows += _rows("standby.0.3.noise", answer(noisy), -0.15)[:1]
        on_progress(len(FLOORS) + 1, len(FLOORS) + 1)
    return rows


def _rows(name: str, found: Answer, floor: float | None) -> list[BenchRow]:
    by_name = {c.policy: c for c in found.compared}
    mover, ceiling = by_name["move_utility"], by_name["instant"]
    avoidable = (found.static_late.mean - mover.late.mean) / (found.static_late.mean - found.floor)
    note = (
        f"{_said(mover.late_change)}; fixed late {found.static_late.mean:.3f}, no station reaches {found.floor:.3f}, "
    )
    note += f"{avoidable:.2f} of the avoidable gone; mean time {mover.mean_change.mean:+.3f}, "
    note += f"p90 {mover.p90_change.mean:+.3f}; {mover.moves.mean:.2f} moves and {mover.rebased.mean:.2f} other bases "
    note += f"a unit-hour; moves without time {_said(ceiling.late_change)}"
    other = by_name["dmexclp"].late_change
    return [
        BenchRow(name, mover.late_change.mean, "late", floor, None, other.n, note),
        BenchRow(f"{name}.dmexclp", other.mean, "late", None, None, other.n, _said(other)),
    ]


def _said(change: Interval) -> str:
    return f"{change.mean:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
