"""What the engines' tests read: the project's shared real data, where it is present."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Table = list[dict[str, str]]


@pytest.fixture(scope="session")
def shared_table() -> Callable[[str], Table]:
    """Read a gzipped CSV of the shared data, or skip with the name of what is missing."""
    folder = Path(os.environ.get("ANLAN_SHARED_DATA", ROOT.parent / "shared" / "data"))

    def read(name: str) -> Table:
        path = folder / name
        if not path.exists():
            pytest.skip(f"shared data missing: {path}")
        with gzip.open(path, "rt", encoding="utf-8-sig") as lines:
            return list(csv.DictReader(lines))

    return read
