"""`anlan train`: the classifier, on a labelled file or the city's closed matters; the duplicate finder, on its own."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray

from anlan import main
from anlan.app.encoding import decoded
from anlan.app.learn import Joined, closed_texts, joined_matters, keep_model, keep_scorer
from anlan.cli.show import errors, refusals, result
from anlan.engines.classify import cross_validate
from anlan.engines.classify import train as fit
from anlan.engines.merge_learn import learn
from anlan.engines.merge_replay import replay
from anlan.engines.merge_score import PAIR_COLUMNS

app = typer.Typer(no_args_is_help=True, help="Train the engines.")
ROWS_MIN = 20


@app.command("classify")
def classify(
    file: Path = typer.Argument(None, help="A labelled CSV (or .gz); without it, this city's own closed matters."),
    text: str = typer.Option("text", help="The column with the text."),
    title: str = typer.Option("", help="A column with a title, if there is one."),
    label: str = typer.Option("label", help="The column with the label."),
    folds: int = typer.Option(5, min=2, max=20),
    seed: int = 0,
    keep: bool = typer.Option(False, help="Keep the model and use it from now on."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Cross-validate a classifier: macro-F1, accuracy, and the coverage it reaches at 0.93 accuracy."""
    with refusals():
        world = main.open_world(index=False) if keep or file is None else None
        texts, labels = _labelled(file, text, title, label) if file else closed_texts(world)  # type: ignore[arg-type]
        if len(texts) < ROWS_MIN:
            errors.print(f"{len(texts)} labelled rows are too few to train on ({ROWS_MIN} at least).")
            raise typer.Exit(2)
        try:
            report = cross_validate(texts, labels, folds=folds, seed=seed)
        except ValueError as error:
            errors.print(str(error))
            raise typer.Exit(2) from None
        found = {
            k: v for k, v in msgspec.to_builtins(report, builtin_types=(), enc_hook=_plain).items() if k != "confusion"
        }
        if keep and world:
            keep_model(world, fit(texts, labels, seed=seed), f"{len(texts)} rows, macro-F1 {report.macro_f1:.3f}")
        if world:
            world.store.close()
    result({"rows": len(texts), **found}, as_json=as_json, title="classify")


@app.command("merge")
def merge(
    seed: int = 0,
    keep: bool = typer.Option(False, help="Keep the scorer and use it from now on."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Learn from this city's own record how likely two matters are the same: recall at 8 % flagged, calibration."""
    with refusals():
        world = main.open_world(index=False)
        try:
            scorer, report = learn(*offered(joined_matters(world)), seed)
        except ValueError as error:
            world.store.close()
            errors.print(str(error))
            raise typer.Exit(2) from None
        if keep:
            keep_scorer(world, scorer, f"{report.pairs} later pairs, {report.same} joined, recall {report.recall:.3f}")
        world.store.close()
    result({**msgspec.to_builtins(report), "flag_from": scorer.flag_from}, as_json=as_json, title="merge")


def offered(joined: Joined) -> tuple[NDArray[np.float64], list[str], NDArray[np.bool_]]:
    """The best open matter at each arrival as pair columns, the arrival's category, and whether it was the same."""
    seen = replay(joined.reports)
    rows = (seen.candidate >= 0).nonzero()[0].tolist()
    same = [joined.whole[i] == joined.whole[int(seen.candidate[i])] for i in rows]
    pairs = seen.columns[rows, : len(PAIR_COLUMNS)]
    return pairs, [joined.categories[i] for i in rows], np.array(same, dtype=np.bool_)


def _plain(value: object) -> object:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _labelled(file: Path, text: str, title: str, label: str) -> tuple[list[tuple[str, str]], list[str]]:
    raw = file.read_bytes()
    table = csv.DictReader(io.StringIO(decoded(gzip.decompress(raw) if file.suffix == ".gz" else raw), newline=""))
    for column in filter(None, (text, title, label)):
        if column not in (table.fieldnames or ()):
            errors.print(f"The file has no column {column!r}; it has {', '.join(table.fieldnames or ())}.")
            raise typer.Exit(2)
    rows = [row for row in table if (row[text] or "").strip() and (row[label] or "").strip()]
    return [((row[title] if title else "") or "", row[text]) for row in rows], [row[label].strip() for row in rows]
