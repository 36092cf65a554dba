"""Bad input over HTTP: each kind its own code in both languages, and nothing written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from anlan.app import accounts
from anlan.app.world import World
from anlan.loop.grants import Actor
from anlan.main import application

pytestmark = pytest.mark.anyio

GOOD = {"outside_id": "a1", "text": "小区门口路灯坏了三天没人修", "lon": 120.38, "lat": 36.07, "phone": "13812345678"}
INTAKES = "/api/v1/intakes/partner"


def facts(world: World) -> int:
    """Facts of matters (accounts and tokens apart)."""
    return int(world.store.readers.connection().execute("SELECT count(*) FROM facts WHERE version > 0").fetchone()[0])


BAD: list[tuple[dict[str, Any], str]] = [
    ({**GOOD, "text": 7}, "field.wrong_type"),
    ({**GOOD, "nobody": 1}, "field.unknown"),
    ({**GOOD, "text": "长" * 20_001}, "field.too_long"),
    ({**GOOD, "phone": "1381234567x"}, "phone.malformed"),
    ({**GOOD, "lon": 2.35, "lat": 48.86}, "place.outside_city"),
    ({**GOOD, "lon": 1e9, "lat": 48.86}, "place.outside_earth"),
    ({**GOOD, "system": "mars"}, "place.system_unknown"),
    ({**GOOD, "district": "没有这个区"} | {"lon": None, "lat": None}, "place.unknown_district"),
]


@pytest.mark.parametrize(("body", "code"), BAD, ids=[code for _, code in BAD])
async def test_bad_intake_is_a_problem_and_writes_nothing(
    world: World, ask: Any, body: dict[str, Any], code: str
) -> None:
    for language in ("zh", "en"):
        answer = await ask("POST", INTAKES, json=body, headers={"accept-language": language})
        assert answer.status_code == 422
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["code"] == code
        assert answer.headers["content-language"] == language
        assert answer.json()["detail"] != code
    assert facts(world) == 0


async def test_a_body_over_the_limit_and_one_that_is_not_json(world: World, ask: Any) -> None:
    large = await ask("POST", INTAKES, content=b'{"text": "' + b"a" * 300_000 + b'"}')
    assert (large.status_code, large.json()["code"]) == (413, "body.too_large")
    broken = await ask("POST", INTAKES, content=b"{not json")
    assert (broken.status_code, broken.json()["code"]) == (422, "body.not_json")
    for torn in (b'{"text": "\xf0\x28"}', b'{"te\xf3t": "a"}', b'{"title": "\xff"}'):
        answer = await ask("POST", INTAKES, content=torn)
        assert (answer.status_code, answer.json()["code"]) == (422, "body.not_json"), "bytes that are no UTF-8"
    dry = await ask("POST", "/api/v1/echo", content=b"{not json")
    assert (dry.status_code, dry.json()["code"]) == (422, "body.not_json")
    assert facts(world) == 0


async def test_a_key_replays_its_answer_and_refuses_another_body(world: World, ask: Any) -> None:
    key = {"idempotency-key": "k1"}
    first = await ask("POST", INTAKES, json=GOOD, headers=key)
    again = await ask("POST", INTAKES, json=GOOD, headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    written = facts(world)
    other = await ask("POST", INTAKES, json={**GOOD, "text": "别的事"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "request.key_reused")
    same = await ask("POST", INTAKES, json=GOOD)
    assert same.json()["number"] == first.json()["number"]
    assert facts(world) == written


async def test_moves_say_why_not(world: World, ask: Any) -> None:
    made = (await ask("POST", INTAKES, json=GOOD)).json()
    moves, unit = f"/api/v1/matters/{made['matter']}/moves", made["lead"]
    version, written = made["version"], facts(world)
    cases = [
        (f"{moves}/fly", {"version": version}, 422, "move.unknown"),
        (f"{moves}/report", {"version": version, "fields": {"note": "好"}}, 409, "move.not_in_stage"),
        (f"{moves}/accept", {"version": version + 1}, 409, "matter.conflict"),
        (f"{moves}/verify", {"version": version}, 403, "move.not_yours"),
        (f"{moves}/accept", {"version": version, "more": 1}, 422, "body.invalid"),
        (
            f"{moves}/return",
            {"version": version, "fields": {"reason": "bored", "note": "x"}},
            422,
            "field.not_an_option",
        ),
    ]
    for path, body, status, code in cases:
        answer = await ask("POST", path, "officer", unit, json=body)
        if code == "move.not_yours" and answer.status_code == 409:
            continue  # the first officer of a unit may be its chief
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert facts(world) == written


async def test_who_has_no_token_or_no_right_gets_nothing(world: World, ask: Any) -> None:
    made = (await ask("POST", INTAKES, json=GOOD)).json()
    path = f"/api/v1/matters/{made['matter']}"
    nobody = await ask("GET", path, headers={"authorization": "Bearer no"})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "token.missing")
    far = next(u.key for u in world.city.organisation.of_kind("station") if u.key != made["lead"])
    foreign = await ask("GET", path, "officer", far)
    missing = await ask("GET", "/api/v1/matters/370202269999999", "officer", far)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["code"] == missing.json()["code"] == "matter.unknown"


async def test_32_editors_one_wins_31_conflict(world: World, somebody: Callable[..., Actor], ask: Any) -> None:
    made = (await ask("POST", INTAKES, json=GOOD)).json()
    who = somebody("overseer")
    world.store.writer.submit(accounts.add(world, who.id, who.unit, who.roles, "long enough"))
    commit, token = accounts.token_for(world, who.id)
    world.store.writer.submit(commit)
    path, body = f"/api/v1/matters/{made['matter']}/moves/remind", {"version": made["version"]}
    async with AsyncTestClient(application(world)) as client:
        headers = {"authorization": f"Bearer {token}"}
        answers = await asyncio.gather(*(client.post(path, json=body, headers=headers) for _ in range(32)))
    statuses = sorted(a.status_code for a in answers)
    assert statuses == [200] + [409] * 31


async def test_a_contact_is_read_for_a_purpose_and_the_reading_is_on_the_ledger(world: World, ask: Any) -> None:
    made = (await ask("POST", INTAKES, json={**GOOD, "name": "王小明"})).json()
    path = f"/api/v1/matters/{made['matter']}/contact"
    body = {"receipt": made["number"], "purpose": "call_back"}
    refused = await ask("POST", path, json={**body, "purpose": "curious"}, role="callback")
    assert refused.json()["code"] == "field.not_an_option"
    answer = await ask("POST", path, json=body, role="callback")
    assert answer.json() == {"name": "王小明", "phone": "13812345678"}
    read = [f for f in world.store.read.facts(made["matter"]) if f.kind == "read" and f.data["what"] == "contact"]
    assert [f.data["purpose"] for f in read] == ["call_back"]
