"""What `expected.toml` says of a request: let in, sent to log in, refused, or told that there is no such matter."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from tests.access.town import LEVELS, Cell

STATIC = re.compile(r"/static/[0-9a-f]{12}/")
LET_IN, LOG_IN, DENIED, HIDDEN, STAGE, OTHER = "let in", "log in", "denied", "hidden", "wrong stage", "other"


@cache
def said() -> dict[str, Any]:
    """The table."""
    return tomllib.loads((Path(__file__).parent / "expected.toml").read_text("utf-8"))


@cache
def addresses() -> dict[str, dict[str, Any]]:
    """What is said of each address. An address stands once."""
    found: dict[str, dict[str, Any]] = {}
    for one in said()["address"]:
        for at in one["at"]:
            assert at not in found, at
            found[at] = one
    return found


def named(method: str, path: str) -> str:
    """A route as the table names it."""
    return f"{method} {STATIC.sub('/static/{mark}/', path)}"


def holds(rule: str, role: str, cell: Cell) -> bool:
    """Whether a rule lets a role do it to a matter there."""
    relations = said()["rule"][rule].get(role, [[], [], []])[LEVELS.index(cell.level)]
    return "all" in relations or cell.relation in relations


def may_call(role: str, address: dict[str, Any]) -> bool:
    """Whether a role may call an address at all."""
    who = address["who"]
    return "all" in who or ("accounts" in who and role != "nobody") or role in who


def outcome(role: str, at: str, cell: Cell | None = None, move: str = "") -> str:
    """What a request must come to."""
    address = addresses()[at]
    if not may_call(role, address):
        return LOG_IN if role == "nobody" else DENIED
    about = address.get("about", "")
    return _ABOUT[about](role, at, cell, move) if about and cell else LET_IN


def _see(role: str, _at: str, cell: Cell, _move: str) -> str:
    return LET_IN if holds("see", role, cell) else HIDDEN


def _move(role: str, at: str, cell: Cell, move: str) -> str:
    rule, stages = said()["move"][move]["rule"], said()["move"][move]["stages"]
    page = not at.startswith("POST /api/")
    if page and not holds("see", role, cell):
        return HIDDEN
    if not holds(rule, role, cell):
        return DENIED if holds("see", role, cell) else HIDDEN
    return LET_IN if cell.stage in stages or page else STAGE


def _undo(role: str, _at: str, cell: Cell, _move: str) -> str:
    return OTHER if holds("see", role, cell) else HIDDEN


def _child(role: str, at: str, cell: Cell, _move_: str) -> str:
    return _move(role, at, cell, "open_child")


def _merge(role: str, _at: str, cell: Cell, _move: str) -> str:
    if not holds("see", role, cell):
        return HIDDEN
    return OTHER if holds("merge", role, cell) else DENIED


def _read_contact(role: str, _at: str, cell: Cell, _move: str) -> str:
    if not holds("see", role, cell):
        return HIDDEN
    return LET_IN if holds("read_contact", role, cell) else DENIED


def _file(role: str, _at: str, cell: Cell, _move: str) -> str:
    if not holds("see", role, cell):
        return HIDDEN
    return LET_IN if cell.level == "ordinary" or holds("read_contact", role, cell) else DENIED


def _file_page(role: str, at: str, cell: Cell, move: str) -> str:
    return HIDDEN if _file(role, at, cell, move) != LET_IN else LET_IN


def _marked(_role: str, _at: str, _cell: Cell, _move: str) -> str:
    return HIDDEN


def _call(role: str, at: str, cell: Cell, _move_: str) -> str:
    return _move(role, at, cell, "call_back")


def _incident(_role: str, _at: str, _cell: Cell, _move: str) -> str:
    return HIDDEN  # the town's matters are appeals


_ABOUT = {
    "incident": _incident, "plan": _incident,
    "see": _see, "move": _move, "undo": _undo, "child": _child, "merge": _merge, "read_contact": _read_contact,
    "file": _file, "file_page": _file_page, "marked": _marked, "call": _call,
}  # fmt: skip
