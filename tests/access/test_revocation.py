"""What is taken away is gone on the next request, and from a stream that is open already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.access.asking import Asking

from anlan.app import accounts, people
from anlan.app.world import World
from anlan.loop.grants import Actor
from anlan.main import application
from anlan.store.commit import Commit

pytestmark = pytest.mark.anyio
UNIT = "branch.370202"
SECURITY = Actor("900", UNIT, ("security",))
Take = Callable[[World, str], Commit]


def hired(world: World, account: str, *roles: str) -> str:
    world.store.writer.submit(accounts.add(world, account, UNIT, roles, "long enough"))
    commit, token = accounts.token_for(world, account)
    world.store.writer.submit(commit)
    return token


def other_role(world: World, _token: str) -> Commit:
    return people.change(world, SECURITY, "77001", UNIT, ("exchange",))


def off(world: World, _token: str) -> Commit:
    return people.switch(world, SECURITY, "77001", on=False)


def ended(world: World, token: str) -> Commit:
    return people.end_session(world, SECURITY, "77001", accounts.token_hash(token).hex())


def logged_out(world: World, token: str) -> Commit:
    return accounts.log_out(world, token, "77001")


def new_password(world: World, _token: str) -> Commit:
    return people.reset_password(world, SECURITY, "77001")[0]


TAKEN = [(other_role, 403), (off, 401), (ended, 401), (logged_out, 401), (new_password, 401)]


@pytest.mark.parametrize(("take", "status"), TAKEN)
async def test_on_the_next_request(world: World, take: Take, status: int) -> None:
    asking, token = Asking(world), hired(world, "77001", "overseer")
    assert (await asking.send("GET", "/api/v1/matters", token)).status == 200
    assert (await asking.send("GET", "/queue", token)).status == 200
    await world.store.writer.write(take(world, token))
    assert (await asking.send("GET", "/api/v1/matters", token)).status == status
    assert (await asking.send("GET", "/queue", token)).status == (403 if status == 403 else 303)


async def streamed(app: Any, token: str) -> AsyncIterator[bytes]:
    """The event stream's pieces until it ends."""
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/live", "raw_path": b"/live", "query_string": b"", "root_path": "", "state": {}, "extensions": {},
        "headers": [(b"host", b"here"), (b"cookie", f"anlan_session={token}".encode())], "client": ("127.0.0.1", 1),
        "server": ("here", 80),
    }  # fmt: skip
    asked = False

    async def receive() -> Any:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await pieces.put(message.get("body", b"") if message.get("more_body") else None)

    async def run() -> None:
        await app(scope, receive, send)
        await pieces.put(None)

    task = asyncio.create_task(run())
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
    finally:
        task.cancel()


@pytest.mark.parametrize(("take", "_status"), TAKEN)
async def test_an_open_stream_ends(world: World, take: Take, _status: int) -> None:
    app, token = application(world), hired(world, "77001", "overseer")
    stream = streamed(app, token)
    first = await anext(stream)
    assert b"event: facts" in first
    await world.store.writer.write(take(world, token))
    async with asyncio.timeout(5):
        rest = [piece async for piece in stream]
    assert b"".join(rest) == b"", "nothing more was told"
    assert app.state.live.listeners == 0


async def test_a_stream_goes_on_when_others_lose_their_rights(world: World) -> None:
    app, token = application(world), hired(world, "77002", "overseer")
    hired(world, "77001", "overseer")
    stream = streamed(app, token)
    await anext(stream)
    await world.store.writer.write(off(world, ""))
    async with asyncio.timeout(5):
        assert b"event: facts" in await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_session_that_runs_out_ends_its_stream(world: World) -> None:
    app, token = application(world), hired(world, "77001", "overseer")
    hired(world, "77002", "officer")
    stream, now = streamed(app, token), world.clock()
    await anext(stream)
    world.clock = lambda: now + accounts.TOKEN_MS + 1
    await world.store.writer.write(people.switch(world, SECURITY, "77002", on=False))
    async with asyncio.timeout(5):
        assert [piece async for piece in stream] == []
