"""Traces: the caller's trace is taken up, goes through the request, and on with calls to the outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import AsyncTestClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from anlan.app import accounts
from anlan.app.world import World
from anlan.main import application
from anlan.telemetry import traces

pytestmark = pytest.mark.anyio
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield kept
    provider.shutdown()


async def test_a_request_is_a_span_of_the_callers_trace(world: World, spans: InMemorySpanExporter) -> None:
    async with AsyncTestClient(application(world)) as client:
        await client.get("/api/v1/receipts/13812345678", params={"code": "欧阳"}, headers={"traceparent": PARENT})
    span = spans.get_finished_spans()[-1]
    assert span.name == "GET /api/v1/receipts/{number}"
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == PARENT.split("-")[1]
    assert dict(span.attributes or {}) == {
        "http.route": "/api/v1/receipts/{number}", "http.response.status_code": 404,
    }  # fmt: skip
    assert "13812345678" not in span.to_json()


async def test_handling_and_commit_are_spans_of_the_request(
    world: World, somebody: Any, spans: InMemorySpanExporter
) -> None:
    who = somebody("overseer")
    world.store.writer.submit(accounts.add(world, who.id, who.unit, (*who.roles, "operator"), "long enough"))
    commit, token = accounts.token_for(world, who.id)
    world.store.writer.submit(commit)
    headers = {"authorization": f"Bearer {token}", "traceparent": PARENT}
    async with AsyncTestClient(application(world)) as client:
        body = {"outside_id": "1", "text": "路灯不亮", "district": "370202"}
        made = (await client.post("/api/v1/intakes/partner", json=body, headers=headers)).json()
        path, move = f"/api/v1/matters/{made['matter']}/moves/remind", {"version": made["version"]}
        await client.post(path, json=move, headers=headers)
    request = spans.get_finished_spans()[-1]
    inner = {s.name for s in spans.get_finished_spans() if s.parent and s.parent.span_id == request.context.span_id}  # type: ignore[union-attr]
    assert inner == {"handle", "commit"}


def test_a_call_out_carries_the_trace(spans: InMemorySpanExporter) -> None:
    with traces.request_span(PARENT), traces.span("webhook"):
        headers = traces.carried({})
    inner = spans.get_finished_spans()[0]
    assert inner.context is not None
    assert headers["traceparent"] == f"00-{PARENT.split('-')[1]}-{inner.context.span_id:016x}-01"


def test_without_an_sdk_the_trace_still_goes_through() -> None:
    with traces.request_span(PARENT), traces.span("webhook"):
        assert traces.carried({})["traceparent"] == PARENT
    with traces.request_span("nonsense"):
        assert "traceparent" not in traces.carried({})
