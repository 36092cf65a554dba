"""The map to OWASP ASVS 5.0, levels 1 and 2: every requirement is in it, every test it names is there."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROWS: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "docs/operate/asvs.toml").read_text("utf-8"))
STATUS = {"test", "design", "operator", "gap", "not applicable"}
LEVELS = {1: 70, 2: 183}
CHAPTERS = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)
"""How many of levels 1 and 2 each chapter of the standard has, V1 first."""


@cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_requirement_of_levels_1_and_2_is_there() -> None:
    assert Counter(row["level"] for row in ROWS.values()) == LEVELS
    chapters = Counter(int(re.fullmatch(r"V(\d+)\.\d+\.\d+", key)[1]) for key in ROWS)  # type: ignore[index]
    assert tuple(chapters[n] for n in range(1, len(CHAPTERS) + 1)) == CHAPTERS


@pytest.mark.parametrize("key", ROWS)
def test_a_requirement_names_tests_that_exist_or_says_why(key: str) -> None:
    row = ROWS[key]
    assert row["status"] in STATUS
    assert row["about"]
    assert (row["status"] == "test") == bool(row.get("tests"))
    assert row["status"] == "test" or row.get("why")
    for test in row.get("tests", ()):
        path, _, name = test.partition("::")
        assert name in functions(ROOT / path), test
    for page in re.findall(r"docs/[\w/.-]+\.\w+", row.get("why", "")):
        assert (ROOT / page).exists(), page
