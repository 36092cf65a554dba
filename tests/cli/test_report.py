"""`anlan report`: a report into a file, of the period that is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from anlan import main
from anlan.app import reports
from anlan.app.reports import Definition, Span
from anlan.app.world import World
from anlan.cli import app
from anlan.cli.report import span_of
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor


def test_a_report_is_written_kept_and_refused_by_its_words(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Definition("", "月报", "", "hotline", "month", ("received",), "unit", "xlsx", "zh")
    commit, made = reports.define(world, Actor("c9", "", ("overseer",)), wanted, scheduled=False)
    world.store.writer.submit(commit)
    world.store.close()
    monkeypatch.setenv("ANLAN_HOME", str(tmp_path))
    run, out = CliRunner().invoke, tmp_path / "r.docx"
    done = run(app, ["report", "月报", "--period", "2026-10", "--format", "docx", "--out", str(out)])
    assert (done.exit_code, out.read_bytes()[:2]) == (0, b"PK")
    after = main.open_world(tmp_path, index=False)
    (kept,) = reports.files(after, made.id)
    after.store.close()
    assert (kept.span.first, kept.form, kept.made_by) == (date(2026, 10, 1), "docx", "system")
    for wrong in (
        ["没有", "--out", "x"],
        ["月报", "--period", "soon", "--out", "x"],
        ["月报", "--format", "x", "--out", "x"],
    ):
        assert run(app, ["report", *wrong]).exit_code == 2


@pytest.mark.parametrize(
    ("kind", "text", "first"),
    [("day", "2026-11-24", "2026-11-24"), ("week", "2026-W1", "2025-12-29"), ("month", "2026-02", "2026-02-01"),
     ("quarter", "2026-Q4", "2026-10-01"), ("week", "2026-11-24", "2026-11-23")],
)  # fmt: skip
def test_periods_as_they_are_written(kind: str, text: str, first: str) -> None:
    assert span_of(kind, text) == reports.period(kind, date.fromisoformat(first))
    assert isinstance(span_of(kind, text), Span)


@pytest.mark.parametrize("text", ["2026-W60", "2026-13", "W47", "yesterday", "2026-Q5"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"report\.period"):
        span_of("week" if "W" in text else "quarter" if "Q" in text else "month", text)
