"""One commit inside the writer's transaction: check, number, stamp, evolve, append, and the rows that follow from it.

Everything here happens or nothing does. Checks come before the first write, so a refusal leaves no trace in a batch.
"""

from __future__ import annotations

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
from anlan.store.database import Connection, Database
from anlan.store.tree import Trees

DUE_UNKNOWN = 2**53 - 1
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
FORGET = (
    "DELETE FROM titles WHERE matter = ?",
    "DELETE FROM features WHERE matter = ?",
    "DELETE FROM search WHERE rowid = ?",
)
INSERT_PART = "INSERT INTO assists VALUES (?, ?)"
SET_COUNTER = "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
INSERT_FACT = "INSERT INTO facts (ledger, seq, matter, version, body) VALUES (?, ?, ?, ?, ?)"


def encode_state(matter: Matter) -> bytes:
    """The state's canonical bytes: what a rebuild must reproduce exactly."""
    return _state.encode(matter)


def decode_state(raw: bytes) -> Matter:
    """The matter whose bytes these are."""
    return _decode_state.decode(raw)


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


class Batch:
    """The writes of one transaction, gathered so that counters and sequences go to disk once."""

    def __init__(
        self, database: Database, connection: Connection, trees: Trees, sequences: dict[tuple[str, int], int]
    ) -> None:
        self._database, self._connection, self._run = database, connection, connection.execute
        self._trees = trees
        self._sequences = sequences
        self._used: set[tuple[str, int]] = set()
        self._counted: dict[Roll, list[counts.Facts]] = {}
        self._taken_back: list[tuple[Roll, counts.Facts]] = []
        self._bodies: list[tuple[int, int, int, int, bytes]] = []

    @property
    def wrote(self) -> int:
        """How many facts there are so far."""
        return len(self._bodies)

    def apply(self, commit: Commit) -> Done:
        """Write one commit. Raises Conflict or Refused before anything of it is written."""
        if commit.request and (done := self._replayed(commit.request)):
            return done
        if commit.receipt and (done := self._known(commit.receipt)):
            return done
        for change in commit.changes:
            self._check_version(change)
        for sql, values, refusal in commit.checks:
            if self._run(sql, values).fetchone() is None:
                raise refusal
        done = Done()
        for change in commit.changes:
            done.matters.append(self._change(change, commit, done))
        for number, ledger, draft in commit.readings:
            self._append(ledger, Fact(draft[0], number, 0, commit.at, commit.actor, draft[1]))
        self._rows(commit, done)
        if commit.answer:
            done.answer = commit.answer(done)
        if commit.request:
            key, body = commit.request
            self._run("INSERT INTO requests VALUES (?, ?, ?, ?)", (key, body, done.answer, commit.at))
        return done

    def finish(self) -> None:
        """Write what the batch gathered: sequences, roll-ups, and last the facts, in the order of all facts."""
        for ledger, year in self._used:
            value = self._sequences[ledger, year]
            self._run(SET_COUNTER, (f"{ledger}/{year}", value))
        counts.write(self._connection, self._counted)
        counts.take_back(self._connection, self._taken_back)
        if self._bodies:
            self._database.take_order(self._connection)
            self._connection.executemany(INSERT_FACT, self._bodies)

    def _replayed(self, request: tuple[bytes, bytes]) -> Done | None:
        row = self._run("SELECT body, answer FROM requests WHERE key = ?", (request[0],)).fetchone()
        if row is None:
            return None
        if row[0] != request[1]:
            raise Refused("request.key_reused")
        return Done(replayed=True, answer=row[1])

    def _known(self, receipt: Receipt) -> Done | None:
        key = (receipt.channel, receipt.outside_id)
        found = self._run("SELECT number FROM receipts WHERE channel = ? AND outside_id = ?", key).fetchone()
        if found is None:
            return None
        sql = "SELECT m.state FROM receipts r JOIN matters m ON m.number = r.matter WHERE r.number = ?"
        return Done([decode_state(self._run(sql, found).fetchone()[0])], receipt=found[0], replayed=True)

    def _check_version(self, change: Change) -> None:
        if change.base is None or change.latest:
            return
        row = self._run("SELECT version FROM matters WHERE number = ?", (change.base.number,)).fetchone()
        if row is None:
            raise Refused("matter.unknown", matter=change.base.number)
        if row[0] != change.base.version:
            raise Conflict(change.base.number, change.base.version, row[0])

    def _change(self, change: Change, commit: Commit, done: Done) -> Matter:
        before, drafts = change.base, change.drafts
        if change.tells_first:
            drafts = [(kind, {**data, "number": done.matters[0].number}) for kind, data in drafts]
        if before is not None and change.latest:
            before = self._standing(before.number)
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
        row = matter_row(matter, change.flow)
        if before is None:
            self._run(INSERT_MATTER, row)
        else:
            self._run(UPDATE_MATTER, (*[row[at] for at in MOVING], number))
        self._parts(open_parts(before), open_parts(matter), matter.number)
        return matter

    def _parts(self, before: tuple[str, ...], after: tuple[str, ...], number: int) -> None:
        for unit in before:
            if unit not in after:
                self._run("DELETE FROM assists WHERE unit = ? AND matter = ?", (unit, number))
        for unit in after:
            if unit not in before:
                self._run(INSERT_PART, (unit, number))

    def _standing(self, number: int) -> Matter:
        return decode_state(self._run("SELECT state FROM matters WHERE number = ?", (number,)).fetchone()[0])

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
        run = self._run
        if receipt := commit.receipt:
            row = (
                done.receipt,
                done.matters[0].number,
                receipt.channel,
                receipt.outside_id,
                receipt.party,
                receipt.code,
            )
            run("INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)", row)
        for party in commit.parties:
            run("INSERT INTO parties VALUES (?, ?)", party)
        for box in commit.sealed:
            run("INSERT INTO sealed VALUES (?, ?, ?)", (box.id, box.key, box.box))
        if shown := commit.shown:
            number = done.matters[0].number
            run("INSERT INTO titles VALUES (?, ?)", (number, shown.title))
            run("INSERT INTO search (rowid, terms) VALUES (?, ?)", (number, shown.terms))
            if shown.features:
                run("INSERT INTO features VALUES (?, ?)", (number, shown.features))
        for sql, values in commit.rows:
            run(sql, values)
        for number in commit.forgets:
            for sql in FORGET:
                run(sql, (number,))
        if commit.forgets:
            self._database.forget(self._connection)


def _with_receipt(data: dict[str, Any], receipt: int) -> dict[str, Any]:
    if "parties" not in data:
        return data
    return {**data, "parties": [{**party, "receipt": receipt} for party in data["parties"]]}
