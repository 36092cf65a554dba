"""Whatever a client sends, nothing of ours breaks: requests made from the OpenAPI page, right and wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from schemathesis import openapi

from anlan.app import accounts, receive
from anlan.app.world import World
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.main import application

EACH = 25


def test_no_request_made_from_the_openapi_page_breaks_the_server(world: World, somebody: Callable[..., Actor]) -> None:
    who = somebody("overseer")
    world.store.writer.submit(
        accounts.add(world, who.id, who.unit, ("overseer", "operator", "callback"), "long enough")
    )
    commit, token = accounts.token_for(world, who.id)
    world.store.writer.submit(commit)
    intake = Intake("call_968110", "c-1", "路灯不亮", "路灯不亮三天了", world.clock())
    world.store.writer.submit(receive.prepare(world, world.domains["hotline"], intake, who).commit)
    schema = openapi.from_asgi("/api/v1/docs/openapi.json", application(world))
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @seed(968110)
        @settings(max_examples=EACH, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            nonlocal tried
            tried += 1
            answer = case.call(headers={"authorization": f"Bearer {token}"})
            assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text}"

        check()
    assert tried > 10 * EACH
