"""One commit inside the writer's transaction: check, number, stamp, evolve, append, and the rows that follow from it.

Everything here happens or nothing does. Checks come before the first write, so a refusal leaves no trace in a batch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from anlan.loop.counters import Roll, rolls, taken_back
from anlan.loop.errors import Conflict, Refused
from anlan.loop.evolve import evolve, stamp
from anlan.loop.fact import Fact, encode
from anlan.loop.flow import Flow
from anlan.loop.matter import Matter, number_of
from anlan.store import counts
from anlan.store.commit import Change, Commit, Done, Receipt
from anlan.store.database import Connection, Database, Rows, Values
from anlan.store.standing import Standing
from anlan.store.tree import Trees

DUE_UNKNOWN = 2**53 - 1
FIRST = itemgetter(0)
"""Rows go in by their key: pages are found in turn, and FTS5 begins a new piece of its index at every step back."""
_state = msgspec.json.Encoder(order="sorted")
_decode_state = msgspec.json.Decoder(Matter)

MATTER_COLUMNS = (
    "number, version, domain, flow, stage, kind, lead, officer, ledger, category, channel, opened_at, due,"
    " lon_e6, lat_e6, closed_at, parent, state"
)
INSERT_MATTER = f"INSERT INTO matters ({MATTER_COLUMNS}) VALUES ({', '.join('?' * 18)})"
MOVING = (1, 4, 5, 6, 7, 9, 12, 13, 14, 15, 16, 17)
"""Where `matter_row` has what a fact may change."""
UPDATE_MATTER = (
    "UPDATE matters SET version = ?, stage = ?, kind = ?, lead = ?, officer = ?, category = ?, due = ?, lon_e6 = ?,"
    " lat_e6 = ?, closed_at = ?, parent = ?, state = ? WHERE number = ?"
)
GATHERED = re.compile(r"\b(?:matters|assists|receipts|requests|parties|sealed|titles|search|features)\b")
"""The tables whose rows a batch keeps back: they are written before a statement that names one of them."""
FORGET = (
    "DELETE FROM titles WHERE matter = ?",
    "DELETE FROM features WHERE matter = ?",
    "DELETE FROM search WHERE rowid = ?",
)
INSERT_PART = "INSERT INTO assists VALUES (?, ?)"
DELETE_PART = "DELETE FROM assists WHERE unit = ? AND matter = ?"
SET_COUNTER = "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
INSERT_FACT = "INSERT INTO facts (ledger, seq, matter, version, body) VALUES (?, ?, ?, ?, ?)"


def encode_state(matter: Matter) -> bytes:
    """The state's canonical bytes: what a rebuild must reproduce exactly."""
    return _state.encode(matter)


def decode_state(raw: bytes) -> Matter:
    """The matter whose bytes these are."""
    return _decode_state.decode(raw)


def states(run: Callable[[str, Values], Rows], numbers: Sequence[int]) -> dict[int, Matter]:
    """Those of these numbers (a few) that there are, as `run` sees them."""
    if not numbers:
        return {}
    marks = ", ".join("?" * len(numbers))
    rows = run(f"SELECT number, state FROM matters WHERE number IN ({marks})", numbers)
    return {number: decode_state(state) for number, state in rows}


def matter_row(matter: Matter, flow: Flow) -> tuple[Any, ...]:
    """The state with the columns lists are asked by."""
    stage = flow.stage(matter.stage)
    due = matter.due_minute(stage.clock)
    place = matter.place
    return (
        matter.number,
        matter.version,
        matter.domain,
        matter.flow,
        matter.stage,
        stage.kind,
        matter.lead,
        matter.officer,
        matter.ledger,
        matter.category,
        matter.channel,
        matter.opened_at,
        DUE_UNKNOWN if due is None else due,
        place.lon_e6 if place else None,
        place.lat_e6 if place else None,
        matter.closed_at,
        matter.parent,
        encode_state(matter),
    )


def open_parts(matter: Matter | None) -> tuple[str, ...]:
    """The units in whose queue the matter stands for a part of theirs: none once it is closed."""
    return matter.open_assists if matter is not None and not matter.closed_at else ()


class Touched(msgspec.Struct):
    """A matter as the batch leaves it so far, whether it is new, and the units that had a part in it before."""

    matter: Matter
    flow: Flow
    is_new: bool
    parts: tuple[str, ...]


