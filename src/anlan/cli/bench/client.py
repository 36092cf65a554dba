"""A small HTTP/1.1 client for load on loopback: a keep-alive connection a worker, only what is needed is parsed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

Request = tuple[str, str, bytes]
"""Method, path, body."""
Next = Callable[[], Request | None]


@dataclass
class Run:
    """What a run of requests took: latencies in ms, the wall time in s, answers by status."""

    latencies: list[float]
    seconds: float
    statuses: dict[int, int]
    bodies: list[bytes]

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The latency in ms that this share of answers kept below."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class Connection:
    """One keep-alive connection."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._host, self._port, self._token = host, port, token
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """One request, its status and body."""
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {self._token}\r\n"
            f"Cookie: anlan_session={self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        status = int(answer[9:12])
        lower = answer.lower()
        at = lower.find(b"content-length:")
        if at < 0:
            return status, await self._chunked() if b"transfer-encoding: chunked" in lower else b""
        length = int(lower[at + 15 : lower.index(b"\r\n", at)])
        return status, await self._reader.readexactly(length) if length else b""

    async def _chunked(self) -> bytes:
        assert self._reader is not None
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return body

    def close(self) -> None:
        """Close it."""
        if self._writer:
            self._writer.close()


async def run(host: str, port: int, token: str, clients: int, following: Next, *, keep: bool = False) -> Run:
    """Send what `following` gives, over `clients` connections at once, until it gives None."""
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    bodies: list[bytes] = []

    async def work() -> None:
        connection = Connection(host, port, token)
        while (request := following()) is not None:
            began = time.perf_counter()
            status, body = await connection.ask(*request)
            latencies.append((time.perf_counter() - began) * 1000)
            statuses[status] = statuses.get(status, 0) + 1
            if keep:
                bodies.append(body)
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(clients)))
    return Run(latencies, time.perf_counter() - began, statuses, bodies)
