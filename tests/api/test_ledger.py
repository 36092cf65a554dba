"""The ledgers over HTTP: heads and tiles for everybody, proofs for who may see a matter, known witnesses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from anlan.app.witness import Witness
from anlan.app.world import World
from anlan.loop.ledger import included, root_of
from anlan.loop.note import checkpoint_of, note_of
from anlan.main import application, sign_and_publish

pytestmark = pytest.mark.anyio
GOOD = {"outside_id": "a1", "text": "小区门口路灯坏了三天没人修", "lon": 120.38, "lat": 36.07, "phone": "13812345678"}


@pytest.fixture
async def client(world: World, tmp_path: Path) -> AsyncIterator[AsyncTestClient[Any]]:
    """Nobody in particular, at an installation with one witness."""
    witness = Witness("audit.example", tmp_path / "witness", world.store.public_key)
    app = application(world)
    app.state.witnesses = [witness.key]
    app.state.witness = witness
    async with AsyncTestClient(app) as asking:
        yield asking


async def reported(ask: Callable[..., Any], world: World) -> dict[str, Any]:
    answer = await ask("POST", "/api/v1/intakes/partner", json=GOOD)
    assert answer.status_code == 201, answer.text
    await sign_and_publish(world, "")
    made: dict[str, Any] = answer.json()
    return made


async def test_anybody_gets_heads_and_tiles_and_they_fit(
    ask: Callable[..., Any], world: World, client: AsyncTestClient[Any]
) -> None:
    await reported(ask, world)
    heads = (await client.get("/ledger/heads")).json()
    assert {head["ledger"] for head in heads} == set(world.store.read.ledgers())
    for head in heads:
        note = note_of((await client.get(f"/ledger/{head['ledger']}/checkpoint")).content)
        said = checkpoint_of(note.text)
        assert (said.size, said.root) == (head["size"], head["root"])
        tile = (await client.get(f"/ledger/{head['ledger']}/tile/0/000.p/{said.size}")).content
        assert root_of(tile[i : i + 32] for i in range(0, len(tile), 32)).hex() == said.root


@pytest.mark.parametrize("tile", ["0/000", "0/000.p/0", "0/000.p/99", "0/0", "9/000", "0/x001/000", "../../keys", "x"])
async def test_no_tile_that_is_not_signed(
    ask: Callable[..., Any], world: World, client: AsyncTestClient[Any], tile: str
) -> None:
    await reported(ask, world)
    answer = await client.get(f"/ledger/370202/tile/{tile}")
    assert (answer.status_code, b"no" in answer.content) == (404, True)
    assert (await client.get("/ledger/nowhere/checkpoint")).json()["code"] == "ledger.unknown"


async def test_a_fact_is_proved_to_who_may_see_its_matter(ask: Callable[..., Any], world: World) -> None:
    made = await reported(ask, world)
    number = made["matter"]
    for fact in world.store.read.facts(number):
        proof = (await ask("GET", f"/api/v1/matters/{number}/facts/{fact.version}/proof")).json()
        path, head = (
            [bytes.fromhex(step) for step in proof["path"]],
            checkpoint_of(note_of(proof["checkpoint"].encode()).text),
        )
        leaf, root = bytes.fromhex(proof["leaf"]), bytes.fromhex(head.root)
        assert included(leaf, proof["seq"], head.size, path, root)
        assert not included(leaf, proof["seq"] + 1, head.size, path, root)
    assert (await ask("GET", f"/api/v1/matters/{number}/facts/99/proof")).json()["code"] == "ledger.no_fact"
    far = next(u.key for u in world.city.organisation.of_kind("station") if u.key != made["lead"])
    hidden = await ask("GET", f"/api/v1/matters/{number}/facts/1/proof", "officer", far)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "matter.unknown")


async def test_only_a_known_witness_counts(
    ask: Callable[..., Any], world: World, client: AsyncTestClient[Any], tmp_path: Path
) -> None:
    await reported(ask, world)
    kept = tmp_path / "kept"
    await sign_and_publish(world, str(kept))
    assert (await client.get("/ledger/370202/cosigned")).json()["code"] == "ledger.not_cosigned"

    async def sent(note: bytes) -> Any:
        return (await client.post("/api/v1/ledger/cosignatures", content=note)).json()

    def fetch(path: str) -> bytes:
        return (kept / path).read_bytes()

    stranger = Witness("audit.example", tmp_path / "stranger", world.store.public_key)
    assert (await sent(stranger.look("370202", fetch, 9)[1]))["code"] == "ledger.no_witness"
    assert (await sent(b"hello"))["code"] == "ledger.not_a_note"
    assert (await sent(b"x" * 20_000))["code"] == "body.too_large"
    head, note = client.app.state.witness.look("370202", fetch, 9)
    assert (await sent(note)) == {"ledger": "370202", "size": head.size}
    assert (await sent(note)) == {"ledger": "370202", "size": head.size}
    cosigned = note_of((await client.get("/ledger/370202/cosigned")).content)
    assert [one.name for one in cosigned.signatures] == ["anlan/370202", "audit.example"]
    moved = note.replace(b"anlan/370202\n%d" % head.size, b"anlan/370202\n%d" % (head.size - 1))
    assert (await sent(moved))["code"] == "ledger.not_ours"
