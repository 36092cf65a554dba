"""Merging over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app.world import World

pytestmark = pytest.mark.anyio


async def test_a_merge_that_is_sent_again_gets_the_same_answer(world: World, ask: Any) -> None:
    place = world.city.places.places[0]
    kept, gone = [
        (await ask("POST", "/api/v1/intakes/partner", json=body)).json()
        for body in ({"outside_id": n, "text": "夜里炸街", "lon": place.lon, "lat": place.lat} for n in ("a", "b"))
    ]
    path, said = f"/api/v1/matters/{gone['matter']}/merge", {"version": gone["version"], "into": kept["matter"]}
    answers = [await ask("POST", path, json=said, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert world.store.read.matter(kept["matter"]).version == kept["version"] + 1
