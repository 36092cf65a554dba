"""What is read of duty rosters. Statements only; `Reader.listed` runs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Statement = tuple[str, Sequence[Any]]

SET_WEEK = "INSERT INTO duty_weeks VALUES (?, ?, ?) ON CONFLICT (unit, monday) DO UPDATE SET version = excluded.version"
COLUMNS = "unit, day, shift, place, officer, begins, ends"
SHIFT_MINUTES_MAX = 48 * 60
REST_MINUTES = 8 * 60
STANDS = "SELECT 1 WHERE (SELECT coalesce(max(version), 0) FROM duty_weeks WHERE unit = ? AND monday = ?) = ?"
"""Whether a week still is of the version that was seen."""
FREE = (
    "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM duties WHERE officer = ? AND begins < ? AND begins > ? AND ends > ?"
    " AND NOT (unit = ? AND day BETWEEN ? AND ?))"
)
"""Whether somebody has no other duty so near that no rest lies between; one week of one unit is left out."""


def week(unit: str, monday: int) -> Statement:
    """A unit's duties of the week that begins on that day."""
    sql = f"SELECT {COLUMNS} FROM duties WHERE unit = ? AND day BETWEEN ? AND ? ORDER BY day, begins, place"
    return sql, (unit, monday, monday + 6)


def version(unit: str, monday: int) -> Statement:
    """How often a week was written; no row for never."""
    return "SELECT version FROM duty_weeks WHERE unit = ? AND monday = ?", (unit, monday)


def of_officers(officers: Sequence[str], begins: int, ends: int) -> Statement:
    """The duties of these people that touch the time between two city minutes."""
    marks = ", ".join("?" * len(officers))
    sql = f"SELECT {COLUMNS} FROM duties WHERE officer IN ({marks}) AND begins < ? AND begins > ? AND ends > ?"
    return sql, (*officers, ends, begins - SHIFT_MINUTES_MAX, begins)


def at(minute: int, unit: str = "") -> Statement:
    """Who is on duty at a city minute, of one unit or of all."""
    sql = f"SELECT {COLUMNS} FROM duties WHERE begins <= ? AND begins > ? AND ends > ?"
    values = (minute, minute - SHIFT_MINUTES_MAX, minute)
    order = "ORDER BY unit, begins, place"
    return (f"{sql} AND unit = ? {order}", (*values, unit)) if unit else (f"{sql} {order}", values)
