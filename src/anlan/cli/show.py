"""How commands speak: progress bars on standard error, one JSON value or a table on standard output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from anlan.api.problems import text_of
from anlan.city.errors import CityError
from anlan.engines.errors import EngineError
from anlan.loop.errors import Refused

errors = Console(stderr=True)
output = Console()


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; call what it gives with (done, total)."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=False) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def result(value: Any, *, as_json: bool, title: str = "") -> None:
    """Print what came out: one JSON value, or a table of its fields."""
    if as_json:
        typer.echo(json.dumps(value, ensure_ascii=False, default=str))
        return
    if isinstance(value, list):
        rows(value, title)
        return
    table = Table("", "", title=title, show_header=False)
    for key, inner in value.items():
        table.add_row(key, str(inner))
    output.print(table)


def rows(values: list[dict[str, Any]], title: str) -> None:
    """A table with a line for each value."""
    if not values:
        output.print(f"{title}: –")
        return
    table = Table(*values[0], title=title)
    for value in values:
        table.add_row(*(_cell(v) for v in value.values()))
    output.print(table)


def _cell(value: Any) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else "" if value is None else str(value)


@contextmanager
def refusals() -> Iterator[None]:
    """Turns a refusal into its words and exit code 2."""
    try:
        yield
    except (Refused, CityError, EngineError) as refused:
        errors.print(f"[red]{refused.code}[/red] {text_of(refused.code, dict(refused.params), 'zh')}")
        errors.print(text_of(refused.code, dict(refused.params), "en"), style="dim")
        raise typer.Exit(2) from None
