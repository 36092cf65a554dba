"""Areas in layers, as GeoJSON in and out, and the geometry their index needs. What comes in becomes WGS84."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape

from anlan.city.errors import CityError
from anlan.city.geo import WGS84, Floats, check_array, convert, mercator_array, system_of

DISTRICT, STREET, STATION, ZONE, SEA = "district", "street", "station", "zone", "sea"
LEVELS: Final = (DISTRICT, STREET, STATION, ZONE, SEA)
BORDER_UNCERTAINTY_M: Final = 500.0  # what the GCJ02 shift moves a border in Qingdao, rounded up
PIECE_VERTICES_MAX: Final = 48
DECIMALS: Final = 5  # 1.1 m: finer than any border is known
AREAL: Final = {"Polygon", "MultiPolygon"}


class Area(msgspec.Struct, frozen=True, omit_defaults=True):
    """One named area. `unit` is the unit that answers for it; `covers` lists streets whose union is its shape."""

    key: str
    name: str
    name_en: str
    level: str
    district: str = ""
    unit: str = ""
    aliases: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """Areas of one level and one source. `shapes[i]` is area i's (multi)polygon in WGS84 degrees, or None.

    `border_uncertainty_m`: two places closer than this to a border cannot be told apart by it.
    `also_drawn_in`: another coordinate system in which parts of this layer are known to have been drawn unsaid.
    """

    level: str
    areas: tuple[Area, ...]
    shapes: tuple[Any, ...]
    border_uncertainty_m: float = BORDER_UNCERTAINTY_M
    also_drawn_in: str = ""


def on_plane(geometry: Any) -> Any:
    """A WGS84 geometry in spherical Mercator metres."""
    return shapely.transform(geometry, mercator_array)


def pieces_of(geometry: Any) -> list[Any]:
    """A polygon cut into parts of few vertices (as ST_Subdivide does), so that a look-up touches only what is near."""
    if geometry.is_empty:
        return []
    if geometry.geom_type != "Polygon":
        return [piece for part in shapely.get_parts(geometry) for piece in pieces_of(part)]
    if shapely.get_num_coordinates(geometry) <= PIECE_VERTICES_MAX:
        return [geometry]
    west, south, east, north = geometry.bounds
    if east - west > north - south:
        middle = (west + east) / 2.0
        halves = ((west, south, middle, north), (middle, south, east, north))
    else:
        middle = (south + north) / 2.0
        halves = ((west, south, east, middle), (west, middle, east, north))
    parts = [shapely.get_parts(shapely.intersection(geometry, shapely.box(*half))) for half in halves]
    return [piece for part in parts for one in part if one.geom_type == "Polygon" for piece in pieces_of(one)]


def read_layer(text: bytes) -> Layer:
    """A layer from GeoJSON with the members `anlan:system`, `anlan:level` and `anlan:border_uncertainty_m`.

    Raises `areas.not_geojson`, `areas.no_system`, `place.system_unknown`, `areas.bad_feature` (index, why),
    `place.not_finite`, `place.outside_earth`. Shapes given by `covers` are left None: see `fill_covers`.
    """
    layer, errors = parse_layer(text)
    if errors:
        raise errors[0]
    return layer


def parse_layer(text: bytes) -> tuple[Layer, list[CityError]]:
    """A layer of the features that can be read, and an error for each other. Raises when the file itself is bad."""
    try:
        raw = msgspec.json.decode(text)
        features, level = list(raw["features"]), str(raw["anlan:level"])
        uncertainty = float(raw.get("anlan:border_uncertainty_m", BORDER_UNCERTAINTY_M))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise CityError("areas.not_geojson", why=str(error)) from None
    if not 0.0 <= uncertainty < math.inf:
        raise CityError("areas.not_geojson", why=f"anlan:border_uncertainty_m: {uncertainty}")
    if level not in LEVELS:
        raise CityError("areas.level_unknown", level=level)
    if "anlan:system" not in raw:
        raise CityError("areas.no_system", level=level)
    system = system_of(str(raw["anlan:system"]))
    read: list[tuple[Area, Any]] = []
    errors: list[CityError] = []
    for index, feature in enumerate(features):
        try:
            read.append(_feature(feature, level, system))
        except CityError as error:
            errors.append(CityError(error.code, **{**error.params, "index": index}))
    areas, shapes = tuple(a for a, _ in read), tuple(s for _, s in read)
    return Layer(level, areas, shapes, uncertainty, str(raw.get("anlan:also_drawn_in", ""))), errors


def _feature(feature: Any, level: str, system: str) -> tuple[Area, Any]:
    try:
        area = msgspec.convert({**feature["properties"], "level": level}, Area)
        drawn = None if feature["geometry"] is None else shape(feature["geometry"])
    except (ShapelyError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise CityError("areas.bad_feature", why=str(error)) from None
    if drawn is None:
        return area, None
    if drawn.geom_type not in AREAL:
        raise CityError("areas.bad_feature", why=drawn.geom_type)
    return area, to_wgs84(drawn, system)


def to_wgs84(geometry: Any, system: str) -> Any:
    """A geometry converted at the door; refuses coordinates that are no place on earth."""

    def moved(points: Floats) -> Floats:
        check_array(points[:, 0], points[:, 1])
        return points if system == WGS84 else np.column_stack(convert(points[:, 0], points[:, 1], system, WGS84))

    return shapely.transform(geometry, moved)


def fill_covers(layers: list[Layer]) -> list[Layer]:
    """Areas that name the streets they cover get the union of those streets.

    Raises `area.wrong_polygon` for shapes that are empty or cross themselves, `areas.covers_unknown`.
    """
    for area, why in wrong_shapes(layers):
        raise CityError("area.wrong_polygon", area=area, why=why)
    shapes = {a.key: s for layer in layers for a, s in zip(layer.areas, layer.shapes, strict=True) if s is not None}

    for key, missing in unknown_covers(layers):
        raise CityError("areas.covers_unknown", area=key, missing=missing)

    def filled(area: Area, own: Any) -> Any:
        if own is not None or not area.covers:
            return own
        return shapes[area.covers[0]] if len(area.covers) == 1 else shapely.union_all([shapes[k] for k in area.covers])

    return [
        replace(layer, shapes=tuple(filled(a, s) for a, s in zip(layer.areas, layer.shapes, strict=True)))
        for layer in layers
    ]


def wrong_shapes(layers: Iterable[Layer]) -> Iterator[tuple[str, str]]:
    """Area keys with shapes that are empty or cross themselves, and why."""
    for layer in layers:
        for area, drawn in zip(layer.areas, layer.shapes, strict=True):
            if drawn is not None and (drawn.is_empty or not drawn.is_valid):
                yield area.key, shapely.is_valid_reason(drawn)


def unknown_covers(layers: Iterable[Layer]) -> Iterator[tuple[str, list[str]]]:
    """Area keys whose `covers` name areas without a shape, and which."""
    known = {a.key for layer in layers for a, s in zip(layer.areas, layer.shapes, strict=True) if s is not None}
    for area in (a for layer in layers for a in layer.areas):
        missing = [key for key in area.covers if key not in known]
        if missing:
            yield area.key, missing


def write_layer(layer: Layer) -> bytes:
    """GeoJSON of a layer in WGS84, five decimals, one feature a line, areas with `covers` without geometry."""
    head = {
        "type": "FeatureCollection",
        "anlan:system": WGS84,
        "anlan:level": layer.level,
        "anlan:border_uncertainty_m": layer.border_uncertainty_m,
        **({"anlan:also_drawn_in": layer.also_drawn_in} if layer.also_drawn_in else {}),
    }
    lines = [
        msgspec.json.encode(feature_of(area, None if area.covers else drawn))
        for area, drawn in zip(layer.areas, layer.shapes, strict=True)
    ]
    return msgspec.json.encode(head)[:-1] + b',"features":[\n' + b",\n".join(lines) + b"\n]}\n"


def feature_of(area: Area, drawn: Any) -> dict[str, Any]:
    """One GeoJSON feature, coordinates rounded to five decimals."""
    properties = {k: v for k, v in msgspec.to_builtins(area).items() if k != "level"}
    geometry = None if drawn is None else mapping(shapely.transform(drawn, lambda points: np.round(points, DECIMALS)))
    return {"type": "Feature", "properties": properties, "geometry": geometry}
