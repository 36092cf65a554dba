"""A city pack from public data: district and street polygons (OpenStreetMap's GeoJSON) and the official street codes.

Nothing of the data is kept here. Such files mix coordinate systems without saying so, so every layer is written with
the uncertainty that follows; codes without a polygon (functional zones) become zones, routable by name.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import shapely
from shapely.geometry import shape

from anlan.city.catalogue import default_catalogue
from anlan.city.demo.outline import SEA as SEA_RING
from anlan.city.draft import (
    SESSIONS,
    Seat,
    branch_key,
    draft_officers,
    draft_rules,
    draft_targets,
    draft_units,
    station_key,
)
from anlan.city.errors import CityError
from anlan.city.geo import GCJ02, WGS84
from anlan.city.layers import (
    AREAL,
    BORDER_UNCERTAINTY_M,
    DECIMALS,
    DISTRICT,
    SEA,
    STATION,
    STREET,
    ZONE,
    Area,
    Layer,
    to_wgs84,
)
from anlan.city.pack import CityFile, save_pack, to_json, write_layers
from anlan.city.places import Place

CITY_LEVEL, DISTRICT_LEVEL, STREET_LEVEL = "5", "6", "8"
OnProgress = Callable[[int, int], None]


class Code(NamedTuple):
    """A row of the official codes: street_code, street_name, district_code, district_name."""

    street: str
    name: str
    district: str
    district_name: str


class Drawn(NamedTuple):
    """A polygon of the GeoJSON with its names."""

    level: str
    name: str
    name_en: str
    aliases: tuple[str, ...]
    shape: Any


def city_from_geojson(
    admin_geojson_path: str | Path,
    street_codes_csv: str | Path,
    system: str = WGS84,
    seed: int = 2026,
    on_progress: OnProgress | None = None,
) -> dict[str, bytes]:
    """A pack's files: areas from the data, organisation and people drafted (numbers only), no road graph.

    `system` is the coordinate system the GeoJSON declares. `on_progress(done, total)` is called for each polygon.
    Raises `real.not_geojson`, `real.no_column`, `real.district_not_drawn` and `real.street_without_code`.
    """
    codes = _codes(Path(street_codes_csv).read_text("utf-8-sig"))
    drawn = list(_drawn(Path(admin_geojson_path).read_bytes(), system, on_progress or _nobody))
    districts = _districts(drawn, codes)
    streets, zones = _streets(drawn, codes)
    stations = tuple(
        Area(station_key(a.key), f"{_short(a.name)}派出所", a.name_en, STATION, a.district, a.unit, (), (a.key,))
        for a, _ in streets
    )
    city = next((d for d in drawn if d.level == CITY_LEVEL), None)
    if city is None:
        raise CityError("real.not_geojson", why="no city polygon")
    places = [Place(a.name, STREET, *_middle(s), a.district, a.key) for a, s in streets]
    seats = [Seat(a.key, a.district, _short(a.name), a.name_en, *_middle(s)) for a, s in streets]
    seats += [Seat(z.key, z.district, z.name, z.name_en) for z in zones]
    doors = [Seat(a.key, a.key, a.name, a.name_en, *_middle(s)) for a, s in districts]
    units = draft_units(doors, seats, (f"{city.name}公安局", f"{city.name_en} Bureau"))
    key = _ascii(city.name_en)
    about = CityFile(key, city.name, city.name_en, _middle(city.shape), "Asia/Shanghai", SESSIONS, "© OpenStreetMap")
    return {
        "city.json": to_json(about),
        **write_layers(_layers(districts, streets, stations, zones)),
        "organisation.json": to_json(units),
        "people.json": to_json(draft_officers(units, random.Random(seed))),  # noqa: S311 - numbers, not secrets
        "calendar.json": b"{}\n",
        "catalogue.json": to_json(default_catalogue()),
        "routing.json": to_json(draft_rules()),
        "clocks.json": to_json(draft_targets()),
        "places.json": to_json(places),
    }


def write_real(path: str | Path, admin_geojson_path: str | Path, street_codes_csv: str | Path) -> None:
    """`city_from_geojson` into a folder."""
    save_pack(path, city_from_geojson(admin_geojson_path, street_codes_csv))


def _codes(text: str) -> list[Code]:
    rows = csv.DictReader(io.StringIO(text))
    columns: Final = ("street_code", "street_name", "district_code", "district_name")
    missing = [c for c in columns if c not in (rows.fieldnames or ())]
    if missing:
        raise CityError("real.no_column", missing=missing)
    return [Code(*(row[c].strip() for c in columns)) for row in rows]


def _drawn(text: bytes, system: str, on_progress: OnProgress) -> Iterator[Drawn]:
    try:
        features = msgspec.json.decode(text)["features"]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise CityError("real.not_geojson", why=str(error)) from None
    for done, feature in enumerate(features, 1):
        names = feature["properties"]
        aliases = tuple(a for a in str(names.get("alt_name") or "").split(";") if a)
        geometry = _stored(to_wgs84(shape(feature["geometry"]), system))
        yield Drawn(str(names["admin_level"]), names["name"], names.get("name:en") or names["name"], aliases, geometry)
        on_progress(done, len(features))


def _stored(geometry: Any) -> Any:
    """On the stored grid and still valid: rounding may fold a thin spike over itself."""
    rounded = shapely.make_valid(shapely.transform(geometry, lambda points: np.round(points, DECIMALS)))
    if rounded.geom_type in AREAL:
        return rounded
    return shapely.union_all([part for part in shapely.get_parts(rounded) if part.geom_type in AREAL])


def _districts(drawn: Sequence[Drawn], codes: Sequence[Code]) -> list[tuple[Area, Any]]:
    found = []
    for code, name in sorted({(c.district, c.district_name) for c in codes}):
        one = next((d for d in drawn if d.level == DISTRICT_LEVEL and name in d.name), None)
        if one is None:
            raise CityError("real.district_not_drawn", district=code)
        aliases = tuple(a for a in dict.fromkeys((one.name, *one.aliases)) if a != name)
        found.append((Area(code, name, one.name_en, DISTRICT, code, branch_key(code), aliases), one.shape))
    return found


def _streets(drawn: Sequence[Drawn], codes: Sequence[Code]) -> tuple[list[tuple[Area, Any]], list[Area]]:
    """Streets with a polygon, and zones: codes without one."""
    polygons = {d.name: d for d in drawn if d.level == STREET_LEVEL}
    unknown = polygons.keys() - {c.name for c in codes}
    if unknown:
        raise CityError("real.street_without_code", name=min(unknown))
    streets, zones = [], []
    for code in codes:
        one = polygons.get(code.name)
        unit = station_key(code.street)
        if one is None:
            zones.append(Area(code.street, code.name, code.name, ZONE, code.district, unit))
        else:
            area = Area(code.street, code.name, one.name_en, STREET, code.district, unit, one.aliases)
            streets.append((area, one.shape))
    return streets, zones


def _layers(
    districts: Sequence[tuple[Area, Any]],
    streets: Sequence[tuple[Area, Any]],
    stations: tuple[Area, ...],
    zones: Sequence[Area],
) -> dict[str, Layer]:
    def layer(level: str, areas: Sequence[tuple[Area, Any]]) -> Layer:
        return Layer(level, tuple(a for a, _ in areas), tuple(s for _, s in areas), BORDER_UNCERTAINTY_M, GCJ02)

    sea = Area("sea", "近海", "Waters off the city", SEA)
    return {
        "districts": layer(DISTRICT, districts),
        "streets": layer(STREET, streets),
        "stations": layer(STATION, [(a, None) for a in stations]),
        "zones": layer(ZONE, [(a, None) for a in zones]),
        "sea": Layer(SEA, (sea,), (shapely.Polygon(SEA_RING),)),
    }


def _middle(geometry: Any) -> tuple[float, float]:
    point = geometry.representative_point()
    return round(point.x, DECIMALS), round(point.y, DECIMALS)


def _short(name: str) -> str:
    return name.removesuffix("街道").removesuffix("镇")


def _ascii(name: str) -> str:
    return "".join(c for c in name.lower() if c.isascii() and c.isalnum()) or "city"


def _nobody(done: int, total: int) -> None:
    """Progress that nobody watches."""
