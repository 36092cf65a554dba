"""`anlan engine`: the engines on tables of any city, without a platform around them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import typer

from anlan.cli.road_tables import network_of, read_places
from anlan.cli.show import refusals, result
from anlan.engines.dispatch.rank import PARTS, Place, Why, rank
from anlan.engines.dispatch.units import ACCESS_M_S, units_at
from anlan.engines.travel.reachable import outline

app = typer.Typer(no_args_is_help=True, help="The engines on tables of any city.")
SAVED = typer.Option(None, "--network", help="A network saved by `anlan engine network`.")
NODES = typer.Option(None, help="Table of nodes: node, lon, lat.")
ARCS = typer.Option(None, help="Table of arcs: from_node, to_node, distance_km or metres, t_<vehicle>_s.")
OSM = typer.Option(None, help="An OpenStreetMap extract, instead of the tables.")
SOUTHERN = {"ignore_unknown_options": True}
"""So that -36.8 is a latitude and not an option."""
VEHICLE = typer.Option("", help="The vehicle class; the first by default.")


@app.command("network")
def network(
    nodes: Path = NODES,
    arcs: Path = ARCS,
    osm: Path = OSM,
    save: Path = typer.Option(None, help="Where to keep it, prepared."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Prepare a road network: how large it is, what is cut off, which vehicle classes it has."""
    with refusals():
        made = network_of(None, nodes, arcs, osm)
        if save is not None:
            save.write_bytes(made.save())
    sizes = np.bincount(made.part)
    found = {
        "nodes": made.roads.nodes,
        "arcs": made.roads.arcs,
        "vehicles": ", ".join(made.vehicles),
        "router": made.kind,
        "parts": len(sizes),
        "largest_part": int(sizes.max()),
        "nodes_no_place_is_taken_to": int((~made.usable).sum()),
    }
    result(found, as_json=as_json, title="network")


@app.command("rank", context_settings=SOUTHERN)
def rank_units(
    lon: float,
    lat: float,
    units: Path = typer.Argument(..., help="Table of units: lon, lat; a row each."),
    saved: Path = SAVED,
    nodes: Path = NODES,
    arcs: Path = ARCS,
    osm: Path = OSM,
    vehicle: str = VEHICLE,
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Who would be there first, by road, and who is not ranked and why. WGS-84."""
    with refusals():
        asked = network_of(saved, nodes, arcs, osm)
        east, north, _ = read_places(units)
        node, metres = asked.nodes_at(east, north)
        at, off_m = asked.node_at(lon, lat)
        fleet = units_at(
            node, access_s=np.where(node < 0, 0.0, metres / ACCESS_M_S), vehicles=(vehicle or asked.vehicles[0],)
        )
        found = rank(asked, fleet, Place(at, off_m / ACCESS_M_S))
    rows = [
        {"unit": int(unit) + 1, "arrival_s": found.arrival_ms[unit] / 1000.0, "why": ""}
        | {f"{name}_s": ms / 1000.0 for name, ms in zip(PARTS, found.parts_ms[unit].tolist(), strict=True)}
        | {"straight_m": round(float(found.straight_m[unit]))}
        for unit in found.order
    ]
    left = np.flatnonzero(found.why)
    empty = dict.fromkeys(rows[0]) if rows else {}
    rows += [empty | {"unit": int(unit) + 1, "why": Why(found.why[unit]).name.lower()} for unit in left]
    result(rows, as_json=as_json, title="rank")


@app.command("reach", context_settings=SOUTHERN)
def reach(
    lon: float,
    lat: float,
    seconds: float = typer.Option(480.0, help="The time to drive in."),
    saved: Path = SAVED,
    nodes: Path = NODES,
    arcs: Path = ARCS,
    osm: Path = OSM,
    vehicle: str = VEHICLE,
) -> None:
    """The area within a time of a place, as GeoJSON."""
    with refusals():
        asked = network_of(saved, nodes, arcs, osm)
        at, _ = asked.node_at(lon, lat)
        polygons = outline(asked, at, seconds, vehicle or asked.vehicles[0])
    rings = [[np.round(ring, 6).tolist() for ring in polygon] for polygon in polygons]
    typer.echo(json.dumps({"type": "MultiPolygon", "coordinates": rings}))
