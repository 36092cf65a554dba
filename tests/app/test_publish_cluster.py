"""Three nodes, the leader killed while facts are published: none lost, none twice, in order. ANLAN_TEST_NATS_KILLS and
ANLAN_TEST_NATS_MATTERS make it long (`make torture`)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from anlan.cli.bench.nats import filled, killing
from anlan.cli.bench.nats_servers import Nats

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not Nats.there(), reason="SKIPPED: no nats-server. Run: make services"),
]
KILLS, MATTERS = (
    int(os.environ.get("ANLAN_TEST_NATS_KILLS", "1")),
    int(os.environ.get("ANLAN_TEST_NATS_MATTERS", "600")),
)


async def test_the_leader_killed_loses_nothing(tmp_path: Path) -> None:
    world = filled(tmp_path / "home", MATTERS)
    came = await killing(world, tmp_path / "nats", nodes=3, kills=KILLS)
    world.store.close()
    print(f"{came.facts} facts, {KILLS} kills, stalled {came.stalled} s, level after {came.caught_up} s")
    assert (came.lost, came.twice, came.disordered) == (0, 0, 0)
    assert came.facts > MATTERS
