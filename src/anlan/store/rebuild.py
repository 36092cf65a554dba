"""`anlan rebuild`: the state tables made anew from the facts, and compared with those that stand.

State is what the facts add up to; a difference is a bug or tampering. Search terms and titles come from the vault and
are not part of the state; they are rebuilt apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec

from anlan.loop.counters import Roll, rolls
from anlan.loop.evolve import evolve
from anlan.loop.fact import decode
from anlan.loop.flow import Flow
from anlan.loop.matter import Matter
from anlan.store import counts
from anlan.store.apply import INSERT_MATTER, INSERT_PART, matter_row, open_parts
from anlan.store.database import connect

Progress = Callable[[int, int], None]
Counted = dict[Roll, list[counts.Facts]]
PART = 2_000


class Rebuilt(msgspec.Struct, frozen=True):
    """How much was replayed, and which matters' stored state differed from it (or did not exist)."""

    facts: int
    matters: int
    different: list[int]


def replayed(connection: apsw.Connection, on_progress: Progress | None = None) -> Iterator[tuple[Matter, Counted, int]]:
    """Each matter in turn with what its facts count for and the number of them."""
    total = connection.execute("SELECT count(*) FROM facts").fetchone()[0]
    matter: Matter | None = None
    counted: Counted = {}
    seen = 0
    for done, (number, body) in enumerate(
        connection.execute("SELECT matter, body FROM facts WHERE version > 0 ORDER BY matter, version"), 1
    ):
        if matter is not None and matter.number != number:
            yield matter, counted, seen
            matter, counted, seen = None, {}, 0
        fact = decode(body)
        after = evolve(matter, fact)
        for roll in rolls(matter, fact, after):
            counted.setdefault(roll, []).append((fact.matter, fact.version))
        matter, seen = after, seen + 1
        if on_progress and done % PART == 0:
            on_progress(done, total)
    if matter is not None:
        yield matter, counted, seen


def compare(path: Path, flows: dict[tuple[str, str], Flow], on_progress: Progress | None = None) -> Rebuilt:
    """Replay everything and compare with the stored rows, byte for byte, roll-ups included. Writes nothing."""
    connection = connect(path, read_only=True)
    stored = connect(path, read_only=True)
    different: list[int] = []
    facts = matters = tallied = 0
    slices, parts = counts.standing(stored), set[tuple[str, int]]()
    for matter, counted, seen in replayed(connection, on_progress):
        row = stored.execute("SELECT * FROM matters WHERE number = ?", (matter.number,)).fetchone()
        if row != matter_row(matter, flows[matter.domain, matter.flow]) or not counts.stand(stored, slices, counted):
            different.append(matter.number)
        parts |= {(unit, matter.number) for unit in open_parts(matter)}
        facts, matters = facts + seen, matters + 1
        tallied += sum(map(len, counted.values()))
    standing = stored.execute("SELECT count(*) FROM matters").fetchone()[0]
    owed = set(stored.execute("SELECT unit, matter FROM assists"))
    if standing != matters or owed != parts or not counts.add_up(stored, tallied):
        different.append(0)
    return Rebuilt(facts, matters, different)


def rebuild(path: Path, flows: dict[tuple[str, str], Flow], on_progress: Progress | None = None) -> Rebuilt:
    """Empty the state tables and fill them from the facts, in one transaction. Nobody may be writing."""
    reading = connect(path, read_only=True)
    writing = connect(path)
    facts = matters = 0
    with writing:
        writing.execute("DELETE FROM matters; DELETE FROM rollups; DELETE FROM counted; DELETE FROM assists")
        part, parts, gathered = list[Any](), list[tuple[str, int]](), Counted()

        def write() -> None:
            writing.executemany(INSERT_MATTER, part)
            writing.executemany(INSERT_PART, parts)
            counts.write(writing, gathered)
            part.clear()
            parts.clear()
            gathered.clear()

        for matter, counted, seen in replayed(reading, on_progress):
            part.append(matter_row(matter, flows[matter.domain, matter.flow]))
            parts += [(unit, matter.number) for unit in open_parts(matter)]
            for roll, behind in counted.items():
                gathered.setdefault(roll, []).extend(behind)
            if len(part) >= PART:
                write()
            facts, matters = facts + seen, matters + 1
        write()
    writing.close()
    return Rebuilt(facts, matters, [])
