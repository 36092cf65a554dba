"""`anlan rebuild`: the state tables made anew from the facts, and compared with those that stand.

State is what the facts add up to; a difference is a bug or tampering. Matters are dealt to the machine's cores in
ranges of their numbers. Titles, search terms and feature rows come from the vault and are no part of the state; they
are made again where the caller says how (`Finding`, see `app.reindex`).
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from typing import Any

import msgspec

from anlan.loop.counters import Roll, rolls, taken_back
from anlan.loop.evolve import evolve
from anlan.loop.fact import decode
from anlan.loop.flow import Flow
from anlan.loop.matter import Matter
from anlan.store import counts
from anlan.store.apply import INSERT_MATTER, INSERT_PART, matter_row, open_parts
from anlan.store.database import Connection, Database

Progress = Callable[[int, int], None]
Flows = dict[tuple[str, str], Flow]
Text = tuple[int, str, bool]
"""A matter's number, the id of its text, whether it is open and has no feature row."""
Found = tuple[int, str, str, bytes]
"""A matter's number, its redacted title, search terms, and the feature row it lacked (else empty)."""
Finding = Callable[[list[Text]], list[Found]]
RANGE = 4_000
"""Matters replayed at a time: about 10 MB of rows on their way between processes."""
ALONE_MAX = 20_000
"""So few facts are replayed faster here than by calling others in."""


class Rebuilt(msgspec.Struct, frozen=True):
    """How much was replayed, and which matters' stored state differed from it (or did not exist; 0: the roll-ups)."""

    facts: int
    matters: int
    different: list[int]


class Part(msgspec.Struct):
    """What a range of matters came to: its rows and what finds them, or the numbers of those that differ."""

    rows: list[tuple[Any, ...]] = []
    found: list[Found] = []
    different: list[int] = []
    counted: dict[Roll, list[counts.Facts]] = {}
    owed: list[tuple[str, int]] = []
    tallied: int = 0
    facts: int = 0
    matters: int = 0


def compare(database: Database, flows: Flows, on_progress: Progress | None = None) -> Rebuilt:
    """Replay everything and compare with the stored rows, byte for byte, roll-ups included. Writes nothing."""
    connection = database.connect(read_only=True)
    whole = Part()
    for part in _parts(connection, database, partial(_compared, flows), on_progress):
        whole.different += part.different
        _add(whole, part)
    standing = connection.execute("SELECT count(*) FROM matters").fetchone()[0]
    owed = set(connection.execute("SELECT unit, matter FROM assists"))
    if standing != whole.matters or owed != set(whole.owed) or not counts.add_up(connection, whole.tallied):
        whole.different.append(0)
    return Rebuilt(whole.facts, whole.matters, whole.different)


def rebuild(
    database: Database, flows: Flows, on_progress: Progress | None = None, finding: Finding | None = None
) -> Rebuilt:
    """Empty the state tables and fill them from the facts, in one transaction. Nobody may be writing.

    With `finding`, titles and search terms are made anew too, and feature rows that open matters lack.
    """
    connection = database.connect()
    whole, slices = Part(), counts.Slices()
    with connection:
        parts = _parts(connection, database, partial(_replayed, flows, finding), on_progress)
        first = next(parts, Part())  # what comes next is replayed while the tables are emptied
        finish = database.clear(connection, found=finding is not None)
        for part in chain([first], parts):
            connection.executemany(INSERT_MATTER, part.rows)
            connection.executemany(INSERT_PART, part.owed)
            counts.write(connection, part.counted, slices)
            _fill_found(connection, part.found)
            _add(whole, part)
        for sql in finish:
            connection.execute(sql)
    connection.close()
    return Rebuilt(whole.facts, whole.matters, [])


def _fill_found(connection: Connection, found: list[Found]) -> None:
    connection.executemany("INSERT INTO titles VALUES (?, ?)", [(number, title) for number, title, _, _ in found])
    connection.executemany("INSERT INTO search (rowid, terms) VALUES (?, ?)", [(n, terms) for n, _, terms, _ in found])
    connection.executemany("INSERT INTO features VALUES (?, ?)", [(n, row) for n, _, _, row in found if row])


