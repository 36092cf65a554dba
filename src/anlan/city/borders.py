"""Checks of borders: wrong polygons, jurisdictions that overlap, land that is nobody's. Areas in square metres."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import shapely

from anlan.city.geo import degrees
from anlan.city.layers import DISTRICT, STATION, STREET, Layer, fill_covers, on_plane, unknown_covers, wrong_shapes

Found = Iterator[tuple[str, str, dict[str, object]]]
TILING: Final = (DISTRICT, STREET, STATION)


def border_problems(layers: Iterable[Layer]) -> Found:
    """Invalid shapes; and, of what is valid, overlaps and gaps wider than the layer's own border uncertainty."""
    drawn = list(layers)
    wrong = list(wrong_shapes(drawn))
    for area, why in wrong:
        yield "area.wrong_polygon", area, {"why": why}
    unknown = list(unknown_covers(drawn))
    for area, missing in unknown:
        yield "areas.covers_unknown", area, {"missing": missing}
    if wrong or unknown:
        return
    filled = fill_covers(drawn)
    land: Any = None
    for level in TILING:
        areas = [(a, s, layer) for layer in filled if layer.level == level for a, s in _pairs(layer)]
        if not areas:
            continue
        keys = [a.key for a, _, _ in areas]
        shapes = on_plane(np.array([s for _, s, _ in areas], dtype=object))
        slack = max(layer.border_uncertainty_m for _, _, layer in areas) / _scale(areas[0][1])
        yield from _overlaps(keys, shapes, slack)
        whole = shapely.union_all(shapes)
        yield from _gaps(level, whole if land is None else land, whole, slack)
        land = whole if land is None else land


def _pairs(layer: Layer) -> list[tuple[Any, Any]]:
    return [(a, s) for a, s in zip(layer.areas, layer.shapes, strict=True) if s is not None]


def _scale(shape: Any) -> float:
    """Ground metres per plane metre where the city lies."""
    return math.cos(math.radians(shape.centroid.y))


def _overlaps(keys: list[str], shapes: Any, slack: float) -> Found:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.intersection(shapes[first], shapes[second])
    for i in np.flatnonzero(shapely.area(shared) > 1.0).tolist():
        if _wide(shared[i], slack):
            params: dict[str, object] = {"other": keys[second[i]], **_size(shared[i])}
            yield "area.overlap", keys[first[i]], params


def _gaps(level: str, land: Any, whole: Any, slack: float) -> Found:
    """Land of the districts that the level leaves out, and holes the level encloses."""
    parts = shapely.get_parts(land)
    filled = shapely.union_all([shapely.Polygon(p.exterior) for p in parts if p.geom_type == "Polygon"])
    for gap in shapely.get_parts(shapely.difference(filled, whole)):
        if gap.geom_type == "Polygon" and _wide(gap, slack):
            yield "area.gap", level, _size(gap)


def _wide(shape: Any, slack: float) -> bool:
    """Whether a shape is anywhere wider than `slack`: something is left after half of that is taken off all round."""
    return not shapely.is_empty(shapely.buffer(shape, -slack / 2.0, quad_segs=2))


def _size(shape: Any) -> dict[str, object]:
    """Square metres on the ground and a point inside (WGS84), to find the spot on a map."""
    inside = shape.representative_point()
    lon, lat = degrees(inside.x, inside.y)
    return {
        "square_metres": round(shape.area * math.cos(math.radians(lat)) ** 2),
        "lon": round(lon, 5),
        "lat": round(lat, 5),
    }
