"""Reading: one matter, its facts, lists by the shapes that pages ask for. At most three statements a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from anlan.loop.errors import Refused
from anlan.loop.fact import INT_MAX, Fact, decode
from anlan.loop.ledger import Frontier
from anlan.loop.matter import Matter
from anlan.store import counts
from anlan.store.apply import DUE_UNKNOWN, decode_state, states
from anlan.store.counts import Counted
from anlan.store.database import Readers
from anlan.store.veil import Veil, tests_of

PAGE_MAX = 200
OPEN_KINDS = ("waiting", "working", "calling")
RANGES_MAX = 200
"""Leads × stages up to which a list is a union of index ranges; SQLite takes 500 parts at most."""
OPEN, CLOSED = "m.kind != 'closed'", "m.kind = 'closed'"
"""What units have open and what they have closed: by due time each has an index of its own."""


class Shape(msgspec.Struct, frozen=True):
    """What a list is asked for. Empty means any. `after` is the last row's sort key and number (keyset paging).

    `assisting`: only what this unit owes a part of; with `led_too`, that beside what `leads` lead.
    """

    leads: tuple[str, ...] = ()
    assisting: str = ""
    led_too: bool = False
    stages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    officer: str = ""
    ledgers: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    category: str = ""
    channel: str = ""
    opened_from: int = 0
    opened_to: int = 0
    due_before: int = 0
    terms: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    veils: tuple[Veil, ...] = ()
    order: str = "due"
    after: tuple[int, ...] | None = None
    limit: int = 50

    def after_row(self, row: Row) -> tuple[int, int]:
        """The cursor of the page that follows this row."""
        edge = 0 if self.order == "new" else DUE_UNKNOWN if row.due is None else row.due
        return edge, row.matter.number


class Row(msgspec.Struct, frozen=True):
    """One line of a list. In one of counted facts, `day` is the fact's city day and `version` the one it gave."""

    matter: Matter
    title: str
    due: int | None
    day: int = 0
    version: int = 0


SOURCES = {
    (False, False): "matters m",
    (True, False): "search s CROSS JOIN matters m ON m.number = s.rowid",
    (False, True): "assists a CROSS JOIN matters m ON m.number = a.matter",
    (True, True): "search s CROSS JOIN assists a ON a.matter = s.rowid CROSS JOIN matters m ON m.number = a.matter",
}
"""What is walked, by whether words are sought and whether parts are."""


