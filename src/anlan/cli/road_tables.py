"""Road graphs and places from tables of any city: columns are known by their names, whatever their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.cli.table import rows
from anlan.engines.errors import EngineError
from anlan.engines.travel.network import Network
from anlan.engines.travel.osm import read_osm
from anlan.engines.travel.roads import Roads

ID: Final = ("node", "node_id", "id", "index")
LON: Final = ("lon", "lng", "longitude", "x")
LAT: Final = ("lat", "latitude", "y")
TAIL: Final = ("from_node", "from", "tail", "source", "u")
HEAD: Final = ("to_node", "to", "head", "target", "v")
METRES: Final = {"metres": 1.0, "distance_m": 1.0, "length_m": 1.0, "distance_km": 1000.0, "length_km": 1000.0}
SECONDS: Final = re.compile(r"(?:t|seconds|time)(?:_(?P<vehicle>[a-z0-9_]+?))?(?:_s)?")
"""`seconds`, `t_lights_s`, `seconds_normal`: what stands in the middle is the vehicle class, `car` for nothing."""


@dataclass(frozen=True)
class Table:
    """A file's columns by their (lower-case) names."""

    file: str
    columns: dict[str, list[str]]

    def find(self, names: Sequence[str]) -> list[str]:
        """The first of these columns that is there. Raises `table.column_missing`."""
        for name in names:
            if name in self.columns:
                return self.columns[name]
        raise EngineError("table.column_missing", file=self.file, column=" / ".join(names), has=", ".join(self.columns))

    def numbers(self, names: Sequence[str]) -> NDArray[np.float64]:
        """The same as numbers. Raises `table.not_a_number` with the line."""
        cells = self.find(names)
        try:
            return np.array(cells, np.float64)
        except ValueError:
            for line, cell in enumerate(cells, 2):
                if not _is_number(cell):
                    raise EngineError("table.not_a_number", file=self.file, line=line, cell=cell) from None
            raise


def read_table(path: Path) -> Table:
    """A CSV, .gz or .xlsx with a header. Raises `table.empty`, `table.short_row`, `table.missing`."""
    if not path.is_file():
        raise EngineError("table.missing", file=str(path))
    lines = list(rows(path))
    if len(lines) < 2:
        raise EngineError("table.empty", file=path.name)
    names = [name.strip().lower() for name in lines[0][1]]
    for line, cells in lines[1:]:
        if len(cells) != len(names):
            raise EngineError("table.short_row", file=path.name, line=line, found=len(cells), expected=len(names))
    columns = zip(*(cells for _, cells in lines[1:]), strict=True)
    return Table(path.name, {name: list(cells) for name, cells in zip(names, columns, strict=True)})


def read_roads(nodes: Path, arcs: Path) -> tuple[Roads, list[str]]:
    """Roads from a table of nodes and one of arcs, and each node's own id. Raises EngineError."""
    node, arc = read_table(nodes), read_table(arcs)
    ids = [name.strip() for name in node.find(ID)]
    number = {name: n for n, name in enumerate(ids)}
    if len(number) != len(ids):
        raise EngineError("table.id_twice", file=node.file)
    ends = []
    for names in (TAIL, HEAD):
        said = [name.strip() for name in arc.find(names)]
        for line, name in enumerate(said, 2):
            if name not in number:
                raise EngineError("table.node_unknown", file=arc.file, line=line, node=name)
        ends.append(np.array([number[name] for name in said], np.int32))
    known = next((name for name in METRES if name in arc.columns), "metres")
    metres = arc.numbers([known]) * METRES[known]
    return Roads(node.numbers(LON), node.numbers(LAT), ends[0], ends[1], metres, _seconds(arc)), ids


def network_of(saved: Path | None, nodes: Path | None, arcs: Path | None, osm: Path | None) -> Network:
    """A network that was saved, or one made of tables or of an OpenStreetMap extract. Raises `table.no_roads`."""
    for path in (saved, osm):
        if path is not None and not path.is_file():
            raise EngineError("table.missing", file=str(path))
    if saved is not None:
        try:
            return Network.load(saved.read_bytes())
        except ValueError as error:
            raise (
                error if isinstance(error, EngineError) else EngineError("table.not_saved", file=saved.name)
            ) from error
    if osm is not None:
        return Network(read_osm(osm.read_bytes(), osm.name[osm.name.find(".osm") + 1 :] or "pbf").roads)
    if nodes is None or arcs is None:
        raise EngineError("table.no_roads")
    return Network(read_roads(nodes, arcs)[0])


def read_places(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], Table]:
    """Longitudes and latitudes of a table of places, and the table."""
    table = read_table(path)
    return table.numbers(LON), table.numbers(LAT), table


def _seconds(arc: Table) -> dict[str, NDArray[np.float64]]:
    found = {}
    for name in arc.columns:
        match = SECONDS.fullmatch(name)
        if match:
            found[match["vehicle"] or "car"] = arc.numbers([name])
    if not found:
        arc.find(("seconds", "t_…_s"))
    return found


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