def _parts(
    connection: Connection,
    database: Database,
    work: Callable[[Connection, tuple[int, int]], Part],
    on_progress: Progress | None,
) -> Iterator[Part]:
    """What `work` makes of each range of matters, in order: here when they are few, else on all cores."""
    total = connection.execute("SELECT count(*) FROM facts").fetchone()[0]
    ranges = _ranges(connection)
    if total <= ALONE_MAX or not database.elsewhere:
        yield from (work(connection, one) for one in ranges)
        return
    done = 0
    with ProcessPoolExecutor(os.cpu_count(), initializer=gc.disable) as pool:  # a replay makes no cycles
        for part in pool.map(partial(_elsewhere, database, work), ranges):
            yield part
            done += part.facts
            if on_progress:
                on_progress(done, total)


def _ranges(connection: Connection) -> list[tuple[int, int]]:
    """First and last number of each range of RANGE matters."""
    found: list[tuple[int, int]] = []
    numbers: list[int] = []
    for (number,) in connection.execute("SELECT matter FROM facts WHERE version = 1 ORDER BY matter"):
        numbers.append(number)
        if len(numbers) == RANGE:
            found.append((numbers[0], number))
            numbers.clear()
    return [*found, (numbers[0], numbers[-1])] if numbers else found


def _elsewhere(database: Database, work: Callable[[Connection, tuple[int, int]], Part], one: tuple[int, int]) -> Part:
    connection = database.connect(read_only=True)
    try:
        return work(connection, one)
    finally:
        connection.close()


def _replayed(flows: Flows, finding: Finding | None, connection: Connection, one: tuple[int, int]) -> Part:
    part, texts = Part(), list[Text]()
    have = {number for (number,) in connection.execute("SELECT matter FROM features WHERE matter BETWEEN ? AND ?", one)}
    for matter in _matters(connection, one, part):
        flow = flows[matter.domain, matter.flow]
        part.rows.append(matter_row(matter, flow))
        texts.append((matter.number, matter.text, matter.stage != flow.closed and matter.number not in have))
    if finding:
        part.found = finding(texts)
    return part


def _compared(flows: Flows, connection: Connection, one: tuple[int, int]) -> Part:
    part = Part()
    stored = connection.execute("SELECT * FROM matters WHERE number BETWEEN ? AND ? ORDER BY number", one)
    standing = {row[0]: row for row in stored}
    for matter in _matters(connection, one, part):
        if standing.get(matter.number) != matter_row(matter, flows[matter.domain, matter.flow]):
            part.different.append(matter.number)
    part.different = sorted({*part.different, *counts.missing(connection, part.counted)})
    part.counted = {}
    return part


def _matters(connection: Connection, one: tuple[int, int], part: Part) -> Iterator[Matter]:
    """Each matter of a range as its facts add up; what was counted, and by whom a part is owed, goes into `part`."""
    matter: Matter | None = None
    for (body,) in connection.execute(
        "SELECT body FROM facts WHERE matter BETWEEN ? AND ? AND version > 0 ORDER BY matter, version", one
    ):
        fact = decode(body)
        if matter is not None and matter.number != fact.matter:
            yield matter
            _end(part, matter)
            matter = None
        after = evolve(matter, fact)
        for roll in rolls(matter, fact, after):
            part.counted.setdefault(roll, []).append((fact.matter, fact.version))
            part.tallied += 1
        for roll, version in taken_back(fact, after):
            part.counted[roll].remove((fact.matter, version))
            part.tallied -= 1
            if not part.counted[roll]:
                del part.counted[roll]
        part.facts += 1
        matter = after
    if matter is not None:
        yield matter
        _end(part, matter)


def _end(part: Part, matter: Matter) -> None:
    part.matters += 1
    part.owed += [(unit, matter.number) for unit in open_parts(matter)]


def _add(whole: Part, part: Part) -> None:
    whole.owed += part.owed
    whole.tallied += part.tallied
    whole.facts += part.facts
    whole.matters += part.matters
