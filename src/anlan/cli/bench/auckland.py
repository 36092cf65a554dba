"""A real harbour city's roads, for the benches of the engines; where they are absent, the benches say so and skip."""

from __future__ import annotations

from functools import cache

from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.texts import shared
from anlan.cli.road_tables import read_roads
from anlan.engines.travel.network import Network
from anlan.engines.travel.roads import Roads

FOLDER = "roads/auckland"
VEHICLE = "lights"


def missing(name: str) -> list[BenchRow]:
    """One row that says which data is not there, or nothing."""
    there = shared(f"{FOLDER}/nodes.csv.gz").exists() and shared(f"{FOLDER}/arcs.csv.gz").exists()
    return [] if there else [BenchRow(name, float("nan"), "", note=f"SKIPPED: no data at {shared(FOLDER)}")]


@cache
def roads() -> Roads:
    """54,370 nodes, 90,638 arcs, two vehicle classes."""
    return read_roads(shared(f"{FOLDER}/nodes.csv.gz"), shared(f"{FOLDER}/arcs.csv.gz"))[0]


@cache
def network() -> Network:
    """The same, ready to be asked."""
    return Network(roads())
