"""The town of the access tests, built once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.access.rules import said
from tests.access.town import Town, town_at
from tests.conftest import NOON


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, demo_city: Path) -> Iterator[Town]:
    made = town_at(tmp_path_factory.mktemp("access"), demo_city, said()["roles"], NOON)
    yield made
    made.world.store.close()
