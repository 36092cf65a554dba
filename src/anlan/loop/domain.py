"""What a line of work declares. One folder under `domains/` holds one `DOMAIN`; everything else derives from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from anlan.loop.flow import Flow
from anlan.loop.grants import Grant

TITLE_LENGTH = 28


class Intake(msgspec.Struct, frozen=True):
    """What arrived (来件), before it is a matter: the same shape whatever the channel. Degrees are WGS-84.

    `by_hand`: a person at the desk chose category and unit; what the engines would have said is kept beside it.
    `foreign`: a row of another city's table, whose places and categories are kept as they are. `files`: staged ones.
    `urgency`: 1 is the most urgent, 0 is not told.
    """

    channel: str
    outside_id: str
    title: str
    text: str
    at: int
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    category: str = ""
    district: str = ""
    unit: str = ""
    wants_callback: bool = True
    confidential: bool = False
    flow: str = ""
    outcome: str = ""
    officer: str = ""
    foreign: bool = False
    closed_at: int = 0
    due_at: int = 0
    files: tuple[str, ...] = ()
    by_hand: bool = False
    urgency: int = 0


def first_words(text: str) -> str:
    """A title for a message that came without one: its first clause, at most TITLE_LENGTH characters."""
    line = text.strip().splitlines()[0] if text.strip() else ""
    for mark in "。！？；!?;":
        line = line.split(mark)[0]
    if len(line) <= TITLE_LENGTH:
        return line
    return line[:TITLE_LENGTH].rpartition("，")[0] or line[:TITLE_LENGTH]


class Channel(msgspec.Struct, frozen=True):
    """A declared way in. `adapt` turns an outside payload into an Intake, or raises Refused with the field's name."""

    key: str
    adapt: Callable[[Mapping[str, Any], int], Intake]
    public: bool = False
    silent: bool = False
    """Nobody who came in by it is sent a message: another city's table, another system's own customers."""
    urgent: bool = False
    """On a full disk it may use the reserve: a call that is not taken down is lost."""


class Notice(msgspec.Struct, frozen=True):
    """A word to reporters when a fact of this kind happens to a matter of one of `flows`: to the ones the fact names,
    else to all of the matter's. `outcome` narrows it to facts that tell this one."""

    kind: str
    template: str
    flows: tuple[str, ...]
    outcome: str = ""


class Measure(msgspec.Struct, frozen=True):
    """A figure: counted where the fact kinds `over` happened; with `of`, the share that also counts there.

    Both name roll-up counters; the formula is shown to the reader word for word (string `measure.<key>.formula`)."""

    key: str
    over: str
    of: str = ""


class Page(msgspec.Struct, frozen=True):
    """An entry of the rail: its address, and the action whoever sees it must be granted (string `page.<key>`)."""

    key: str
    href: str
    action: str


class Domain(msgspec.Struct, frozen=True):
    """A line of work: flows, channels, grants, measures, and what its reporters are told.

    What it adds to the house: `pages` to the rail, `page_routes` and `api_routes` to the addresses (who may call them,
    its `access.toml` says), `prepares` what the city knows of an intake, `completes` what a move of its matters writes
    beside their facts, `begins` its work beside the requests. `order`: its place among the lines of work.
    """

    key: str
    flows: tuple[Flow, ...]
    grants: tuple[Grant, ...]
    channels: tuple[Channel, ...] = ()
    measures: tuple[Measure, ...] = ()
    notices: tuple[Notice, ...] = ()
    pages: tuple[Page, ...] = ()
    page_routes: tuple[Any, ...] = ()
    api_routes: tuple[Any, ...] = ()
    prepares: Callable[[Any, Intake], Intake] | None = None
    completes: Callable[..., None] | None = None
    begins: Callable[..., Any] | None = None
    order: int = 100

    def flow(self, key: str) -> Flow:
        """The flow of that name."""
        return next(f for f in self.flows if f.key == key)
