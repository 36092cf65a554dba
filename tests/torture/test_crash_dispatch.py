"""The server killed in mid-dispatch: no unit that was acknowledged as sent is forgotten, none is out for two incidents,
and the board that comes back is the one that was."""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path

import msgspec

from anlan import main
from anlan.cli.bench.client import Connection
from anlan.cli.bench.command import prepared
from anlan.cli.bench.server import HOST, Server
from anlan.domains.command import units as board
from anlan.domains.command.units import ASSIGNED
from anlan.store import rebuild, verify

KILLS = 40 if os.environ.get("ANLAN_TEST_TORTURE") else 3
DESKS, SECONDS = 8, 1.5


async def dispatching(server: Server, places: list[object], seed: int, told: dict[str, int]) -> None:
    """Desks that take calls and send the first of the list, until the server is gone. `told`: units by incident."""
    rng = random.Random(seed)

    async def desk(n: int) -> None:
        link = Connection(HOST, server.port, server.token)
        try:
            for turn in range(10_000):
                place = rng.choice(places)
                said = {"call_id": f"{seed}-{n}-{turn}", "text": "有人求助", "lon": place.lon, "lat": place.lat}  # type: ignore[attr-defined]
                said["category"] = "incident.dispute"
                status, answer = await link.ask("POST", "/api/v1/intakes/call_110", msgspec.json.encode(said))
                number = msgspec.json.decode(answer)["matter"] if status == 201 else 0
                path = f"/api/v1/command/incidents/{number}"
                status, answer = await link.ask("GET", f"{path}/advice") if number else (0, b"")
                ranked = msgspec.json.decode(answer)["needs"][0]["ranked"] if status == 200 else []
                if not ranked:
                    continue
                unit = ranked[rng.randrange(min(3, len(ranked)))]["unit"]
                body = {"version": 0, "unit": unit, "reason": "other"}
                _, seen = await link.ask("GET", f"/api/v1/matters/{number}")
                body["version"] = msgspec.json.decode(seen)["matter"]["version"]
                status, _ = await link.ask("POST", f"{path}/send", msgspec.json.encode(body))
                if status == 200:
                    told[unit] = number
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            link.close()

    await asyncio.gather(*(desk(n) for n in range(DESKS)))


def test_nothing_acknowledged_is_lost_when_the_server_is_killed_in_mid_dispatch(tmp_path: Path) -> None:
    home = tmp_path / "home"
    tokens, _, places = prepared(home)
    told: dict[str, int] = {}
    server = Server(home, tokens["dispatcher"])
    for kill in range(KILLS):
        server.start()

        async def until_killed(seed: int = kill) -> None:
            work = asyncio.create_task(dispatching(server, places, seed, told))
            began = time.monotonic()
            await asyncio.sleep(SECONDS + random.Random(seed).random())
            await asyncio.to_thread(server.kill)
            await work
            assert time.monotonic() - began < 60

        asyncio.run(until_killed())
    assert len(told) > KILLS
    world = main.open_world(home)
    rows = {key: unit for key, (_, unit) in board.register(world).rows().items()}
    out: dict[str, list[int]] = {}
    for (number,) in world.store.read.listed(("SELECT number FROM matters WHERE flow = 'incident'", ())):
        for one in world.store.read.matter(number).units_out:
            out.setdefault(one.unit, []).append(number)
    assert {unit: numbers for unit, numbers in out.items() if len(numbers) > 1} == {}, "out for two at once"
    assert [unit for unit, number in told.items() if out.get(unit) != [number]] == [], "acknowledged and lost"
    board_says = {key: unit.matter for key, unit in rows.items() if unit.matter}
    assert board_says == {unit: numbers[0] for unit, numbers in out.items()}
    assert {rows[unit].state for unit in out} == {ASSIGNED}
    world.store.close()
    assert verify.verify(world.store.database, world.store.public_key).faults == []
    flows = {(domain.key, flow.key): flow for domain in world.domains.values() for flow in domain.flows}
    assert rebuild.compare(world.store.database, flows).different == []