class Reader:
    """Composed reads over one database."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def matter(self, number: int) -> Matter:
        """The matter of that number. Raises Refused("matter.unknown")."""
        row = self._run("SELECT state FROM matters WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise Refused("matter.unknown", matter=number)
        return decode_state(row[0])

    def matters(self, numbers: Sequence[int]) -> dict[int, Matter]:
        """Those of these numbers (a few) that there are."""
        return states(self._run, numbers)

    def is_matter(self, number: int) -> bool:
        """Whether there is a matter of that number."""
        return bool(self._run("SELECT 1 FROM matters WHERE number = ?", (number,)).fetchone())

    def facts(self, number: int) -> list[Fact]:
        """The matter's facts and the readings of its personal data, in the order they happened."""
        rows = self._run("SELECT body FROM facts WHERE matter = ? ORDER BY +pos", (number,))
        return [decode(body) for (body,) in rows]

    def titles(self, numbers: Sequence[int]) -> dict[int, str]:
        """The redacted titles by number."""
        marks = ", ".join("?" * len(numbers))
        return dict(self._run(f"SELECT matter, title FROM titles WHERE matter IN ({marks})", tuple(numbers)).fetchall())

    def receipt(self, number: int) -> tuple[int, bytes] | None:
        """The matter a receipt belongs to, and the mark of its code."""
        row = self._run("SELECT matter, code FROM receipts WHERE number = ?", (number,)).fetchone()
        return (row[0], row[1]) if row else None

    def known(self, channel: str, outside_ids: Sequence[str]) -> set[str]:
        """Those of the outside ids (at most a batch's worth) that were handed in by this channel before."""
        marks = ", ".join("?" * len(outside_ids))
        sql = f"SELECT outside_id FROM receipts WHERE channel = ? AND outside_id IN ({marks})"
        return {found for (found,) in self._run(sql, (channel, *outside_ids))}

    def of_party(self, party: str, limit: int = 20) -> list[int]:
        """Numbers of the matters a party has reported, newest first."""
        rows = self._run("SELECT matter FROM receipts WHERE party = ? ORDER BY number DESC LIMIT ?", (party, limit))
        return [number for (number,) in rows]

    def reported_by(self, party: str) -> list[int]:
        """Every matter a party has a receipt in, and those that were merged into others since."""
        sql = (
            "SELECT matter FROM receipts WHERE party = ?1 UNION SELECT m.number FROM receipts r"
            " JOIN matters m ON m.number = r.number WHERE r.party = ?1 ORDER BY 1"
        )
        return [number for (number,) in self._run(sql, (party,))]

    def rows(self, shape: Shape) -> list[Row]:
        """The matters of that shape, at most `shape.limit`. One statement."""
        if not 0 < shape.limit <= PAGE_MAX:
            raise Refused("page.too_large", limit=shape.limit, limit_max=PAGE_MAX)
        sql, values = composed(shape)
        rows = self._run(sql, values).fetchall()
        return [
            Row(decode_state(state), title or "", None if due == DUE_UNKNOWN else due)
            for _number, state, title, due in rows
        ]

    def features(self, numbers: Sequence[int] | None = None) -> Any:
        """Feature rows of open matters (of all, or of these) with place, opening and category, as the duplicate finder
        is filled."""
        some = "" if numbers is None else f" AND m.number IN ({', '.join('?' * len(numbers))})"
        return self._run(
            "SELECT f.matter, f.row, CAST(m.lon_e6 AS DOUBLE PRECISION) / 1e6,"
            " CAST(m.lat_e6 AS DOUBLE PRECISION) / 1e6, m.opened_at, m.category FROM features f"
            f" JOIN matters m ON m.number = f.matter WHERE m.kind != 'closed'{some} ORDER BY f.matter",
            numbers or (),
        )

    def account(self, account: str) -> tuple[str, str, str] | None:
        """An account's unit, roles (JSON) and password hash, if it is switched on."""
        row = self._run("SELECT unit, roles, password FROM accounts WHERE id = ? AND active = 1", (account,)).fetchone()
        return tuple(row) if row else None

    def roles(self, account: str) -> tuple[str, ...]:
        """An account's roles, switched on or not; () for none of that number."""
        row = self._run("SELECT roles FROM accounts WHERE id = ?", (account,)).fetchone()
        return tuple(msgspec.json.decode(row[0])) if row else ()

    def second(self, account: str) -> tuple[bytes, int] | None:
        """An account's wrapped second-factor secret and the last step it was used in, if it has one."""
        sql = "SELECT second, second_step FROM accounts WHERE id = ? AND second IS NOT NULL"
        row = self._run(sql, (account,)).fetchone()
        return (bytes(row[0]), row[1]) if row else None

    def token(self, token_hash: bytes, now: int) -> tuple[str, str, str] | None:
        """The account, unit and roles behind a token that is still good."""
        row = self._run(  # the time is compared here: SQLite would plan the statement anew for each
            "SELECT a.id, a.unit, a.roles, t.expires_at FROM tokens t JOIN accounts a ON a.id = t.account"
            " WHERE t.hash = ? AND a.active = 1",
            (token_hash,),
        ).fetchone()
        return (row[0], row[1], row[2]) if row and row[3] > now else None

    def tokens_of(self, account: str, now: int) -> list[Any]:
        """An account's tokens that are still good, newest first: hash, kind, issued, expires, agent."""
        rows: list[Any] = self._run(
            "SELECT hash, kind, issued_at, expires_at, agent FROM tokens WHERE account = ? AND expires_at > ?"
            " ORDER BY issued_at DESC, hash",
            (account, now),
        ).fetchall()
        return rows

    def request(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The body mark and the stored answer of an idempotency key."""
        row = self._run("SELECT body, answer FROM requests WHERE key = ?", (key,)).fetchone()
        return (row[0], row[1]) if row else None

    def ledgers(self) -> dict[str, int]:
        """How many facts each ledger holds."""
        return dict(self._run("SELECT key, size FROM ledgers").fetchall())

    def heads(self) -> dict[str, str]:
        """The root of each ledger's tree, in hex."""
        rows = self._run("SELECT key, size, frontier FROM ledgers")
        return {key: Frontier.from_bytes(size, frontier).root().hex() for key, size, frontier in rows}

    def model(self, name: str) -> bytes | None:
        """A trained model's bytes."""
        row = self._run("SELECT body FROM models WHERE name = ?", (name,)).fetchone()
        return bytes(row[0]) if row else None

    def count(self, shape: Shape, at_most: int = 1000) -> int:
        """How many there are, counted no further than `at_most`."""
        parts, values = [], list[Any]()
        for one, half in _halves(ways(shape), by_due=shape.due_before > 0):
            where, some, source = where_of(one)
            parts.append(f"SELECT 1 FROM {source} {where} AND {half}")
            values += some
        sql = f"SELECT count(*) FROM ({' UNION ALL '.join(parts)} LIMIT ?) few"
        return int(self._run(sql, (*values, at_most)).fetchone()[0])

    def sums(self, measures: Sequence[str], by: str, first_day: int, last_day: int, where: dict[str, str]) -> list[Any]:
        """Roll-up sums: rows of (group, measure, n) over the city days, by a part of the slice or by day."""
        rows: list[Any] = self._run(*counts.sums(measures, by, first_day, last_day, where)).fetchall()
        return rows

    def counted(self, asked: Counted) -> tuple[list[Row], int]:
        """A page of the facts behind a figure, and how many they are in all, counted no further than `FEW`."""
        n = int(self._run(*counts.how_many(asked, counts.FEW)).fetchone()[0])
        few = counts.is_narrow(asked) and n < counts.FEW
        rows = self._run(*counts.listed(asked, "m.state, t.title, m.due, c.day, c.version", few=few)).fetchall()
        return [
            Row(decode_state(state), title or "", None if due == DUE_UNKNOWN else due, day, version)
            for state, title, due, day, version in rows
        ], n

    def listed(self, statement: tuple[str, Sequence[Any]]) -> list[Any]:
        """All rows of a statement that was composed in the store (`points`)."""
        rows: list[Any] = self._run(*statement).fetchall()
        return rows

    def _run(self, sql: str, values: Sequence[Any] = ()) -> Any:
        try:
            return self._readers.connection().execute(sql, tuple(values))
        except OverflowError:  # an integer beyond 2**63 names nothing that could be here
            raise Refused("field.out_of_range", field="number", minimum=0, maximum=INT_MAX) from None


def composed(shape: Shape) -> tuple[str, list[Any]]:
    """The statement for a shape. Which matters, and in which order, is read off the indexes: a union of ranges for
    several leads and stages, each no longer than a page. Only the page's own rows are then fetched."""
    parts, values = list[str](), list[Any]()
    for one, half in _halves(_ranges(shape), by_due=_by_due(shape)):
        sql, some = _one(one, half)
        parts.append(f"SELECT * FROM ({sql}) r{len(parts)}")
        values += some
    column = "due, number" if _by_due(shape) else "number DESC"
    keys = f"{' UNION ALL '.join(parts)} ORDER BY {column} LIMIT ?"
    order = "k.due, k.number" if _by_due(shape) else "k.number DESC"
    return (
        f"SELECT m.number, m.state, t.title, m.due FROM ({keys}) k CROSS JOIN matters m ON m.number = k.number"
        f" LEFT JOIN titles t ON t.matter = k.number ORDER BY {order}",
        [*values, shape.limit],
    )


def ways(shape: Shape) -> list[Shape]:
    """What is led and what is assisted in, apart: each has an index of its own."""
    return [msgspec.structs.replace(shape, assisting="", led_too=False), shape] if shape.led_too else [shape]


def _ranges(shape: Shape) -> list[Shape]:
    """The shape as parts that each walk one stretch of an index: by lead and stage, or by stage alone."""
    led, *assisted = ways(shape)
    leads = led.leads or ("",)
    if led.assisting or led.terms or led.officer or not 0 < len(leads) * len(led.stages) <= RANGES_MAX:
        return [led, *assisted]
    replace = msgspec.structs.replace
    return [
        replace(led, leads=(lead,) if lead else (), stages=(stage,)) for lead in leads for stage in led.stages
    ] + assisted


def _halves(shapes: Iterable[Shape], *, by_due: bool) -> Iterator[tuple[Shape, str]]:
    """Each with what else it tests, twice where it walks what units lead by due time."""
    for shape in shapes:
        halves = (OPEN, CLOSED) if by_due and shape.leads and not (shape.assisting or shape.terms) else ("TRUE",)
        yield from ((shape, half) for half in halves)


def _one(shape: Shape, half: str) -> tuple[str, list[Any]]:
    where, values, source = where_of(shape)
    where += f" AND {half}"
    if shape.after:
        edge, number = shape.after
        if _by_due(shape):
            where += " AND (m.due, m.number) > (?, ?)"
            values += [edge, number]
        else:
            where += f" AND {_number(shape)} < ?"
            values.append(number)
    order = "m.due, m.number" if _by_due(shape) else f"{_number(shape)} DESC"
    select = f"SELECT {_number(shape)} AS number, m.due AS due FROM {source}"
    return f"{select} {where} ORDER BY {order} LIMIT ?", [*values, shape.limit]


def _by_due(shape: Shape) -> bool:
    return shape.order == "due" and not shape.terms


def _number(shape: Shape) -> str:
    """The number as the table that is walked knows it: full-text search gives rows newest first without sorting."""
    return "s.rowid" if shape.terms else "m.number"


def _match(term: str) -> str:
    """A search term as FTS5 reads it; one that ends in `*` is a prefix."""
    return f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"'


def where_of(shape: Shape) -> tuple[str, list[Any], str]:
    """What a shape tests, the values for it, and what is walked."""
    tests, values = ["TRUE"], list[Any]()
    if shape.terms:
        tests.append("s.search MATCH ?")
        values.append(" AND ".join(_match(term) for term in shape.terms))
    if shape.assisting:
        tests.append("a.unit = ?")
        values.append(shape.assisting)
    if shape.led_too:
        tests.append(f"m.lead NOT IN ({', '.join('?' * len(shape.leads))})")
        values += shape.leads
    columns: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("lead", () if shape.led_too else shape.leads),
        ("stage", shape.stages),
        ("kind", shape.kinds),
        ("officer", (shape.officer,) if shape.officer else ()),
        ("ledger", shape.ledgers),
        ("domain", shape.domains),
        ("flow", shape.flows),
        ("channel", (shape.channel,) if shape.channel else ()),
    )
    if shape.numbers:
        tests.append(f"m.number IN ({', '.join('?' * len(shape.numbers))})")
        values += shape.numbers
    for column, wanted in columns:
        if wanted:
            tests.append(f"m.{column} IN ({', '.join('?' * len(wanted))})" if len(wanted) > 1 else f"m.{column} = ?")
            values += wanted
    if shape.officer:
        tests.append("m.officer != '' AND m.kind != 'closed'")
    if shape.category:
        tests.append("m.category >= ? AND m.category < ?")
        values += [shape.category, shape.category + "\U0010ffff"]
    for test, value in (
        ("m.opened_at >= ?", shape.opened_from),
        ("m.opened_at < ?", shape.opened_to),
        ("m.due < ?", shape.due_before),
    ):
        if value:
            tests.append(test)
            values.append(value)
    hidden, some = tests_of(shape.veils)
    tests += hidden
    values += some
    return f"WHERE {' AND '.join(tests)}", values, SOURCES[bool(shape.terms), bool(shape.assisting)]
