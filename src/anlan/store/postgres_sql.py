"""What SQLite and PostgreSQL say differently, as a short list of rules over the store's own statements."""

from __future__ import annotations

import re
from functools import lru_cache

RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r" INDEXED BY \w+"), ""),
    (re.compile(r"CROSS JOIN (\w+ \w+) ON "), r"JOIN \1 ON "),
    (re.compile(r" IN \(\)"), " IN (NULL)"),
    (re.compile(r"s\.search MATCH (\S+)"), r"s.terms @@ as_query(\1)"),
    (re.compile(r"CAST\((\w+) AS TEXT\) ->> '\$\.([\w.]+)'"), r"json_in(\1, '\2')"),
)
"""Hints (which index, which table first) are SQLite's own; a search is FTS5's language made a tsquery, and a value
inside a stored JSON body is taken out, by two functions of the first migration."""
INSERT = re.compile(r"(INSERT INTO .+? VALUES )(\([?, ]+\))( .*)?")
MARK = re.compile(r"'(?:[^']|'')*'|\?(\d*)")


@lru_cache(maxsize=4096)
def translated(sql: str) -> str:
    """A statement as PostgreSQL reads it: marks numbered, RULES applied."""
    count = 0

    def numbered(mark: re.Match[str]) -> str:
        nonlocal count
        if mark.group(1) is None:
            return mark.group(0)
        count += 1
        return f"${mark.group(1) or count}"

    sql = MARK.sub(numbered, sql)
    for rule, instead in RULES:
        sql = rule.sub(instead, sql)
    return sql


@lru_cache(maxsize=1024)
def of_many(sql: str, count: int) -> str:
    """An INSERT of one row as one of so many, translated; '' for any other statement."""
    found = INSERT.fullmatch(sql)
    if found is None:
        return ""
    begin, row, end = found.groups("")
    return translated(f"{begin}{', '.join([row] * count)}{end}")
