"""`anlan load`: a table of messages through the import channel, with progress, a summary and a file of rejects."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import typer

from anlan import main
from anlan.api.problems import text_of
from anlan.app.load import Loader
from anlan.city.errors import CityError
from anlan.cli import table
from anlan.cli.mapping import Mapping, find
from anlan.cli.on_time import OnTime
from anlan.cli.show import bar, refusals, result
from anlan.loop.errors import Refused

app = typer.Typer(no_args_is_help=True, help="Load past messages into a line of work.")


@app.callback()
def callback() -> None:
    """Load past messages."""


@app.command("hotline")
def hotline(
    file: Path,
    mapping: str = typer.Option(..., "--map", help="A mapping file, or the name of one that is shipped."),
    rejects: Path = typer.Option(None, help="Where rejected rows go; by default FILE.rejects.csv in the data folder."),
    plain: bool = typer.Option(False, help="Without duplicates and classification."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Every row becomes a matter, joins one, is known already, or is rejected with its line and reason."""
    with refusals():
        found = find(mapping, "hotline")
        home = main.home()
        world = main.open_world(home)
        main.settled()
        out = rejects or home / f"{file.name}.rejects.csv"
        with out.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["line", "code", "reason"])

            def reject(line: int, refused: Refused | CityError) -> None:
                writer.writerow([line, refused.code, text_of(refused.code, dict(refused.params), "zh")])

            loader = Loader(world, world.domains["hotline"], reject, engines=not plain)
            loader.merge_same_text = found.merge_same_text
            rows, on_time = _load(file, found, loader)
        world.store.close()
    summary: dict[str, Any] = {
        "rows": rows,
        "loaded": loader.loaded,
        "merged": loader.merged,
        "known": loader.known,
        "rejected": loader.rejected,
        "rejects_file": str(out),
    }
    if found.check.on_time:
        summary["on_time"] = on_time.summary(world, loader.matters)
    result(summary, as_json=as_json, title=str(file.name))
    lost = rows - loader.loaded - loader.merged - loader.known - loader.rejected
    raise typer.Exit(0 if lost == 0 else 1)


def _load(file: Path, mapping: Mapping, loader: Loader) -> tuple[int, OnTime]:
    on_time = OnTime(mapping.check)
    lines = table.rows(file)
    _, header = next(lines, (1, []))
    for column in sorted(mapping.names() - set(header)):
        raise Refused("load.no_column", column=column)
    total = sum(1 for _ in table.rows(file)) - 1
    rows = 0
    with bar(file.name) as on_progress:
        for line, cells in lines:
            if not cells:
                continue
            rows += 1
            try:
                row = _row(header, cells)
                intake = mapping.intake(row, "import", loader.world.clock())
            except Refused as refused:
                loader.refuse(line, refused)
            else:
                on_time.see(row, intake)
                loader.add(line, intake)
            if rows % 200 == 0:
                on_progress(rows, total)
        loader.flush()
        on_progress(rows, rows)
    return rows, on_time


def _row(header: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise Refused("load.wrong_width", cells=len(cells), columns=len(header))
    return dict(zip(header, cells, strict=True))
