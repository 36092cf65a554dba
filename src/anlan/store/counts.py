"""Roll-ups and the facts behind them: every figure is a number of rows here, so that it can open its matters.

`rollups` holds how many facts a day counted for a slice (domain, ledger, unit, channel, category), `counted` which.
Both are written in the transaction of the fact. A count stays in the slice it was made in: a matter that is classified
anew, forwarded or closed later is still found under what it was when it was counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from anlan.loop.counters import Roll
from anlan.store.database import Connection
from anlan.store.veil import Veil, tests_of

SLICE = ("domain", "ledger", "unit", "channel", "category")
FEW = 1_000
"""A figure below this is gathered slice by slice and sorted; a larger one is walked from its newest day."""

KNOWN_MAX, AT_ONCE = 50_000, 100
"""Slices whose numbers are kept in memory (about 15 MB), and those that are asked for in one statement."""

Facts = tuple[int, int]
"""A matter's number and the version the fact gave it."""


class Slices:
    """The numbers of slices, by their parts: they are never deleted, so what was read once stays true."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], int] = {}
        self._new: list[tuple[str, ...]] = []
        self._filled = False

    def __getitem__(self, one: tuple[str, ...]) -> int:
        return self._known[one]

    def begin(self) -> None:
        """What is met from here on is forgotten by `undo`."""
        self._new.clear()

    def undo(self) -> None:
        """The transaction was rolled back: what it met may not exist."""
        for one in self._new:
            self._known.pop(one, None)
        self._new.clear()

    def meet(self, connection: Connection, some: set[tuple[str, ...]]) -> None:
        """Know the numbers of these, of new ones too. In one order for all, so that two processes do not wait for each
        other."""
        columns = ", ".join(SLICE)
        if not self._filled:
            few = f"SELECT no, {columns} FROM slices ORDER BY no DESC LIMIT ?"
            self._known = {tuple(of): no for no, *of in connection.execute(few, (KNOWN_MAX // 2,))}
            self._filled = True
        elif len(self._known) > KNOWN_MAX:
            self._known.clear()
        new = sorted(some - self._known.keys())
        for at in range(0, len(new), AT_ONCE):
            part = new[at : at + AT_ONCE]
            found = connection.execute(
                f"INSERT INTO slices ({columns}) VALUES {', '.join(['(?, ?, ?, ?, ?)'] * len(part))}"
                f" ON CONFLICT ({columns}) DO UPDATE SET domain = excluded.domain RETURNING no, {columns}",
                [value for one in part for value in one],
            ).fetchall()
            self._known.update({tuple(of): no for no, *of in found})
        self._new += new


class Counted(msgspec.Struct, frozen=True):
    """The facts that one counter counted over city days, both included; `where` narrows the slice ('' is a value).

    `leads`: only what was counted for these units and is theirs still. `after`: the last row's day, matter, version.
    """

    measure: str
    first_day: int
    last_day: int
    where: dict[str, str] = {}
    leads: tuple[str, ...] = ()
    veils: tuple[Veil, ...] = ()
    after: tuple[int, ...] = ()
    limit: int = 50


def write(connection: Connection, counted: Mapping[Roll, Sequence[Facts]], known: Slices) -> None:
    """Add these facts to what was counted."""
    known.meet(connection, {tuple(of) for _, _, *of in counted})
    sums, rows = [], []
    for (measure, day, *of), facts in counted.items():
        no = known[tuple(of)]
        sums.append((measure, day, no, len(facts)))
        rows += [(measure, no, day, matter, version) for matter, version in facts]
    upsert = (
        "INSERT INTO rollups VALUES (?, ?, ?, ?)"
        " ON CONFLICT (measure, day, slice) DO UPDATE SET n = rollups.n + excluded.n"
    )
    connection.executemany(upsert, sums)
    connection.executemany("INSERT INTO counted VALUES (?, ?, ?, ?, ?)", sorted(rows))


def take_back(connection: Connection, rows: Sequence[tuple[Roll, Facts]], known: Slices) -> None:
    """These facts are counted no more; a roll-up of nothing is none."""
    known.meet(connection, {tuple(of) for (_, _, *of), _ in rows})
    for (measure, day, *of), (matter, version) in rows:
        no = known[tuple(of)]
        counted = "DELETE FROM counted WHERE measure = ? AND slice = ? AND day = ? AND matter = ? AND version = ?"
        connection.execute(counted, (measure, no, day, matter, version))
        key = (measure, day, no)
        connection.execute("UPDATE rollups SET n = n - 1 WHERE measure = ? AND day = ? AND slice = ?", key)
        connection.execute("DELETE FROM rollups WHERE measure = ? AND day = ? AND slice = ? AND n = 0", key)


def sums(
    measures: Sequence[str], by: str, first_day: int, last_day: int, where: Mapping[str, str]
) -> tuple[str, list[Any]]:
    """The statement for roll-up sums: rows of (group, measure, n), by a part of the slice or by day."""
    marks = ", ".join("?" * len(measures))
    more = "".join(f" AND s.{key} = ?" for key in where)
    return (
        f"SELECT {by}, r.measure, sum(r.n) FROM rollups r JOIN slices s ON s.no = r.slice"
        f" WHERE r.measure IN ({marks}) AND r.day BETWEEN ? AND ?{more} GROUP BY 1, 2",
        [*measures, first_day, last_day, *where.values()],
    )


def listed(asked: Counted, columns: str, *, few: bool) -> tuple[str, list[Any]]:
    """The statement for the facts themselves, newest day first, with their matters as `m` and titles as `t`."""
    where, values = _where(asked, few=few)
    walked = "c" if few else "r"
    if asked.after:
        where += f" AND {walked}.day <= ? AND (c.day, c.matter, c.version) < (?, ?, ?)"
        values += [asked.after[0], *asked.after]
    return (
        f"SELECT {columns} FROM {_source(few=few)} CROSS JOIN matters m ON m.number = c.matter"
        f" LEFT JOIN titles t ON t.matter = c.matter {where}"
        f" ORDER BY {walked}.day DESC, c.matter DESC, c.version DESC LIMIT ?",
        [*values, asked.limit],
    )


def how_many(asked: Counted, at_most: int) -> tuple[str, list[Any]]:
    """The statement that counts the rows of `listed` over all pages, no further than `at_most`."""
    few = is_narrow(asked)
    where, values = _where(asked, few=few)
    matters = " CROSS JOIN matters m ON m.number = c.matter" if asked.leads or asked.veils else ""
    return f"SELECT count(*) FROM (SELECT 1 FROM {_source(few=few)}{matters} {where} LIMIT ?) few", [*values, at_most]


def is_narrow(asked: Counted) -> bool:
    """Whether the slices asked for are so few that they are better looked up one by one."""
    return bool(asked.leads or set(asked.where) - {"domain"})


def missing(connection: Connection, counted: Mapping[Roll, Sequence[Facts]]) -> set[int]:
    """The matters of which one of these facts is not counted where it should be."""
    found: set[int] = set()
    slices: dict[tuple[str, ...], int] = {}
    sql = "SELECT 1 FROM counted WHERE measure = ? AND slice = ? AND day = ? AND matter = ? AND version = ?"
    for (measure, day, *of), facts in counted.items():
        slice_key = tuple(of)
        if slice_key not in slices:
            row = connection.execute(
                f"SELECT no FROM slices WHERE {' AND '.join(f'{part} = ?' for part in SLICE)}", slice_key
            ).fetchone()
            slices[slice_key] = row[0] if row else 0
        for matter, version in facts:
            if connection.execute(sql, (measure, slices[slice_key], day, matter, version)).fetchone() is None:
                found.add(matter)
    return found


def add_up(connection: Connection, facts: int) -> bool:
    """Whether so many facts are counted and the roll-ups are their numbers."""
    tallies = "SELECT measure, day, slice, count(*) FROM counted GROUP BY measure, slice, day"
    one = connection.execute(f"SELECT * FROM rollups EXCEPT {tallies}").fetchone()
    other = connection.execute(f"{tallies} EXCEPT SELECT * FROM rollups").fetchone()
    total = connection.execute("SELECT count(*) FROM counted").fetchone()[0]
    return one is None and other is None and total == facts


def _source(*, few: bool) -> str:
    if few:
        return "slices s CROSS JOIN counted c ON c.slice = s.no"
    return (
        "rollups r CROSS JOIN slices s ON s.no = r.slice"
        " CROSS JOIN counted c ON c.measure = r.measure AND c.slice = r.slice AND c.day = r.day"
    )


def _where(asked: Counted, *, few: bool) -> tuple[str, list[Any]]:
    walked = "c" if few else "r"
    tests, values = [f"s.{key} = ?" for key in asked.where], list[Any](asked.where.values())
    if asked.leads:
        marks = ", ".join("?" * len(asked.leads))
        tests.append(f"s.unit IN ({marks}) AND m.lead IN ({marks})")
        values += [*asked.leads, *asked.leads]
    hidden, some = tests_of(asked.veils)
    tests += hidden
    values += some
    return (
        " AND ".join([f"WHERE {walked}.measure = ?", f"{walked}.day BETWEEN ? AND ?", *tests]),
        [asked.measure, asked.first_day, asked.last_day, *values],
    )
