"""One JetStream stream: what is published stands in it in our order, each message once, or `Unpublished` is raised.

Every message says after which one it may come (Nats-Expected-Last-Sequence), so the server turns away whatever would
overtake a message that was lost; its Nats-Msg-Id keeps out what was only thought lost. The last message in the stream
says how far it has come: the stream itself is asked, not remembered. JetStream is transport, never the record.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import httpx2
import msgspec
import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, PubAck, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from anlan.settings import Settings, wrong
from anlan.telemetry.metrics import NATS_CONNECTED, NATS_SYNCED

CONNECT_SECONDS, ACK_SECONDS, ASK_SECONDS = 3, 4.0, 3.0
TWICE_SECONDS = 600.0
"""So long the server itself knows a message again by its id."""
POS = "Anlan-Pos"
SCHEMES = ("nats://", "tls://")
_log = logging.getLogger("anlan")


class Unpublished(Exception):
    """The stream did not take it, or does not answer. What it has taken is known when it is opened again."""


class Out(msgspec.Struct, frozen=True):
    """A message: its id for ever, its subject below the stream's name, the position in the outbox up to which the
    stream has then come, its bytes."""

    id: str
    subject: str
    pos: int
    body: bytes
    headers: dict[str, str] = {}


class Stream:
    """A stream by the settings of an installation. One event loop uses it."""

    def __init__(self, settings: Settings) -> None:
        self._servers, self.name = settings.nats_url.split(), settings.nats_stream
        self._replicas, self._monitor = settings.nats_replicas, settings.nats_monitor_url.rstrip("/")
        self._credentials = settings.nats_credentials_file or None
        if not self._servers or not all(server.startswith(SCHEMES) for server in self._servers):
            raise wrong("nats_url", "nats://host:4222, or tls://")
        if self._replicas not in {1, 3, 5}:
            raise wrong("nats_replicas", "1, 3, 5")
        self._client: Client | None = None
        self._context: JetStreamContext | None = None
        self._last = 0

    async def open(self) -> int | None:
        """Connect, make the stream where there is none; the position its last message says (0 for a new stream, None
        for one whose messages are gone). Raises Unpublished."""
        await self.close()
        try:
            self._client = await nats.connect(
                self._servers, connect_timeout=CONNECT_SECONDS, allow_reconnect=False, max_reconnect_attempts=1,
                user_credentials=self._credentials, error_cb=_unsaid, name="anlan",
            )  # fmt: skip
            self._context = self._client.jetstream(timeout=ASK_SECONDS)
            info = await self._made()
            self._last, count = info.state.last_seq, info.state.messages
            pos = await self._position() if count else None if self._last else 0
        except (NatsError, OSError, TimeoutError) as error:
            await self.close()
            raise Unpublished(type(error).__name__) from None
        NATS_CONNECTED.set(1)
        await self._check_sync()
        return pos

    async def publish(self, batch: Sequence[Out]) -> None:
        """Have the stream take these, in this order, after all before. Raises Unpublished: some may have been taken."""
        if self._context is None:
            raise Unpublished("closed")
        waiting = [asyncio.ensure_future(self._sent(one, self._last + n)) for n, one in enumerate(batch)]
        try:
            taken = await asyncio.gather(*waiting)
        except (NatsError, OSError, TimeoutError) as error:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            await self.close()
            raise Unpublished(type(error).__name__) from None
        if [ack.seq for ack in taken] != list(range(self._last + 1, self._last + 1 + len(batch))):
            await self.close()
            raise Unpublished("out of order")
        self._last += len(batch)

    async def close(self) -> None:
        """Let go of the link."""
        client, self._client, self._context = self._client, None, None
        NATS_CONNECTED.set(0)
        if client is not None:
            await client.close()

    async def _sent(self, one: Out, after: int) -> PubAck:
        assert self._context is not None
        headers = {
            **one.headers, "Nats-Msg-Id": one.id, "Nats-Expected-Stream": self.name,
            "Nats-Expected-Last-Sequence": str(after), POS: str(one.pos),
        }  # fmt: skip
        return await self._context.publish(f"{self.name}.{one.subject}", one.body, ACK_SECONDS, headers=headers)

    async def _made(self) -> Any:
        assert self._context is not None
        try:
            return await self._context.stream_info(self.name)
        except NotFoundError:
            return await self._context.add_stream(
                StreamConfig(
                    name=self.name, subjects=[f"{self.name}.>"], num_replicas=self._replicas, storage=StorageType.FILE,
                    retention=RetentionPolicy.LIMITS, discard=DiscardPolicy.NEW, duplicate_window=TWICE_SECONDS,
                    deny_delete=True,
                )
            )  # fmt: skip

    async def _position(self) -> int:
        """The position that the stream's last message says. Raises Unpublished where it is not one of ours."""
        assert self._context is not None
        message = await self._context.get_msg(self.name, self._last)
        said = (message.headers or {}).get(POS, "")
        if not said.isdecimal():
            raise Unpublished("the stream holds messages that are not ours")
        return int(said)

    async def _check_sync(self) -> None:
        """Ask the monitoring address whether every write is synced; what is not so is in the log and the metrics."""
        if not self._monitor:
            NATS_SYNCED.set(-1)
            return
        try:
            async with httpx2.AsyncClient(timeout=ASK_SECONDS) as client:
                said = (await client.get(f"{self._monitor}/varz")).json()
        except (httpx2.HTTPError, ValueError):
            said = {}
        config = said.get("jetstream", {}).get("config", {})
        known = "sync_always" in config or "sync_interval" in config
        always = bool(config.get("sync_always"))
        NATS_SYNCED.set(1 if always else 0 if known else -1)
        if not always:
            what = "does not sync every write" if known else "does not say whether it syncs every write"
            _log.warning("the NATS server %s %s: set sync_interval: always", said.get("version", ""), what)


async def _unsaid(_error: Exception) -> None:
    """What goes wrong is raised where it is waited for."""
