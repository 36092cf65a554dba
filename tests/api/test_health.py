"""Alive, ready, measured: what monitoring sees, and who may not see it."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import AsyncTestClient
from prometheus_client.parser import text_string_to_metric_families

from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.main import application
from anlan.store.commit import Commit
from anlan.telemetry import metrics

pytestmark = pytest.mark.anyio


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.values()))): s.value for family in families for s in family.samples}


async def test_ready_names_what_is_wrong_and_alive_does_not_ask(world: World) -> None:
    app = application(world)
    app.state.health.disk_free_mb = 0
    async with AsyncTestClient(app) as client:
        assert (await client.get("/readyz")).json() == {"ready": True, "wrong": []}
        said = (await client.get("/healthz")).json()
        assert said == {"ok": True}
        app.state.health.disk_free_mb = 2**40
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["wrong"]) == (503, ["disk.low"])
        assert answer.headers["retry-after"] == "5"
        app.state.health.disk_free_mb = 0
        app.state.health.stop.tell()
        assert (await client.get("/readyz")).json()["wrong"] == ["stopping"]


async def test_a_clock_behind_the_newest_fact_is_said(world: World, ask: Any) -> None:
    await ask("POST", "/api/v1/intakes/partner", json={"outside_id": "1", "text": "路灯不亮"})
    app, now = application(world), world.clock()
    app.state.health.disk_free_mb = 0
    async with AsyncTestClient(app) as client:
        assert (await client.get("/readyz")).status_code == 200
        world.clock = lambda: now - 6_000
        assert (await client.get("/readyz")).json()["wrong"] == ["clock.behind"]


async def test_a_commit_that_did_not_reach_the_disk_is_said_until_one_does(world: World, ask: Any) -> None:
    app, writer = application(world), world.store.writer
    app.state.health.disk_free_mb = 0
    commit = Commit(at=world.clock(), actor="system", year=2026, rows=[("SELECT 1", ())])
    await writer.write(commit)
    whole, writer.end = writer.end, lambda: writer._undone(Refused("store.full"))  # type: ignore[method-assign]
    with pytest.raises(Refused, match=r"store\.full"):
        await writer.write(commit)
    async with AsyncTestClient(app) as client:
        assert (await client.get("/readyz")).json()["wrong"] == ["commit.failed"]
        writer.end = whole  # type: ignore[method-assign]
        await writer.write(commit)
        assert (await client.get("/readyz")).status_code == 200


async def test_a_database_that_does_not_answer_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise OSError

    app = application(world)
    async with AsyncTestClient(app) as client:
        monkeypatch.setattr(type(world.store.read), "listed", silent)
        assert (await client.get("/readyz")).json()["wrong"] == ["database.silent"]


async def test_metrics_are_for_this_machine_or_whoever_has_the_token(world: World) -> None:
    app = application(world)
    async with AsyncTestClient(app) as client:
        assert (await client.get("/metrics")).json()["code"] == "metrics.closed"  # the test client has no address
        app.state.metrics_token = "a-token"
        for sent, status in (("", 403), ("Bearer ", 403), ("Bearer a-toke", 403), ("Bearer a-token", 200)):
            assert (await client.get("/metrics", headers={"authorization": sent})).status_code == status


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
async def test_what_a_proxy_on_this_machine_passes_on_is_not_this_machine(world: World, header: str) -> None:
    app = application(world)

    async def local(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {"client": ("127.0.0.1", 4000)} if scope["type"] == "http" else scope, receive, send)

    async with AsyncTestClient(local) as client:  # type: ignore[arg-type] # any ASGI application
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get("/metrics", headers={header: "10.1.1.1"})).status_code == 403


async def test_what_happened_is_counted(world: World, ask: Any) -> None:
    body = {"outside_id": "1", "text": "路灯不亮", "phone": "13812345678"}
    before = samples(metrics.text({}).decode())
    assert (await ask("POST", "/api/v1/intakes/partner", json=body)).status_code == 201
    assert (await ask("GET", "/api/v1/matters/20260000000000001")).status_code == 404
    app = application(world)
    app.state.metrics_token = "t"
    async with AsyncTestClient(app) as client:
        text = (await client.get("/metrics", headers={"authorization": "Bearer t"})).text
    after = samples(text)

    def more(name: str, *labels: str) -> float:
        return after[name, labels] - before.get((name, labels), 0)

    assert more("anlan_request_seconds_count", "/api/v1/intakes/{channel}", "201", "POST") == 1
    assert more("anlan_refused_total", "matter.unknown") == 1
    assert more("anlan_commits_total", "done") >= 1
    assert more("anlan_commit_seconds_count") == more("anlan_commit_batch_count") >= 1
    assert sum(value for (name, _), value in after.items() if name == "anlan_matters") == 1
    assert after["anlan_matters_late", ()] == 0
    assert after["anlan_database_bytes", ()] > 0
    assert {name for name, _ in after} & {"anlan_ledger_facts", "anlan_checkpoint_age_seconds", "anlan_disk_free_bytes"}
    assert "13812345678" not in text
