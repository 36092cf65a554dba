"""The city pack: one folder of plain files, everything Anlan knows of a city before the first call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from anlan.city.areas import AreaIndex
from anlan.city.catalogue import Catalogue, CatalogueFile
from anlan.city.days import DayTable, merge_days, national_days, read_calendar
from anlan.city.errors import CityError
from anlan.city.layers import Layer, fill_covers, read_layer, write_layer
from anlan.city.mileposts import MilepostIndex, Road
from anlan.city.organisation import Organisation, Unit
from anlan.city.people import Officer, Roster
from anlan.city.places import Place, PlaceIndex
from anlan.city.roads import RoadGraph, load_roads, with_order
from anlan.city.routing import Rule, Target
from anlan.city.shifts import DEFAULT, Shift, shift_problems

ORDER: Final = "roads.order.npz"
FILE_BYTES_MAX: Final = 256 * 1024 * 1024
PackFiles = Mapping[str, bytes]
"""File name relative to the pack's folder (with "/") → its bytes."""


class CityFile(msgspec.Struct, frozen=True):
    """city.json. `centre` is (lon, lat) in WGS84; `sessions` are office hours as ("HH:MM", "HH:MM") local time."""

    key: str
    name: str
    name_en: str
    centre: tuple[float, float]
    timezone: str
    sessions: tuple[tuple[str, str], ...]
    note: str = ""
    shifts: tuple[Shift, ...] = DEFAULT


@dataclass(frozen=True, eq=False)
class City:
    """Everything in a pack, indexed. `roads` is None for a city whose road graph is not known."""

    about: CityFile
    areas: AreaIndex
    organisation: Organisation
    roster: Roster
    roads: RoadGraph | None
    days: DayTable
    catalogue: Catalogue
    rules: tuple[Rule, ...]
    targets: tuple[Target, ...]
    places: PlaceIndex
    mileposts: MilepostIndex


JSON_FILES: Final[Mapping[str, Any]] = {
    "city.json": CityFile,
    "organisation.json": tuple[Unit, ...],
    "people.json": tuple[Officer, ...],
    "catalogue.json": CatalogueFile,
    "routing.json": tuple[Rule, ...],
    "clocks.json": tuple[Target, ...],
    "places.json": tuple[Place, ...],
    "mileposts.json": tuple[Road, ...],
}
OPTIONAL: Final = frozenset({"clocks.json", "places.json", "mileposts.json", "calendar.json", "roads.npz", ORDER})


def load_pack(path: str | Path) -> City:
    """The city in a folder. Raises `CityError` at the first thing that cannot be built; `check_pack` lists them all."""
    return build_city(read_pack(path))


def build_city(files: PackFiles) -> City:
    """A city from a pack's files in memory. Errors as `load_pack`."""
    layers = fill_covers([read_layer(files[name]) for name in area_files(files)])
    roads = load_roads(files["roads.npz"]) if "roads.npz" in files else None
    if roads is not None and ORDER in files:
        with suppress(CityError):  # whoever needs an order works it out, and says so
            roads = with_order(roads, files[ORDER])
    about: CityFile = decoded(files, "city.json")
    for code, where, params in shift_problems(about.shifts):
        raise CityError(code, where=where, **params)
    return City(
        about=about,
        areas=AreaIndex(layers),
        organisation=Organisation(decoded(files, "organisation.json")),
        roster=Roster(decoded(files, "people.json")),
        roads=roads,
        days=merge_days(national_days(), read_calendar(files.get("calendar.json", b"{}"))),
        catalogue=Catalogue(decoded(files, "catalogue.json")),
        rules=decoded(files, "routing.json"),
        targets=decoded(files, "clocks.json"),
        places=PlaceIndex(decoded(files, "places.json")),
        mileposts=MilepostIndex(decoded(files, "mileposts.json")),
    )


def decoded(files: PackFiles, name: str) -> Any:
    """One JSON file as its type. Raises `pack.file_missing`, `pack.not_json` (file, why)."""
    if name not in files:
        if name in OPTIONAL:
            return ()
        raise CityError("pack.file_missing", file=name)
    try:
        return msgspec.json.decode(files[name], type=JSON_FILES[name])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CityError("pack.not_json", file=name, why=str(error)) from None


def area_files(files: PackFiles) -> list[str]:
    """Names of the area layers, sorted. Raises `pack.file_missing` when there is none."""
    names = sorted(name for name in files if name.startswith("areas/") and name.endswith(".geojson"))
    if not names:
        raise CityError("pack.file_missing", file="areas/*.geojson")
    return names


def read_pack(path: str | Path) -> dict[str, bytes]:
    """The pack's files as bytes. Raises `pack.no_folder`, `pack.file_too_big`."""
    root = Path(path)
    if not root.is_dir():
        raise CityError("pack.no_folder", path=str(root))
    return {file.relative_to(root).as_posix(): _read(file) for file in _pack_paths(root)}


def save_pack(path: str | Path, files: PackFiles, on_progress: Callable[[int, int], None] | None = None) -> None:
    """Write a pack's files into a folder, making it; layers that `files` does not name are removed.

    `on_progress(done, total)` is called after each file.
    """
    root = Path(path)
    (root / "areas").mkdir(parents=True, exist_ok=True)
    for done, (name, data) in enumerate(sorted(files.items()), 1):
        (root / name).write_bytes(data)
        if on_progress:
            on_progress(done, len(files))
    for stale in _pack_paths(root):
        if stale.relative_to(root).as_posix() not in files:
            stale.unlink()


def to_json(rows: Any) -> bytes:
    """JSON with one row a line, so that a changed pack reads well in a diff."""
    if not isinstance(rows, list | tuple):
        return msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n"
    return b"[\n" + b",\n".join(msgspec.json.encode(row) for row in rows) + b"\n]\n"


def write_layers(layers: Mapping[str, Layer]) -> dict[str, bytes]:
    """Area layers as pack files: name → GeoJSON."""
    return {f"areas/{name}.geojson": write_layer(layer) for name, layer in layers.items()}


def _pack_paths(root: Path) -> Iterator[Path]:
    known = [*JSON_FILES, "calendar.json", "roads.npz", ORDER]
    yield from (root / name for name in known if (root / name).is_file())
    yield from sorted((root / "areas").glob("*.geojson"))


def _read(file: Path) -> bytes:
    if file.stat().st_size > FILE_BYTES_MAX:
        raise CityError("pack.file_too_big", file=file.name, bytes=file.stat().st_size)
    return file.read_bytes()
