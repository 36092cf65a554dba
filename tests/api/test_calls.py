"""The exchange's webhook: who may tell, what it may say, and that it is told once."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app import accounts, calls
from anlan.app.world import World
from anlan.links.asterisk import CallEvent
from anlan.loop.errors import Refused
from anlan.main import heard

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


async def test_a_full_disk_loses_an_event_of_the_link_and_not_the_link(
    world: World, somebody: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_commit: object) -> None:
        raise Refused("store.full")

    world.store.writer.submit(calls.sit(world, somebody("operator").id, "8001"))
    event = CallEvent("1", "ringing", "8001", "13812345678")
    with monkeypatch.context() as patched:
        patched.setattr(world.store.writer, "write", full)
        await heard(world, event)
    assert world.store.calls.outside("1/8001") is None
    await heard(world, event)
    assert world.store.calls.outside("1/8001") is not None
