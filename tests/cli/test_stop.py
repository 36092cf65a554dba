"""The real server told to stop while it is busy: everything it took is answered, everything it answered is kept."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from itertools import count
from pathlib import Path

import msgspec
import pytest

from anlan import main
from anlan.app import accounts
from anlan.cli.bench.server import HOST, Server

pytestmark = pytest.mark.anyio
CLIENTS = 12


def installation(home: Path, demo_city: Path) -> str:
    shutil.copytree(demo_city, home / "city")
    world = main.open_world(home)
    officer = world.city.roster.with_role("operator")[0]
    world.store.writer.submit(accounts.add(world, officer.number, officer.unit, ("operator",), "long enough"))
    commit, token = accounts.token_for(world, officer.number)
    world.store.writer.submit(commit)
    world.store.close()
    return token


class Load:
    """Clients that hand in reports until their connection, or the server, says that it is the last."""

    def __init__(self, server: Server) -> None:
        self.server, self.numbers = server, count()
        self.sent, self.kept, self.statuses = 0, set[int](), dict[int, int]()
        self.cut = 0
        """Connections that ended after a request was sent on them and before it was answered."""

    async def client(self) -> None:
        reader, writer = await asyncio.open_connection(HOST, self.server.port)
        try:
            while not await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            self.cut += 1
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One report; answers whether it was the last that this server wants."""
        body = msgspec.json.encode({"outside_id": f"n{next(self.numbers)}", "text": "路口红绿灯整夜不亮"})
        head = (
            f"POST /api/v1/intakes/partner HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {self.server.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.sent += 1
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.split(b"content-length:")[1].split(b"\r\n")[0])
        said = await reader.readexactly(length)
        status = int(answer[9:12])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 201:
            self.kept.add(msgspec.json.decode(said)["number"])
        return b"connection: close" in answer


async def stream(server: Server) -> bytes:
    """What an event stream sends until it ends."""
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(f"GET /live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
    try:
        return await reader.read()
    finally:
        writer.close()


async def asked(server: Server, path: str) -> int:
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    status = int((await reader.readuntil(b"\r\n"))[9:12])
    writer.close()
    return status


async def stopped_while_busy(server: Server) -> tuple[Load, bytes]:
    """Tell it to stop amid requests; what the clients saw, and what an open event stream was told."""
    load = Load(server)
    listening = asyncio.create_task(stream(server))
    clients = [asyncio.create_task(load.client()) for _ in range(CLIENTS)]
    async with asyncio.timeout(60):
        while len(load.kept) < 300:
            assert not any(client.done() for client in clients), load.statuses
            await asyncio.sleep(0.01)
    assert (await asked(server, "/readyz"), await asked(server, "/healthz")) == (200, 200)
    stopping = asyncio.create_task(asyncio.to_thread(server.stop))
    while not stopping.done() and (ready := await asked(server, "/readyz")) == 200:
        await asyncio.sleep(0.01)
    await asyncio.gather(*clients)
    assert (ready, await stopping) == (503, 0)
    return load, await listening


async def test_a_stop_under_load_loses_nothing_and_cuts_nobody_off(tmp_path: Path, demo_city: Path) -> None:
    server = Server(tmp_path, installation(tmp_path, demo_city), ANLAN_DRAIN_SECONDS="1.5", ANLAN_DISK_FREE_MB="0")
    with server:
        load, heard = await stopped_while_busy(server)
    assert (load.cut, set(load.statuses), sum(load.statuses.values())) == (0, {201}, load.sent)
    assert b"event: bye" in heard
    assert b"retry: " in heard.partition(b"event: bye")[2]
    world = main.open_world(tmp_path, index=False)
    kept = {number for (number,) in world.store.read.listed(("SELECT number FROM receipts", ()))}
    world.store.close()
    assert kept == load.kept
    print(f"{load.sent} sent, {len(kept)} kept, 0 cut")
