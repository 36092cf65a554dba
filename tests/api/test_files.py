"""Files over the API: handed in, taken by an intake or a move, read on the record; every wrong way has its code."""

from __future__ import annotations

from typing import Any

import pytest
from tests.app.test_media import located, picture

from anlan.app import media
from anlan.app.world import World

pytestmark = pytest.mark.anyio


async def staged(ask: Any, data: bytes = b"", role: str = "operator", unit: str = "") -> Any:
    return await ask("POST", "/api/v1/files?name=a.jpg", role, unit, content=data or picture())


async def test_a_file_goes_with_an_intake_and_is_read_on_the_record(world: World, ask: Any) -> None:
    answer = await staged(ask, located((36, 4, 1.2), (120, 22, 58.8)))
    file = answer.json()
    assert (answer.status_code, file["type"], [round(x, 3) for x in file["place"]]) == (
        201,
        "image/jpeg",
        [120.383, 36.067],
    )
    body = {"outside_id": "a1", "text": "夜里炸街", "unit": "branch.370202", "files": [file["id"]]}
    number = (await ask("POST", "/api/v1/intakes/partner", json=body)).json()["matter"]
    read = await ask("GET", f"/api/v1/matters/{number}/files/{file['id']}", "overseer")
    assert (read.status_code, len(read.content)) == (200, file["bytes"])
    assert [f.data["file"] for f in world.store.read.facts(number) if f.kind == "read"] == [file["id"]]
    again = await ask("POST", "/api/v1/intakes/partner", json={**body, "outside_id": "a2"})
    assert (again.status_code, again.json()["code"]) == (404, "file.unknown")
    foreign = next(u.key for u in world.city.organisation.of_kind("station"))
    hidden = await ask("GET", f"/api/v1/matters/{number}/files/{file['id']}", "officer", foreign)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "matter.unknown")
    other = await ask("GET", f"/api/v1/matters/{number}/files/f0", "overseer")
    assert (other.status_code, other.json()["code"]) == (404, "file.unknown")


async def test_a_file_goes_with_a_move_once(world: World, ask: Any) -> None:
    file = (await staged(ask)).json()["id"]
    body = {"outside_id": "a1", "text": "夜里炸街", "unit": "branch.370202"}
    made = (await ask("POST", "/api/v1/intakes/partner", json=body)).json()
    path = f"/api/v1/matters/{made['matter']}/moves/note"
    for files, status, code in (
        ("x", 422, "field.wrong_type"),
        ([1], 422, "field.wrong_type"),
        (["f0"], 404, "file.unknown"),
        ([file] * 7, 422, "file.too_many"),
    ):
        fields = {"note": "现场照片", "files": files}
        answer = await ask("POST", path, json={"version": made["version"], "fields": fields})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    said = {"version": made["version"], "fields": {"note": "现场照片", "files": [file]}}
    first, again = [await ask("POST", path, json=said, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert (first.status_code, again.content) == (200, first.content)
    told = [f.data["files"] for f in world.store.read.facts(made["matter"]) if f.kind == "noted"]
    assert [[one["id"] for one in files] for files in told] == [[file]]


async def test_who_may_not_hand_in_and_what_may_not_be(ask: Any) -> None:
    for role, data, status, code in (
        ("auditor", picture(), 403, "access.denied"),
        ("operator", b"<html>", 422, "file.unknown_type"),
        ("operator", bytes(media.BYTES_MAX + 1), 413, "file.too_large"),
        ("operator", bytes(2 * media.BYTES_MAX + 1), 413, "body.too_large"),
    ):
        answer = await staged(ask, data, role)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
