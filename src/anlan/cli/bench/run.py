"""`anlan bench`: every figure Anlan claims, measured here and now, as ratios within one run."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import typer

from anlan.cli.bench import (
    beside_simpy,
    beside_spopt,
    command,
    console,
    day,
    deadlines,
    deployment,
    dispatch,
    growth,
    hostile,
    hotline,
    larson,
    lists,
    load,
    lookup,
    mqtt,
    nats,
    points,
    quality,
    simulate,
    standby,
    travel,
)
from anlan.cli.bench.row import BenchRow
from anlan.cli.show import errors, result

GROUPS: tuple[tuple[tuple[str, ...], Callable[[], list[BenchRow]]], ...] = (
    (("deadlines.",), deadlines.bench),
    (("merge.lookup.",), lookup.bench),
    (("merge.quality.",), quality.bench),
    (("hostile.",), hostile.bench),
    (("hotline.load",), load.bench),
    (("hotline.create.", "hotline.move."), hotline.bench),
    (("map.", "wall."), points.bench),
    (("matters.", "ledger."), lists.bench),
    (("travel.",), travel.bench),
    (("dispatch.",), dispatch.bench),
    (("command.",), command.bench),
    (("deploy.",), deployment.bench),
    (("deploy.spopt.",), beside_spopt.bench),
    (("simulate.",), simulate.bench),
    (("simpy.",), beside_simpy.bench),
    (("standby.",), standby.bench),
    (("plan.",), larson.bench),
    (("sim.day",), day.bench),
    (("nats.",), nats.bench),
    (("mqtt.",), mqtt.bench),
    (("growth.",), growth.bench),
    (("console.seen.",), console.seen),
    (("console.queue.",), console.queue),
)
"""What is measured together, by the beginnings of its names."""


def bench(
    names: list[str] = typer.Argument(None, help="Prefixes of names; by default everything."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Measure. A figure's floor is the bar it is held to; what falls short is printed like the rest."""
    found: list[BenchRow] = []
    for groups, measured in GROUPS:
        if not names or any(g.startswith(name) or name.startswith(g) for g in groups for name in names):
            errors.print(f"measuring {', '.join(groups)} …")
            found += measured()
    if names:
        found = [row for row in found if row.name.startswith(tuple(names))]
    result([msgspec.to_builtins(row) for row in found], as_json=as_json, title="bench")
