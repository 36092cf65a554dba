"""What a gateway hands back: TD stops, HF resumes, other words are a report; each once."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app.world import World

pytestmark = pytest.mark.anyio
PATH = "/api/v1/messages/answers"


async def test_answers(world: World, ask: Any) -> None:
    said = {"id": "m1", "sender": "+86 138 1234 5678", "text": "td"}
    assert (await ask("POST", PATH, json=said)).json() == {"became": "nothing", "receipt": ""}
    words = {**said, "id": "m2", "text": "红绿灯整夜不亮"}
    first, again = [(await ask("POST", PATH, json=words)).json() for _ in range(2)]
    assert (first["became"], first) == ("received", again)
    party = world.store.vault.party_of(world.store.vault.blind("13812345678"))
    assert party
    for text, became, out in (("TD", "stopped", {party}), ("HF", "resumed", set())):
        assert (await ask("POST", PATH, json={**said, "text": text})).json()["became"] == became
        assert world.store.messages.opted_out([party]) == out
    for body, code in (
        ({}, "body.invalid"),
        ({**said, "more": 1}, "body.invalid"),
        ({**words, "id": "m3", "sender": "x"}, "phone.malformed"),
    ):
        answer = await ask("POST", PATH, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await ask("POST", PATH, "officer", json=said)).status_code == 403
