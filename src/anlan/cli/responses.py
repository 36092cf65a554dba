"""Tables of responses to calls, a row for each unit that was sent: under our names of columns, or DataSF's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from anlan.cli.road_tables import LAT, LON, Table, read_table
from anlan.engines.errors import EngineError
from anlan.engines.replay import Record
from anlan.engines.travel.sphere import Floats

INCIDENT: Final = ("incident", "incident number")
UNIT: Final = ("unit", "unit id")
KIND: Final = ("kind", "unit type")
SENT: Final = ("sent", "dispatch dttm")
ROLLING: Final = ("rolling", "response dttm")
SCENE: Final = ("on_scene", "on scene dttm")
FREE: Final = ("free", "available dttm")
PLACE: Final = ("location",)
TURN: Final = ("order", "unit sequence in call dispatch")
FORMATS: Final = ("%m/%d/%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
PAIR: Final = re.compile(r"\(\s*(-?\d+\.?\d*)\s*,\s*(-?\d+\.?\d*)\s*\)")
"""DataSF's place: (latitude, longitude)."""


def read_record(path: Path) -> tuple[Record, list[str], list[str], datetime]:
    """The record, the units' names, the kinds' names, and the moment its seconds count from.

    Rows without a time of sending, of being free again or a place are left out, and those free before they were sent.
    Raises EngineError, `table.time` for a time that is none.
    """
    table = read_table(path)
    sent, rolling, scene, free = (_times(table, names) for names in (SENT, ROLLING, SCENE, FREE))
    lon, lat = _places(table)
    usable = np.isfinite(sent) & np.isfinite(free) & (free >= sent) & np.isfinite(lon) & np.isfinite(lat)
    if not usable.any():
        raise EngineError("replay.lengths", responses=0)
    incident, _ = _numbered(table.find(INCIDENT))
    unit, units = _numbered(table.find(UNIT))
    of_row, kinds = _numbered(table.find(KIND)) if any(k in table.columns for k in KIND) else (unit * 0, ["unit"])
    kind = np.zeros(len(units), np.int32)
    kind[unit[::-1]] = of_row[::-1]
    turn = table.numbers(TURN) if any(name in table.columns for name in TURN) else np.zeros(len(sent))
    rows = np.flatnonzero(usable)
    rows = rows[np.lexsort((rows, turn[rows], sent[rows]))]
    begin = float(sent[rows[0]])
    sent, rolling, scene, free = (column[rows] - begin for column in (sent, rolling, scene, free))
    record = Record(incident[rows], unit[rows], kind, sent, rolling, scene, free, lon[rows], lat[rows])
    return record, units, kinds, datetime.fromtimestamp(begin, UTC)


def read_homes(path: Path, units: list[str]) -> Floats:
    """Where each of these units waits, shape (units, 2); NaN for those that the table does not have."""
    table = read_table(path)
    said = dict(zip(table.find(UNIT), zip(table.numbers(LON), table.numbers(LAT), strict=True), strict=True))
    return np.array([said.get(name, (np.nan, np.nan)) for name in units], np.float64)


def _times(table: Table, names: tuple[str, ...]) -> Floats:
    """Seconds as if the clock on the wall were UTC, NaN for an empty cell."""
    found = np.full(len(table.find(names)), np.nan)
    for n, cell in enumerate(table.find(names)):
        if cell.strip():
            found[n] = _moment(table, n + 2, cell.strip())
    return found


def _moment(table: Table, line: int, cell: str) -> float:
    for form in FORMATS:
        try:
            return datetime.strptime(cell, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise EngineError("table.time", file=table.file, line=line, cell=cell[:40])


def _places(table: Table) -> tuple[Floats, Floats]:
    if PLACE[0] not in table.columns:
        return table.numbers(LON), table.numbers(LAT)
    pairs = [PAIR.search(cell) for cell in table.columns[PLACE[0]]]
    lat, lon = (np.array([float(pair[k]) if pair else np.nan for pair in pairs]) for k in (1, 2))
    return lon, lat


def _numbered(cells: list[str]) -> tuple[np.ndarray, list[str]]:
    names, numbers = np.unique([cell.strip() for cell in cells], return_inverse=True)
    return numbers.astype(np.int32), names.tolist()
