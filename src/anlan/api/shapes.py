"""What goes in and out over HTTP, as types: decoded strictly, unknown fields refused."""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.app.look import View
from anlan.engines.merge import Candidate
from anlan.loop.fact import Fact
from anlan.loop.matter import Matter, shown
from anlan.store.read import Row


class MoveBody(msgspec.Struct, forbid_unknown_fields=True):
    """A move on a matter seen at `version`."""

    version: int
    fields: dict[str, Any] = {}


class ChildBody(msgspec.Struct, forbid_unknown_fields=True):
    """A part of a matter seen at `version`, for another unit: what is to be done, and its category when it differs."""

    version: int
    unit: str
    text: str
    category: str = ""


class UndoBody(msgspec.Struct, forbid_unknown_fields=True):
    """The version at which the last move stands."""

    version: int


class MergeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Fold a matter seen at `version` into another."""

    version: int
    into: int


class UnmaskBody(msgspec.Struct, forbid_unknown_fields=True):
    """One reporter's contact, for a purpose."""

    receipt: int
    purpose: str


class LogIn(msgspec.Struct, forbid_unknown_fields=True):
    """An account, its password and, where it has a second factor, the code of the moment."""

    account: str
    password: str
    code: str = ""


class Receipt(msgspec.Struct):
    """What a reporter gets: the receipt's number, the code to follow it with, and what became of it."""

    number: int
    shown: str
    code: str
    matter: int
    version: int
    stage: str
    lead: str
    category: str
    due_minute: int | None
    offers: list[Offer]
    doubtful: bool


class Offer(msgspec.Struct):
    """A matter that may be the same."""

    matter: int
    score_permille: int
    metres: int | None
    hours_apart: int
    similarity_permille: int
    shared: tuple[str, ...]


class Summary(msgspec.Struct):
    """A line of a list."""

    number: int
    shown: str
    version: int
    flow: str
    stage: str
    title: str
    lead: str
    officer: str
    category: str
    channel: str
    opened_at: int
    due_minute: int | None


class Page(msgspec.Struct):
    """Rows and where to go on (`after`), empty at the end."""

    rows: list[Summary]
    after: str


class Detail(msgspec.Struct):
    """A matter with everything its page shows."""

    matter: Matter
    title: str
    text: str
    address: str
    notes: dict[str, str]
    moves: list[str]
    facts: list[Fact]


def offers_of(found: list[Candidate]) -> list[Offer]:
    """The duplicate finder's candidates in whole numbers."""
    return [
        Offer(
            c.key,
            round(c.score * 1000),
            None if c.distance_m is None else round(c.distance_m),
            round(c.hours_apart),
            round(c.text_similarity * 1000),
            c.shared,
        )
        for c in found
    ]


def summary(row: Row) -> Summary:
    """A row of a list."""
    m = row.matter
    return Summary(
        m.number, shown(m.number), m.version, m.flow, m.stage, row.title, m.lead, m.officer, m.category, m.channel,
        m.opened_at, row.due,
    )  # fmt: skip


def detail(view: View) -> Detail:
    """A matter's page as data."""
    moves = [m.key for m in view.moves]
    return Detail(view.matter, view.title, view.text, view.address, view.notes, moves, view.facts)
