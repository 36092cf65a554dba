"""`anlan bench`: every figure Anlan claims, measured here and now, as ratios within one run."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import typer

from anlan.cli.bench import deadlines, hotline, ledger, lists, lookup, quality
from anlan.cli.bench.row import BenchRow
from anlan.cli.show import errors, result

GROUPS: dict[str, Callable[[], list[BenchRow]]] = {
    "deadlines": deadlines.bench,
    "merge.lookup": lookup.bench,
    "merge.quality": quality.bench,
    "ledger": ledger.bench,
    "hotline": hotline.bench,
    "matters": lists.bench,
}


def bench(
    names: list[str] = typer.Argument(None, help="Prefixes of names; by default everything."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Measure. A figure's floor is the bar it is held to; what falls short is printed like the rest."""
    found: list[BenchRow] = []
    for group, measured in GROUPS.items():
        if not names or any(group.startswith(name) or name.startswith(group) for name in names):
            errors.print(f"measuring {group} …")
            found += measured()
    if names:
        found = [row for row in found if row.name.startswith(tuple(names))]
    result([msgspec.to_builtins(row) for row in found], as_json=as_json, title="bench")
