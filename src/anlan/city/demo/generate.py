"""Makes the demo city's pack from a seed: the same seed gives the same bytes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from anlan.city.catalogue import default_catalogue
from anlan.city.demo.numbered import numbered
from anlan.city.demo.outline import CENTRE, DISTRICTS, SEA
from anlan.city.demo.sights import sights
from anlan.city.demo.tiles import FLATTEN, Tile, tiles
from anlan.city.demo.ways import roads
from anlan.city.demo.words import RURAL_LAST, URBAN_LAST, Coiner, pinyin
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
from anlan.city.layers import DISTRICT, STATION, STREET, ZONE, Area, Layer
from anlan.city.layers import SEA as SEA_LEVEL
from anlan.city.organisation import Unit
from anlan.city.pack import CityFile, save_pack, to_json, write_layers
from anlan.city.roads import save_roads

BORDER_UNCERTAINTY_M: Final = 50.0  # drawn once, in one system: what is left is a telephone's own error
ZONES: Final = (
    ("370214Z01", "碧海高新技术产业区", "Bihai High-Tech Zone", "370214"),
    ("370211Z01", "望潮保税港区", "Wangchao Bonded Port Zone", "370211"),
    ("370281Z01", "和泰临空经济区", "Hetai Airport Economic Zone", "370281"),
)
ISLAND_NAME: Final = ("灵山岛街道", "Lingshan Island")


def write_demo(path: str | Path, seed: int = 2026, on_progress: Callable[[int, int], None] | None = None) -> None:
    """Generate the demo city into a folder. `on_progress(done, total)` after each file written."""
    save_pack(path, generate(seed), on_progress)


def generate(seed: int = 2026) -> dict[str, bytes]:
    """The pack's files as bytes. Only `seed` decides what is in them."""
    rng, coin = np.random.default_rng(seed), random.Random(seed)  # noqa: S311 - a demo, not a secret
    land = _ordered(tiles(rng))
    streets = _streets(land, Coiner(coin))
    network, with_posts = numbered(roads(land, rng, coin))
    doors = [network.nearest_node(*tile.seed)[0] for tile in land]
    seats = [
        Seat(s.key, s.district, _short(s.name), s.name_en, float(network.lon[n]), float(network.lat[n]))
        for s, n in zip(streets, doors, strict=True)
    ]
    units = _units(seats)
    return {
        "city.json": to_json(_about(seed)),
        **write_layers(_layers(land, streets)),
        "organisation.json": to_json(units),
        "people.json": to_json(draft_officers(units, coin)),
        "roads.npz": save_roads(network),
        "calendar.json": b"{}\n",
        "catalogue.json": to_json(default_catalogue()),
        "routing.json": to_json(draft_rules()),
        "clocks.json": to_json(draft_targets()),
        "mileposts.json": to_json(with_posts),
        "places.json": to_json(sights(land, streets, network, coin)),
    }


def _about(seed: int) -> CityFile:
    note = f"generated, seed {seed}: only the districts' names, codes and rough places are real"
    return CityFile("qingdao-demo", "青岛市（演示）", "Qingdao (demo)", CENTRE, "Asia/Shanghai", SESSIONS, note)


def _ordered(land: list[Tile]) -> list[Tile]:
    """By district, then from its centre outwards; the island stays last."""

    def away(tile: Tile) -> tuple[int, float]:
        lon, lat = DISTRICTS[tile.district].centre
        return tile.district, math.hypot((tile.seed[0] - lon) * FLATTEN, tile.seed[1] - lat)

    return [*sorted(land[:-1], key=away), land[-1]]


def _streets(land: list[Tile], coiner: Coiner) -> list[Area]:
    """Names and codes: streets near the centre are 街道, the rest 镇."""
    counts: dict[int, int] = {}
    areas = []
    for i, tile in enumerate(land):
        district = DISTRICTS[tile.district]
        number = counts[tile.district] = counts.get(tile.district, 0) + 1
        key = f"{district.code}{number:03d}"
        urban = number <= district.urban * district.streets
        if i == len(land) - 1:
            name, name_en = ISLAND_NAME
        elif urban:
            word = coiner.coin(URBAN_LAST)
            name, name_en = (f"{word}路街道", f"{pinyin(word)} Road") if number % 2 else (f"{word}街道", pinyin(word))
        else:
            word = coiner.coin(RURAL_LAST)
            name, name_en = f"{word}镇", pinyin(word)
        areas.append(Area(key, name, name_en, STREET, district.code, station_key(key)))
    return areas


def _short(street: str) -> str:
    return street.removesuffix("街道").removesuffix("镇")


def _layers(land: list[Tile], streets: list[Area]) -> dict[str, Layer]:
    none: tuple[Any, ...] = (None,)
    districts = tuple(
        Area(d.code, d.name, d.name_en, DISTRICT, d.code, branch_key(d.code), covers=_of(d.code, streets))
        for d in DISTRICTS
    )
    stations = tuple(
        Area(
            s.unit, f"{_short(s.name)}派出所", f"{s.name_en} Police Station", STATION, s.district, s.unit, (), (s.key,)
        )
        for s in streets
    )
    zones = tuple(Area(key, name, en, ZONE, d, station_key(_of(d, streets)[-1])) for key, name, en, d in ZONES)
    sea = Area("sea", "黄海与胶州湾", "Yellow Sea and Jiaozhou Bay", SEA_LEVEL)
    return {
        "districts": Layer(DISTRICT, districts, none * len(districts), BORDER_UNCERTAINTY_M),
        "streets": Layer(STREET, tuple(streets), tuple(t.shape for t in land), BORDER_UNCERTAINTY_M),
        "stations": Layer(STATION, stations, none * len(stations), BORDER_UNCERTAINTY_M),
        "zones": Layer(ZONE, zones, none * len(zones), BORDER_UNCERTAINTY_M),
        "sea": Layer(SEA_LEVEL, (sea,), (shapely.Polygon(SEA),), BORDER_UNCERTAINTY_M),
    }


def _of(district: str, streets: list[Area]) -> tuple[str, ...]:
    return tuple(s.key for s in streets if s.district == district)


def _units(seats: list[Seat]) -> list[Unit]:
    districts = [Seat(d.code, d.code, d.name, d.name_en, *d.centre) for d in DISTRICTS]
    units = draft_units(districts, seats, ("青岛市公安局（演示）", "Qingdao Bureau (demo)"))
    island = seats[-1]
    posts = [("1", "码头警务室", "Harbour Post"), ("2", "环岛警务室", "Island Round Post")]
    for number, name, name_en in posts:
        units.append(
            Unit(
                f"post.{island.code}.{number}",
                f"{island.name}{name}",
                f"{island.name_en} {name_en}",
                "post",
                station_key(island.code),
                island.district,
                "island",
                island.lon,
                island.lat,
            )
        )
    return units
