"""The exchange's webhook: who may tell, what it may say, and that it is told once."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app import accounts, calls
from anlan.app.world import World

pytestmark = pytest.mark.anyio
PATH = "/api/v1/calls"


async def test_events_of_the_exchange(world: World, ask: Any, somebody: Any) -> None:
    operator = somebody("operator")
    world.store.writer.submit(accounts.add(world, "exchange-1", "", ("exchange",), "long enough"))
    commit, token = accounts.token_for(world, "exchange-1")
    world.store.writer.submit(commit)
    bearer = {"authorization": f"Bearer {token}"}
    said = {"call_id": "1", "state": "ringing", "extension": "8001", "caller": "13812345678"}
    assert (await ask("POST", PATH, json=said)).status_code == 403
    assert (await ask("POST", PATH, json=said, headers=bearer)).json() == {"changed": False}
    world.store.writer.submit(calls.sit(world, operator.id, "8001"))
    told = [(await ask("POST", PATH, json=said, headers=bearer)).json()["changed"] for _ in range(2)]
    assert told == [True, False]
    for more, code in (
        ({"state": "rings"}, "field.not_an_option"),
        ({"extension": "8-1"}, "call.bad_extension"),
        ({"more": 1}, "body.invalid"),
        ({"call_id": 1}, "body.invalid"),
    ):
        answer = await ask("POST", PATH, json={**said, **more}, headers=bearer)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await ask("POST", PATH, content=b"{", headers=bearer)).json()["code"] == "body.not_json"
