"""Opening a child matter over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app.world import World

pytestmark = pytest.mark.anyio


async def test_a_child_is_opened_once_for_each_key(world: World, ask: Any) -> None:
    place = world.city.places.places[0]
    body = {"outside_id": "a1", "text": "夜里炸街", "lon": place.lon, "lat": place.lat}
    made = (await ask("POST", "/api/v1/intakes/partner", json=body)).json()
    number, unit = made["matter"], made["lead"]
    path = f"/api/v1/matters/{number}/children"
    other = next(u.key for u in world.city.organisation.of_kind("station") if u.key != unit)
    said = {"version": made["version"], "unit": other, "text": "查三个路口的监控"}
    first = await ask("POST", path, "officer", unit, json=said, headers={"idempotency-key": "k"})
    again = await ask("POST", path, "officer", unit, json=said, headers={"idempotency-key": "k"})
    assert (first.status_code, again.status_code, first.content) == (201, 200, again.content)
    child = world.store.read.matter(first.json()["number"])
    assert (child.parent, child.lead, first.json()["lead"]) == (number, other, other)
    for more, status, code in (
        ({"unit": "nowhere"}, 422, "field.unknown_unit"),
        ({"text": ""}, 422, "field.missing"),
        ({"version": 1}, 409, "matter.conflict"),
        ({"category": "no.such"}, 422, "category.unknown"),
        ({"more": 1}, 422, "body.invalid"),
    ):
        version = world.store.read.matter(number).version
        answer = await ask("POST", path, "officer", unit, json={**said, "version": version, **more})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert world.store.read.matter(number).children_open == (child.number,)