class Batch:
    """The writes of one transaction, gathered so that each table is written once.

    `sequences` and `slices` are the writer's, to be restored by it when the batch is rolled back.
    """

    def __init__(
        self,
        database: Database,
        connection: Connection,
        trees: Trees,
        sequences: dict[tuple[str, int], int],
        slices: counts.Slices,
    ) -> None:
        self._database, self._connection, self._run = database, connection, connection.execute
        self._trees = trees
        self._sequences, self._slices = sequences, slices
        self._used: set[tuple[str, int]] = set()
        self._standing = Standing()
        self._touched: dict[int, Touched] = {}
        self._gathered: dict[str, list[Values]] = {}
        self._counted: dict[Roll, list[counts.Facts]] = {}
        self._taken_back: list[tuple[Roll, counts.Facts]] = []
        self._bodies: list[tuple[int, int, int, int, bytes]] = []

    @property
    def wrote(self) -> int:
        """How many facts there are so far."""
        return len(self._bodies)

    def ask(self, commits: Iterable[Commit]) -> None:
        """Before any of these commits is applied: what they have to know of the record, in one go."""
        self._standing.ask(self._connection, commits)

    def apply(self, commit: Commit) -> Done:
        """Write one commit. Raises Conflict or Refused before anything of it is written."""
        if commit.request and (done := self._replayed(commit.request)):
            return done
        if commit.receipt and (done := self._known(commit.receipt)):
            return done
        for change in commit.changes:
            self._check_version(change)
        for sql, values, refusal in commit.checks:
            if self._now(sql, values).fetchone() is None:
                raise refusal
        done = Done()
        for change in commit.changes:
            done.matters.append(self._change(change, commit, done))
        for number, ledger, draft in commit.readings:
            self._append(ledger, Fact(draft[0], number, 0, commit.at, commit.actor, draft[1]))
        self._rows(commit, done)
        if commit.answer:
            done.look = self._look
            done.answer = commit.answer(done)
            done.look = None
        if commit.request:
            key, body = commit.request
            self._standing.requests.add(key)
            self._gather("INSERT INTO requests VALUES (?, ?, ?, ?)", (key, body, done.answer, commit.at))
        return done

    def finish(self) -> None:
        """Write what the batch gathered: state, sequences, roll-ups, and last the facts, in the order of all facts."""
        self._flush()
        used = [(f"{ledger}/{year}", self._sequences[ledger, year]) for ledger, year in self._used]
        self._connection.executemany(SET_COUNTER, used)
        counts.write(self._connection, self._counted, self._slices)
        counts.take_back(self._connection, self._taken_back, self._slices)
        if self._bodies:
            self._database.take_order(self._connection)
            self._connection.executemany(INSERT_FACT, self._bodies)

    def _replayed(self, request: tuple[bytes, bytes]) -> Done | None:
        if request[0] not in self._standing.requests:
            return None
        row = self._now("SELECT body, answer FROM requests WHERE key = ?", (request[0],)).fetchone()
        if row[0] != request[1]:
            raise Refused("request.key_reused")
        return Done(replayed=True, answer=row[1])

    def _known(self, receipt: Receipt) -> Done | None:
        key = (receipt.channel, receipt.outside_id)
        if key not in self._standing.receipts:
            return None
        found = self._now(
            "SELECT r.number, m.state FROM receipts r JOIN matters m ON m.number = r.matter"
            " WHERE r.channel = ? AND r.outside_id = ?",
            key,
        ).fetchone()
        return Done([decode_state(found[1])], receipt=found[0], replayed=True)

    def _check_version(self, change: Change) -> None:
        if change.base is None or change.latest:
            return
        version = self._standing.versions.get(change.base.number)
        if version is None:
            raise Refused("matter.unknown", matter=change.base.number)
        if version != change.base.version:
            raise Conflict(change.base.number, change.base.version, version)

    def _change(self, change: Change, commit: Commit, done: Done) -> Matter:
        before, drafts = change.base, change.drafts
        if change.tells_first:
            drafts = [(kind, {**data, "number": done.matters[0].number}) for kind, data in drafts]
        if before is not None and change.latest:
            before = self._look([before.number])[before.number]
        if before is None:
            number, version = self._next(change.ledger, commit.year), 0
            done.receipt = done.receipt or number
        else:
            number, version = before.number, before.version
            if commit.receipt and commit.receipt.joins and not done.receipt:
                done.receipt = self._next(change.ledger, commit.year)
                drafts = [(kind, _with_receipt(data, done.receipt)) for kind, data in drafts]
        matter = before
        for fact in stamp(drafts, number, version, commit.at, commit.actor):
            after = evolve(matter, fact)
            self._append(change.ledger, fact)
            self._count(matter, fact, after)
            matter = after
        assert matter is not None, "a change has at least one draft"
        touched = self._touched.get(number)
        if touched is None:
            self._touched[number] = Touched(matter, change.flow, before is None, open_parts(before))
        else:
            touched.matter = matter
        self._standing.versions[number] = matter.version
        return matter

    def _look(self, numbers: Sequence[int]) -> dict[int, Matter]:
        found = {number: touched.matter for number in numbers if (touched := self._touched.get(number))}
        return found | states(self._run, [number for number in numbers if number not in found])

    def _append(self, ledger: str, fact: Fact) -> None:
        body = encode(fact)
        tree = self._trees.of(ledger)
        self._bodies.append((tree.no, tree.append(body), fact.matter, fact.version, body))

    def _count(self, before: Matter | None, fact: Fact, after: Matter) -> None:
        for roll in rolls(before, fact, after):
            self._counted.setdefault(roll, []).append((fact.matter, fact.version))
        self._taken_back += [(roll, (fact.matter, version)) for roll, version in taken_back(fact, after)]

    def _next(self, ledger: str, year: int) -> int:
        key = (ledger, year)
        self._sequences[key] = self._sequences.get(key, 0) + 1
        self._used.add(key)
        return number_of(ledger, year, self._sequences[key])

    def _rows(self, commit: Commit, done: Done) -> None:
        gather = self._gather
        if receipt := commit.receipt:
            key = (receipt.channel, receipt.outside_id)
            self._standing.receipts.add(key)
            row = (done.receipt, done.matters[0].number, *key, receipt.party, receipt.code)
            gather("INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)", row)
        for party in commit.parties:
            gather("INSERT INTO parties VALUES (?, ?)", party)
        for box in commit.sealed:
            gather("INSERT INTO sealed VALUES (?, ?, ?)", (box.id, box.key, box.box))
        if shown := commit.shown:
            number = done.matters[0].number
            gather("INSERT INTO titles VALUES (?, ?)", (number, shown.title))
            gather("INSERT INTO search (rowid, terms) VALUES (?, ?)", (number, shown.terms))
            if shown.features:
                gather("INSERT INTO features VALUES (?, ?)", (number, shown.features))
        for sql, values in commit.rows:
            self._now(sql, values)
        for number in commit.forgets:
            for sql in FORGET:
                self._now(sql, (number,))
        if commit.forgets:
            self._database.forget(self._connection)

    def _gather(self, sql: str, row: Values) -> None:
        self._gathered.setdefault(sql, []).append(row)

    def _now(self, sql: str, values: Values) -> Rows:
        """Run a statement that finds what the batch has written so far."""
        if GATHERED.search(sql):
            self._flush()
        return self._run(sql, values)

    def _flush(self) -> None:
        many = self._connection.executemany
        touched, self._touched = self._touched.values(), {}
        gathered, self._gathered = self._gathered, {}
        if touched:
            rows = [(matter_row(one.matter, one.flow), one.is_new) for one in touched]
            many(INSERT_MATTER, sorted((row for row, is_new in rows if is_new), key=FIRST))
            many(UPDATE_MATTER, [(*[row[at] for at in MOVING], row[0]) for row, is_new in rows if not is_new])
            parts = [(one.matter.number, one.parts, open_parts(one.matter)) for one in touched]
            many(DELETE_PART, [(unit, no) for no, before, after in parts for unit in before if unit not in after])
            many(INSERT_PART, [(unit, no) for no, before, after in parts for unit in after if unit not in before])
        for sql, some in gathered.items():
            many(sql, sorted(some, key=FIRST))


def _with_receipt(data: dict[str, Any], receipt: int) -> dict[str, Any]:
    if "parties" not in data:
        return data
    return {**data, "parties": [{**party, "receipt": receipt} for party in data["parties"]]}
