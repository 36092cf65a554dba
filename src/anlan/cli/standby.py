"""`anlan engine deploy`: where units should wait in any city, and whether moving them pays, proven by simulation."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import typer

from anlan.cli.engine import ARCS, NODES, OSM, SAVED, app
from anlan.cli.road_tables import network_of, read_places
from anlan.cli.show import bar, refusals, result
from anlan.engines.errors import EngineError
from anlan.engines.simulate.build import city_on, demand_points
from anlan.engines.simulate.standby import Answer, Question, answer
from anlan.engines.simulate.study import Service
from anlan.engines.simulate.world import City
from anlan.engines.travel.network import Network

PRIORITIES = (0.57, 0.245, 0.185)
"""Shares of calls, the most urgent first; they order the queue."""
SETTINGS = {
    "demand": "crossings of streets",
    "policy": "move_utility, busy .08, patience 1500 s, threshold .001, at most 4 moves at one event",
    "turn_out": "counted from a base only, also for units that wait forward; not for units on the move",
    "moves": "driven at ordinary speed",
}
"""What is not an option, said in the answer."""


@app.command("deploy")
def deploy(
    stations: Path = typer.Option(..., help="Table of stations: lon, lat (or x, y)."),
    saved: Path = SAVED,
    nodes: Path = NODES,
    arcs: Path = ARCS,
    osm: Path = OSM,
    hospitals: Path = typer.Option(None, help="Table of places where calls are taken to: lon, lat (or x, y)."),
    units: int = typer.Option(0, min=0, help="Units; by default as many as stations, and a seventh more."),
    load: list[float] = typer.Option([0.15, 0.3, 0.45], help="Share of time that units are busy; several at once."),
    target_s: float = typer.Option(480.0, help="In time is: within so many seconds from the call."),
    turnout_s: float = typer.Option(60.0, help="Seconds from the call to rolling, at a base."),
    scene_s: float = typer.Option(1_200.0, help="Mean seconds on the scene."),
    hospital_share: float = typer.Option(0.6, min=0.0, max=1.0, help="Share of calls taken to a hospital, if any."),
    hospital_s: float = typer.Option(1_200.0, help="Mean seconds there."),
    noise: float = typer.Option(0.0, min=0.0, max=1.0, help="How far drives differ from what was foretold (sigma)."),
    zones: int = typer.Option(1_000, min=1, max=3_000, help="Places where calls happen."),
    calls: int = typer.Option(8_000, min=100, help="Calls in a replication, the first tenth left out."),
    replications: int = typer.Option(24, min=2),
    seed: int = 1,
    vehicle: str = typer.Option("", help="Vehicle class on the way to a call; the first by default."),
    calm: str = typer.Option("", help="Vehicle class on the way to a base; the last by default."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Compare the best fixed bases (optimal MEXCLP, chosen by simulation) with moving units, on fresh seeds."""
    with refusals(), bar("deploy") as on_progress:
        asked = network_of(saved, nodes, arcs, osm)
        if not 0.0 <= turnout_s < target_s or not all(0.0 < share < 1.0 for share in load):
            raise EngineError("deploy.question")
        classes = (vehicle or asked.vehicles[0], calm or asked.vehicles[-1])
        city, taken_to = city_of(asked, stations, hospitals, zones, classes, target_s - turnout_s)
        share = hospital_share if taken_to else 0.0
        service = Service(scene_s, PRIORITIES, share, hospital_s, taken_to, noise)
        fleet = units or round(len(city.station) * 8 / 7)
        found = []
        for n, one in enumerate(load):
            question = Question(city, fleet, service, target_s, turnout_s, one, calls, replications, seed)
            found.append(answer(question, lambda done, of, n=n: on_progress(n * of + done, len(load) * of)))  # type: ignore[misc]
    if as_json:
        said = [_whole(one, share) for one, share in zip(found, load, strict=True)]
        result({"units": fleet, "settings": SETTINGS, "loads": said}, as_json=True)
    else:
        result([row for one, share in zip(found, load, strict=True) for row in _rows(one, share)], as_json=False)


def city_of(
    asked: Network, stations: Path, hospitals: Path | None, zones: int, classes: tuple[str, str], cover_s: float
) -> tuple[City, tuple[int, ...]]:
    """The simulated city, and which of its points calls are taken to."""
    bases = _nodes(asked, stations)
    points, weights = demand_points(asked.roads, asked.usable, zones)
    part = asked.part[bases[0]]
    near = asked.part[points] == part  # an island of its own has its own answer
    points, weights = points[near], weights[near]
    taken_to: tuple[int, ...] = ()
    if hospitals is not None:
        more = _nodes(asked, hospitals)
        taken_to = tuple(range(len(points), len(points) + len(more)))
        points, weights = np.concatenate([points, more]), np.concatenate([weights, np.zeros(len(more))])
    return city_on(asked, points, weights, bases, urgent=classes[0], calm=classes[1], cover_s=cover_s), taken_to


def _nodes(asked: Network, path: Path) -> np.ndarray:
    lon, lat, _ = read_places(path)
    return np.array([asked.node_at(x, y)[0] for x, y in zip(lon.tolist(), lat.tolist(), strict=True)], np.int32)


def _whole(one: Answer, load: float) -> dict[str, object]:
    compared = {
        c.policy: msgspec.to_builtins(c)
        | {"avoidable": (one.static_late.mean - c.late.mean) / max(1e-12, one.static_late.mean - one.floor)}
        for c in one.compared
    }
    return {
        "load": load,
        "busy": msgspec.to_builtins(one.busy),
        "bases": one.bases.tolist(),
        "busy_assumed_by_the_fixed_plan": one.busy_assumed,
        "seconds_between_calls": one.every_s,
        "late_floor_no_station_reaches": one.floor,
        "late_fixed": msgspec.to_builtins(one.static_late),
        "compared": compared,
    }


def _rows(one: Answer, load: float) -> list[dict[str, object]]:
    first = {"load": load, "policy": f"fixed, q {one.busy_assumed}", "late": one.static_late.mean}
    rows: list[dict[str, object]] = [
        first | {"change": 0.0, "low": 0.0, "high": 0.0, "mean": 0.0, "p90": 0.0, "moves": 0.0}
    ]
    rows += [
        {"load": load, "policy": c.policy, "late": c.late.mean, "change": c.late_change.mean, "low": c.late_change.low,
         "high": c.late_change.high, "mean": c.mean_change.mean, "p90": c.p90_change.mean, "moves": c.moves.mean}
        for c in one.compared
    ]  # fmt: skip
    return [
        *rows,
        first | {"policy": "floor: no station reaches", "late": one.floor} | dict.fromkeys(list(rows[0])[3:]),
    ]
