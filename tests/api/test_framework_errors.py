"""What the framework itself refuses speaks our codes too, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from litestar.testing import AsyncTestClient

from anlan.api import problems
from anlan.api.matters import cursor
from anlan.app import accounts
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.fact import INT_MAX, whole
from anlan.loop.grants import Actor
from anlan.main import application

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/matters?limit=abc", 422, "query.invalid"),
        ("GET", "/api/v1/matters?stages=assigned", 422, "field.unknown"),
        ("GET", "/api/v1/receipts/1", 422, "query.invalid"),
        ("GET", "/api/v1/nothing", 404, "address.unknown"),
        ("GET", "/api/v1/matters/one", 404, "address.unknown"),
        ("DELETE", "/api/v1/matters", 405, "method.not_allowed"),
        ("POST", "/open311/v2/requests.json", 422, "field.missing"),
    ],
)
async def test_a_request_that_no_handler_took(
    world: World, somebody: Callable[..., Actor], method: str, path: str, status: int, code: str
) -> None:
    who = somebody("overseer")
    await world.store.writer.write(accounts.add(world, who.id, who.unit, who.roles, "long enough"))
    commit, token = accounts.token_for(world, who.id)
    await world.store.writer.write(commit)
    async with AsyncTestClient(application(world)) as client:
        for language in ("zh", "en"):
            headers = {"accept-language": language, "authorization": f"Bearer {token}"}
            answer = await client.request(method, path, headers=headers)
            said = answer.json()
            assert (answer.status_code, said["code"]) == (status, code)
            assert answer.headers["content-type"] == "application/problem+json"
            assert said["detail"].isascii() == (language == "en")
            assert "{" not in said["detail"]


async def test_a_bug_of_ours_is_a_500_without_its_insides(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(problems, "_log", SimpleNamespace(error=lambda text, *values: logged.append(text % values)))
    monkeypatch.setattr(type(world.store.read), "receipt", lambda _self, _number: 1 // 0)
    async with AsyncTestClient(application(world), raise_server_exceptions=False) as client:
        answer = await client.get("/api/v1/receipts/13812345678", params={"code": "x"})
    assert (answer.status_code, answer.json()["code"]) == (500, "server.failed")
    assert "ZeroDivision" not in answer.text
    assert "GET /api/v1/receipts/{number} failed with ZeroDivisionError" in logged[0]


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12), (str(INT_MAX), INT_MAX)])
def test_a_plain_number_is_a_number(text: str, number: int) -> None:
    assert whole(text) == number


@pytest.mark.parametrize("text", [str(INT_MAX + 1), "9" * 5000, "²", "٣", "", "-1", "1.0", " 1"])
def test_anything_else_is_none(text: str) -> None:
    assert whole(text) is None


@pytest.mark.parametrize("after", ["²", "1", "1.²", "1." + "9" * 5000, "-1.5", "a.b"])
def test_a_bad_cursor_is_refused(after: str) -> None:
    with pytest.raises(Refused, match=r"page\.bad_cursor"):
        cursor(after)
