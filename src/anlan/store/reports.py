"""What is read of reports: the definitions, the files that were made. Statements only; `Reader.listed` runs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Statement = tuple[str, Sequence[Any]]

ALL: Statement = ("SELECT id, name, owner, spec, since FROM reports ORDER BY name", ())
COLUMNS = "no, report, first_day, last_day, form, hash, size, made_at, made_by, scheduled"


def one(key: str) -> Statement:
    """A definition by its id or its name."""
    return "SELECT id, name, owner, spec, since FROM reports WHERE id = ?1 OR name = ?1", (key,)


def files(report: str, limit: int) -> Statement:
    """The files of a report, newest first."""
    return f"SELECT {COLUMNS} FROM report_files WHERE report = ? ORDER BY no DESC LIMIT ?", (report, limit)


def file(no: int) -> Statement:
    """One file."""
    return f"SELECT {COLUMNS} FROM report_files WHERE no = ?", (no,)


def last_scheduled(report: str) -> Statement:
    """The last day up to which a report has been made by itself; no row but one of None when it never was."""
    return "SELECT max(last_day) FROM report_files WHERE report = ? AND scheduled = 1", (report,)
