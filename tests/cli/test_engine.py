"""`anlan engine` on tables of a made-up town: what it prints, and how it refuses a table that does not hold."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from tests.engines.roads import grid_city
from typer.testing import CliRunner

from anlan.cli import app
from anlan.cli.road_tables import read_roads
from anlan.engines.travel.network import Network

CITY = grid_city(vehicles=("lights", "normal"))


def run(*words: object) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["engine", *map(str, words)])
    return found.exit_code, found.stdout, found.stderr


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """nodes.csv.gz and arcs.csv of the town, ids from 101, and units.csv."""
    nodes = [f"{n + 101},{lon!r},{lat!r}" for n, (lon, lat) in enumerate(zip(CITY.lon, CITY.lat, strict=True))]
    nodes = [line.replace("np.float64(", "").replace(")", "") for line in nodes]
    (tmp_path / "nodes.csv.gz").write_bytes(gzip.compress("\n".join(["node,lon,lat", *nodes]).encode()))
    rows = zip(CITY.tail, CITY.head, CITY.metres, CITY.seconds["lights"], CITY.seconds["normal"], strict=True)
    arcs = [f"{a + 101},{b + 101},{m / 1000:.9f},{s:.3f},{t:.3f}" for a, b, m, s, t in rows]
    (tmp_path / "arcs.csv").write_text("\n".join(["from_node,to_node,distance_km,t_lights_s,t_normal_s", *arcs]))
    units = [f"{CITY.lon[n]},{CITY.lat[n]}" for n in (0, 70, 143)]
    (tmp_path / "units.csv").write_text("\n".join(["lon,lat", *units, "125.0,30.0"]))
    return tmp_path


def test_tables_are_read_as_they_stand(tables: Path) -> None:
    roads, ids = read_roads(tables / "nodes.csv.gz", tables / "arcs.csv")
    assert ids[:2] == ["101", "102"]
    assert np.array_equal(roads.lon, CITY.lon)
    assert np.array_equal(roads.head, CITY.head)
    assert roads.metres == pytest.approx(CITY.metres, abs=1e-5)
    assert set(roads.seconds) == {"lights", "normal"}
    assert roads.seconds["normal"] == pytest.approx(CITY.seconds["normal"], abs=1e-3)


def test_a_network_is_prepared_saved_and_asked(tables: Path) -> None:
    saved = tables / "town.network"
    code, out, _ = run(
        "network", "--nodes", tables / "nodes.csv.gz", "--arcs", tables / "arcs.csv", "--save", saved, "--json"
    )
    assert code == 0
    assert json.loads(out)["nodes"] == 144
    asked = Network.load(saved.read_bytes())
    place = (float(CITY.lon[75]), float(CITY.lat[75]))
    code, out, _ = run("rank", *place, tables / "units.csv", "--network", saved, "--json")
    assert code == 0
    rows = json.loads(out)
    nodes, expected = [0, 70, 143], asked.seconds_to([0, 70, 143], 75, "lights")
    assert [row["unit"] for row in rows] == [*(np.argsort(expected) + 1).tolist(), 4]
    assert [row["drive_s"] for row in rows[:3]] == pytest.approx(sorted(expected))
    assert (rows[3]["why"], rows[3]["arrival_s"]) == ("off_road", None)
    assert nodes[rows[0]["unit"] - 1] == 70
    code, _, err = run("reach", "-120.3", "-36.0", "--network", saved)
    assert (code, "travel.off_road" in err) == (2, True), "a negative latitude is no option"
    code, out, _ = run("reach", *place, "--network", saved, "--seconds", 60, "--vehicle", "normal")
    assert code == 0
    assert shapely.from_geojson(out).contains(shapely.Point(place))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("arcs.csv", "from_node", "begin", "table.column_missing"),
        ("arcs.csv", "t_lights_s,t_normal_s", "lights,normal", "table.column_missing"),
        ("arcs.csv", "distance_km", "how_far", "table.column_missing"),
        ("arcs.csv", "\n101,", "\n999,", "table.node_unknown"),
        ("arcs.csv", "\n101,", "\n101,extra,", "table.short_row"),
        ("arcs.csv", ",0.", ",zero.", "table.not_a_number"),
        ("units.csv", "125.0", "east", "table.not_a_number"),
        ("units.csv", "125.0", "225.0", "travel.place"),
    ],
)
def test_a_table_that_does_not_hold_is_refused_with_its_line(
    tables: Path, file: str, old: str, new: str, said: str
) -> None:
    path = tables / file
    path.write_text(path.read_text("utf-8").replace(old, new, 1))
    code, _, err = run(
        "rank", 120.3, 36.0, tables / "units.csv", "--nodes", tables / "nodes.csv.gz", "--arcs", tables / "arcs.csv"
    )
    assert code == 2
    assert said in err


def test_what_is_not_there_is_said(tables: Path) -> None:
    empty = tables / "empty.csv"
    empty.write_text("node,lon,lat\n")
    for words, said in (
        (("network",), "table.no_roads"),
        (("network", "--osm", "nowhere.osm.pbf"), "table.missing"),
        (("network", "--nodes", empty, "--arcs", tables / "arcs.csv"), "table.empty"),
        (("network", "--osm", tables / "arcs.csv"), "travel.osm_unreadable"),
        (("reach", 120.3, 36.0, "--network", tables / "arcs.csv"), "table.not_saved"),
    ):
        code, _, err = run(*words)
        assert (code, said in err) == (2, True), err


def test_deploy_compares_fixed_bases_with_moving_units(tables: Path) -> None:
    words = (
        "deploy",
        "--nodes",
        tables / "nodes.csv.gz",
        "--arcs",
        tables / "arcs.csv",
        "--stations",
        tables / "near.csv",
    )
    near = (tables / "units.csv").read_text().splitlines()[:-1]
    (tables / "near.csv").write_text("\n".join(near))
    small = ("--zones", 40, "--calls", 400, "--replications", 3, "--load", 0.3, "--target-s", 150, "--json")
    code, out, err = run(*words, *small, "--hospitals", tables / "near.csv")
    assert code == 0, err
    found = json.loads(out)
    assert found["units"] == 3
    one = found["loads"][0]
    assert sum(one["bases"]) == 3
    assert set(one["compared"]) == {"dmexclp", "move_utility", "instant"}
    change = one["compared"]["move_utility"]["late_change"]
    assert change["low"] <= change["mean"] <= change["high"]
    assert run(*words, *small, "--hospitals", tables / "near.csv")[1] == out
    for more, said in ((("--turnout-s", 500), "deploy.question"), (("--load", 1.5), "deploy.question")):
        code, _, err = run(*words, *more)
        assert (code, said in err) == (2, True), err
    code, _, err = run(*words[:-1], tables / "units.csv")
    assert (code, "travel.off_road" in err) == (2, True), err
