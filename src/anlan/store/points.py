"""Matters as points on a map and as counts by district and hour: bare columns, one statement each, small indexes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from anlan.store.apply import DUE_UNKNOWN
from anlan.store.read import CLOSED, OPEN, Shape, ways, where_of

HOUR_MS = 3_600_000
COLUMNS = "m.number, m.lon_e6, m.lat_e6, m.due, m.kind = 'waiting' AND m.officer = ''"
PLAIN = "matters m"


def points(shape: Shape, now: int, near: int, at_most: int) -> tuple[str, list[Any]]:
    """Open matters of a shape: number, place, due, whether it is new, and the state of those for which the minute alone
    does not tell (no due minute, or due within `near` minutes of city minute `now`)."""
    told = f"CASE WHEN m.due = {DUE_UNKNOWN} OR m.due BETWEEN ? AND ? THEN m.state END"
    parts, values = [], list[Any]()
    for one in ways(shape):
        where, some, source = where_of(one)
        parts.append(f"SELECT {COLUMNS}, {told} FROM {_from(source, 'matters_open')} {where} AND {OPEN}")
        values += [now, now + near, *some]
    return f"{' UNION ALL '.join(parts)} LIMIT ?", [*values, at_most]


def points_then(shape: Shape, at: int, at_most: int) -> tuple[str, list[Any]]:
    """Those of a shape that were open at UTC millisecond `at`: the still open and those closed since. What stage they
    were in then the columns do not tell, so stages, kinds and due times of the shape are left out."""
    plain = msgspec.structs.replace(shape, stages=(), kinds=(), due_before=0)
    parts, values = [], list[Any]()
    for one in ways(plain):
        where, some, source = where_of(one)
        for index, open_then, bound in (
            ("matters_open", f"{OPEN} AND m.opened_at <= ?", [at]),
            ("matters_by_closing", f"{CLOSED} AND m.closed_at > ? AND m.opened_at <= ?", [at, at]),
        ):
            parts.append(f"SELECT m.number, m.lon_e6, m.lat_e6 FROM {_from(source, index)} {where} AND {open_then}")
            values += [*some, *bound]
    return f"{' UNION ALL '.join(parts)} LIMIT ?", [*values, at_most]


def standing(leads: tuple[str, ...], now: int) -> tuple[str, list[Any]]:
    """Open matters by ledger: rows of (ledger, how many, how many of them late at city minute `now`)."""
    narrow, values = _led(leads)
    return (
        "SELECT m.ledger, count(*), count(*) FILTER (WHERE m.due < ?) FROM matters m INDEXED BY matters_open"
        f" WHERE {OPEN}{narrow} GROUP BY 1",
        [now, *values],
    )


def hourly(leads: tuple[str, ...], first: int, end: int) -> tuple[str, list[Any]]:
    """Matters opened from UTC millisecond `first` up to `end`: rows of (whole hour since 1970, ledger, how many)."""
    narrow, values = _led(leads)
    return (
        f"SELECT m.opened_at / {HOUR_MS}, m.ledger, count(*) FROM matters m INDEXED BY matters_by_opening"
        f" WHERE m.opened_at >= ? AND m.opened_at < ?{narrow} GROUP BY 1, 2",
        [first, end, *values],
    )


def around(lead: str, closed: Sequence[str], since: int, box: Sequence[int], at_most: int) -> tuple[str, list[Any]]:
    """What a unit leads in a box (west, south, east, north in millionths of a degree), opened since UTC millisecond
    `since`: rows of (number, lon_e6, lat_e6), the open before the closed. Of each stage in `closed` the newest
    `at_most` are looked at: their rows are read one by one."""
    west, south, east, north = box
    columns = "m.number, m.lon_e6, m.lat_e6"
    here = "m.lon_e6 BETWEEN ? AND ? AND m.lat_e6 BETWEEN ? AND ? AND m.opened_at >= ?"
    test = [west, east, south, north, since]
    parts = [f"SELECT {columns} FROM {_from(PLAIN, 'matters_open')} WHERE m.lead = ? AND {OPEN} AND {here}"]
    values: list[Any] = [lead, *test]
    for stage in closed:
        newest = "SELECT number FROM matters WHERE lead = ? AND stage = ? ORDER BY number DESC LIMIT ?"
        parts.append(f"SELECT {columns} FROM ({newest}) n CROSS JOIN matters m ON m.number = n.number WHERE {here}")
        values += [lead, stage, at_most, *test]
    return f"{' UNION ALL '.join(parts)} LIMIT ?", [*values, at_most]


FIRST = "SELECT min(opened_at) FROM matters"
"""When the first matter of all was opened."""


def _led(leads: tuple[str, ...]) -> tuple[str, list[Any]]:
    return (f" AND m.lead IN ({', '.join('?' * len(leads))})", list(leads)) if leads else ("", [])


def _from(source: str, index: str) -> str:
    return f"{PLAIN} INDEXED BY {index}" if source == PLAIN else source
