"""The city pack as maps draw it: areas and roads as GeoJSON, places and units as rows. Nothing in it is about a person
or a matter, so it needs no token; what does not change while the server runs is made once."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import numpy as np
import shapely
from litestar import Request, Response, get

from anlan.api.packed import packed
from anlan.api.who import world_of
from anlan.city.layers import DISTRICT, SEA, STATION, feature_of
from anlan.city.pack import City
from anlan.city.roads import RoadGraph

DRAWN = (SEA, DISTRICT, STATION)
CACHE = "public, max-age=300"
DECIMALS = 5
_encode = msgspec.json.Encoder().encode


@get("/api/v1/city/areas")
async def areas(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Districts, station areas and the sea as GeoJSON (WGS-84). `label` is a point well inside the area."""
    return packed(request, drawn_areas(world_of(request).city), CACHE)


@get("/api/v1/city/roads")
async def roads(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Roads as GeoJSON lines, one feature for each kind and name: minor 0, main 1, expressway 2, ferry 3."""
    return packed(request, drawn_roads(world_of(request).city), CACHE)


@get("/api/v1/city/places")
async def places(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Named places other than roads: rows of name, kind, longitude, latitude (WGS-84)."""
    return packed(request, drawn_places(world_of(request).city), CACHE)


@get("/api/v1/city/units")
async def units(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Units with a door of their own: key, names, kind, district, where it is (WGS-84)."""
    return packed(request, drawn_units(world_of(request).city), CACHE)


@cache
def drawn_areas(city: City) -> bytes:
    """The layers of `DRAWN`, one after another, so that a later one may be drawn over an earlier one."""
    features = []
    for level in DRAWN:
        for layer in city.areas.layers:
            for area, shape in zip(layer.areas, layer.shapes, strict=True):
                if layer.level == level and shape is not None:
                    feature = feature_of(area, shape)
                    inside = shape.representative_point()
                    label = [round(inside.x, DECIMALS), round(inside.y, DECIMALS)]
                    feature["properties"] |= {"level": level, "label": label}
                    features.append(feature)
    about = city.about
    return _encode({"type": "FeatureCollection", "centre": about.centre, "bbox": _bbox(city), "features": features})


@cache
def drawn_roads(city: City) -> bytes:
    """Each road once, whichever way it is driven, its pieces joined end to end."""
    graph = city.roads
    features = [] if graph is None else [_road(graph, group) for group in _by_name(graph)]
    return _encode({"type": "FeatureCollection", "features": features})


@cache
def drawn_places(city: City) -> bytes:
    """What has a name on the ground; roads carry theirs themselves."""
    return _encode([[p.name, p.kind, p.lon, p.lat] for p in city.places.places if p.kind not in {"road", "street"}])


@cache
def drawn_units(city: City) -> bytes:
    """Units without a place are not there."""
    rows = [u for u in city.organisation if u.lon is not None and u.lat is not None]
    keys = ("key", "name", "name_en", "kind", "district", "lon", "lat")
    return _encode([{key: getattr(unit, key) for key in keys} for unit in rows])


def _bbox(city: City) -> list[float]:
    shapes = [s for layer in city.areas.layers if layer.level == DISTRICT for s in layer.shapes if s is not None]
    return [round(float(edge), DECIMALS) for edge in shapely.total_bounds(shapes)]


def _by_name(graph: RoadGraph) -> list[Any]:
    """Arcs of one kind and name; of two that run against each other, one."""
    once = np.flatnonzero(graph.tail < graph.head)
    order = once[np.lexsort((graph.name[once], graph.kind[once]))]
    key = graph.kind[order].astype(np.int64) << 32 | graph.name[order]
    return np.split(order, np.flatnonzero(np.diff(key)) + 1) if len(order) else []


def _road(graph: RoadGraph, arcs: Any) -> dict[str, Any]:
    ends = np.stack([graph.tail[arcs], graph.head[arcs]], axis=1)
    points = np.round(np.stack([graph.lon[ends], graph.lat[ends]], axis=2), DECIMALS)
    lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapely.linestrings(points))))
    first = arcs[0]
    return {
        "type": "Feature",
        "properties": {"kind": int(graph.kind[first]), "name": str(graph.names[graph.name[first]])},
        "geometry": {
            "type": "MultiLineString",
            "coordinates": [shapely.get_coordinates(line).tolist() for line in lines],
        },
    }
