"""`anlan engine replay` on a record made by code: both dresses of the table, the figures, a page of one file."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from tests.engines.test_replay import HOME, town
from typer.testing import CliRunner

from anlan.cli import app
from anlan.engines.travel.network import Network
from anlan.engines.travel.plain import plain_roads

BEGIN = np.datetime64("2026-03-01T00:00:00")
RECORD = town()
NAMES = [f"E{n:02d}" for n in range(len(HOME))]


def run(*words: object) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["engine", "replay", *map(str, words)])
    return found.exit_code, found.stdout, found.stderr


def said(seconds: float, *, american: bool) -> str:
    at = (BEGIN + np.timedelta64(round(seconds), "s")).astype(object)
    return str(at.strftime("%m/%d/%Y %I:%M:%S %p" if american else "%Y-%m-%dT%H:%M:%S"))


def written(path: Path, *, american: bool) -> Path:
    """The made-up record, under DataSF's names or ours."""
    ours = ["incident", "unit", "kind", "sent", "rolling", "on_scene", "free", "lon", "lat"]
    theirs = ["Incident Number", "Unit ID", "Unit Type", "Dispatch DtTm", "Response DtTm", "On Scene DtTm"]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*theirs, "Available DtTm", "Location"] if american else ours)
        for n in range(len(RECORD.unit)):
            times = (RECORD.sent_s[n], RECORD.rolling_s[n], RECORD.scene_s[n], RECORD.free_s[n])
            place = [f"({RECORD.lat[n]}, {RECORD.lon[n]})"] if american else [RECORD.lon[n], RECORD.lat[n]]
            cells = [said(one, american=american) for one in times]
            table.writerow([RECORD.incident[n], NAMES[RECORD.unit[n]], "ENGINE", *cells, *place])
    return path


@pytest.mark.parametrize("american", [True, False])
def test_both_dresses_give_the_same_answer(tmp_path: Path, american: bool) -> None:
    code, out, _ = run("--calls", written(tmp_path / "calls.csv", american=american), "--json")
    assert code == 0
    (kind,) = json.loads(out)["kinds"]
    assert (kind["kind"], kind["calls"]) == ("ENGINE", 200)
    assert json.loads(out)["roads"].startswith("none")
    assert kind["same"] > 0.5
    assert kind["real_where_same_s"]["n"] + kind["real_where_other_s"]["n"] == 200


def test_with_the_homes_given_it_agrees_nearly_always(tmp_path: Path) -> None:
    units = tmp_path / "units.csv"
    lines = [f"{name},{lon},{lat}" for name, (lon, lat) in zip(NAMES, HOME, strict=True)]
    units.write_text("\n".join(["unit,lon,lat", *lines]))
    calls = written(tmp_path / "calls.csv", american=False)
    code, out, _ = run("--calls", calls, "--units", units, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["homes"] == "given"
    assert found["kinds"][0]["same"] > 0.97
    assert found["kinds"][0]["fit"]["km_h"] == pytest.approx(36.0, rel=0.04)


def test_roads_that_are_given_are_driven(tmp_path: Path) -> None:
    saved = tmp_path / "town.network"
    saved.write_bytes(Network(plain_roads(RECORD.lon, RECORD.lat, 20.0, "car")).save())
    calls = written(tmp_path / "calls.csv", american=False)
    code, out, _ = run("--calls", calls, "--network", saved, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["roads"].endswith("nodes, car")
    fit = found["kinds"][0]["fit"]
    assert fit["km_h"] is None
    assert fit["each"] > 1.0  # the roads say 20 m/s, the record drives 10
    exit_code, _, err = run("--calls", calls, "--network", saved, "--vehicle", "boat")
    assert exit_code == 2
    assert "travel.vehicle_unknown" in err


def test_the_page_is_one_file_without_scripts_or_addresses(tmp_path: Path) -> None:
    page = tmp_path / "replay.html"
    code, out, _ = run("--calls", written(tmp_path / "calls.csv", american=False), "--report", page)
    assert code == 0
    assert "ENGINE" in out
    text = page.read_text("utf-8")
    assert text.count("<figure>") == 3
    assert len(re.findall(r'class="curve k\d" d="M[\d. ]+"', text)) == 5
    assert not re.search(r"<script|src=|href=|url\(|https?:|@import|nan", text)
    assert "prefers-color-scheme: dark" in text


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("2026-03-01T00:30:00", "half past twelve", "table.time"),
        ("incident,unit", "case,unit", "table.column_missing"),
        ("ENGINE", "ENGINE,", "table.short_row"),
    ],
)
def test_a_table_that_does_not_hold_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    calls = written(tmp_path / "calls.csv", american=False)
    calls.write_text(calls.read_text().replace(old, new, 1))
    exit_code, _, err = run("--calls", calls)
    assert exit_code == 2
    assert code in err


def test_a_record_too_short_to_learn_from_is_refused(tmp_path: Path) -> None:
    calls = written(tmp_path / "calls.csv", american=False)
    calls.write_text("\n".join(calls.read_text().splitlines()[:11]))
    exit_code, _, err = run("--calls", calls)
    assert exit_code == 2
    assert "replay.nothing" in err
