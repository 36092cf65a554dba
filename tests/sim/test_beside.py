"""The city over the wire: a real server, real requests, the same people."""

from __future__ import annotations

import asyncio
from pathlib import Path

from anlan.app.world import utc_now_ms
from anlan.cli.bench.server import HOST, Server
from anlan.cli.beside import tokens_for, town_at
from anlan.cli.demo import prepare_demo
from anlan.sim.living import live
from anlan.sim.timeline import Timeline

HOURS_MS = 6 * 3_600_000


def test_the_city_lives_beside_a_server(tmp_path: Path) -> None:
    prepare_demo(tmp_path, days=0.5)
    tokens = tokens_for(tmp_path)
    with Server(tmp_path, "") as server:
        town = town_at(f"http://{HOST}:{server.port}", tmp_path, tokens, Timeline(utc_now_ms()))
        asyncio.run(live(town, town.now + HOURS_MS))
    did = town.tally.did
    assert town.tally.unexpected == []
    assert min(did["case_system"], did["moves/call_back"], did["moves/accept"]) > 0
    assert len(town.tally.handed) > did["case_system"]
