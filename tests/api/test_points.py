"""What maps and walls read: the city without a token, matters only as far as the caller's own list goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from anlan.app import accounts, points
from anlan.app.world import World
from anlan.loop.grants import Actor
from anlan.loop.working_calendar import DAY, minute_of
from anlan.main import application

pytestmark = pytest.mark.anyio
DAY_MS = DAY * 60_000


@pytest.fixture
async def handed_in(world: World, ask: Any) -> list[dict[str, Any]]:
    """Six matters at six communities, and one whose place nobody knows."""
    made = []
    for n, place in enumerate(world.city.places.places[:60:10]):
        body = {"outside_id": f"p{n}", "text": f"{place.name}门口占道第{n}天", "lon": place.lon, "lat": place.lat}
        made.append((await ask("POST", "/api/v1/intakes/partner", json=body)).json())
    made.append((await ask("POST", "/api/v1/intakes/partner", json={"outside_id": "q", "text": "政策咨询"})).json())
    return made


async def test_the_city_needs_no_token_and_is_sent_once(world: World) -> None:
    async with AsyncTestClient(application(world)) as client:
        for name in ("areas", "roads", "places", "units"):
            first = await client.get(f"/api/v1/city/{name}")
            assert (first.status_code, first.headers["content-encoding"]) == (200, "gzip")
            etag = {"if-none-match": first.headers["etag"]}
            again = await client.get(f"/api/v1/city/{name}", headers=etag)
            assert (again.status_code, again.content) == (304, b"")
            plain = await client.get(f"/api/v1/city/{name}", headers={"accept-encoding": "identity"})
            assert plain.json() == first.json()
        areas = (await client.get("/api/v1/city/areas")).json()["features"]
        roads = (await client.get("/api/v1/city/roads")).json()["features"]
    levels = [area["properties"]["level"] for area in areas]
    assert levels == sorted(levels, key=["sea", "district", "station"].index), "later ones lie over earlier ones"
    graph = world.city.roads
    assert graph is not None
    pieces = sum(len(line) - 1 for road in roads for line in road["geometry"]["coordinates"])
    assert pieces == len(graph.tail) // 2, "each road once"


async def test_points_are_what_the_queue_shows(world: World, ask: Any, handed_in: list[dict[str, Any]]) -> None:
    whole = (await ask("GET", "/api/v1/matters/points", "overseer")).json()
    assert sorted(whole["number"]) == sorted(m["matter"] for m in handed_in[:6])
    assert whole["unplaced"] == 1
    assert {whole["states"][s] for s in whole["state"]} == {"new"}
    unit = handed_in[0]["lead"]
    mine = (await ask("GET", "/api/v1/matters/points", "officer", unit)).json()
    listed = (await ask("GET", "/api/v1/matters?limit=200", "officer", unit)).json()["rows"]
    assert sorted(mine["number"]) == sorted(row["number"] for row in listed) != []
    for query in (f"unit={unit}", f"district={str(handed_in[0]['matter'])[:6]}", "kind=waiting&kind=working"):
        some = (await ask("GET", f"/api/v1/matters/points?{query}", "overseer")).json()
        assert handed_in[0]["matter"] in some["number"]
    other = next(m["lead"] for m in handed_in if m["lead"] not in {unit, ""})
    denied = await ask("GET", f"/api/v1/matters/points?unit={other}", "officer", unit)
    assert (denied.status_code, denied.json()["code"]) == (403, "access.denied")


async def test_states_are_told_as_the_list_tells_them(world: World, ask: Any, handed_in: list[dict[str, Any]]) -> None:
    due = world.store.read.matter(handed_in[0]["matter"]).due_minute("accept")
    assert due is not None
    start = world.clock()
    for minutes, state in ((-61, "new"), (-10, "soon"), (1, "late")):
        at = start + (due + minutes - minute_of(start)) * 60_000
        world.clock = lambda at=at: at  # type: ignore[misc]
        found = (await ask("GET", "/api/v1/matters/points", "overseer")).json()
        assert found["states"][found["state"][found["number"].index(handed_in[0]["matter"])]] == state


async def test_points_of_a_past_hour(world: World, ask: Any, handed_in: list[dict[str, Any]]) -> None:
    came = world.clock()
    world.clock = lambda: came + DAY_MS
    then = (await ask("GET", f"/api/v1/matters/points?at={came + 1}", "overseer")).json()
    assert sorted(then["number"]) == sorted(m["matter"] for m in handed_in[:6])
    assert {then["states"][s] for s in then["state"]} == {"open"}
    before = (await ask("GET", f"/api/v1/matters/points?at={came - 1}", "overseer")).json()
    assert before["number"] == []
    ahead = await ask("GET", f"/api/v1/matters/points?at={came + 2 * DAY_MS}", "overseer")
    assert (ahead.status_code, ahead.json()["code"]) == (422, "field.out_of_range")


async def test_more_points_than_can_be_drawn_are_refused(
    ask: Any, handed_in: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points, "POINTS_MAX", 5)
    refused = await ask("GET", "/api/v1/matters/points", "overseer")
    assert (refused.status_code, refused.json()["code"]) == (422, "points.too_many")


async def test_titles_only_of_what_one_may_see(ask: Any, handed_in: list[dict[str, Any]]) -> None:
    query = "&".join(f"number={m['matter']}" for m in handed_in)
    unit = handed_in[0]["lead"]
    all_rows = (await ask("GET", f"/api/v1/matters/titles?{query}", "overseer")).json()["rows"]
    own_rows = (await ask("GET", f"/api/v1/matters/titles?{query}", "officer", unit)).json()["rows"]
    assert len(all_rows) == 7
    assert {row["lead"] for row in own_rows} == {unit}
    many = "&".join(f"number={n}" for n in range(51))
    assert (await ask("GET", f"/api/v1/matters/titles?{many}", "overseer")).status_code == 422


async def test_the_pages_session_reads_and_nothing_else(world: World, somebody: Callable[..., Actor]) -> None:
    who = somebody("overseer")
    world.store.writer.submit(accounts.add(world, who.id, who.unit, who.roles, "long enough"))
    commit, token = accounts.token_for(world, who.id)
    world.store.writer.submit(commit)
    async with AsyncTestClient(application(world)) as client:
        assert (await client.get("/api/v1/matters/points")).status_code == 401
        client.cookies.set("anlan_session", token)
        for path in ("/api/v1/matters/points", "/api/v1/matters/titles", "/api/v1/matters/today"):
            assert (await client.get(path)).status_code == 200
        assert (await client.get("/api/v1/matters")).status_code == 401
        assert (await client.post("/api/v1/matters/1/merge", json={"version": 1, "into": 2})).status_code == 401
        client.cookies.set("anlan_session", "made up")
        assert (await client.get("/api/v1/matters/points")).status_code == 401
