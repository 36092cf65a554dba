"""Messages of devices over MQTT 5: what comes under a topic filter is handed on, one at a time, in the order it came.

Between the link and whoever listens stands a bounded queue: when it is full the oldest goes, and is counted, since of a
position only the newest matters. Nothing is kept over an outage; the link is made again, with growing pauses.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from aiomqtt import Client, Message, MqttError, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from anlan.links.asterisk import PAUSES_SECONDS
from anlan.settings import Settings, wrong
from anlan.telemetry.metrics import MQTT_CONNECTED, MQTT_DROPPED, MQTT_HEARD

T = TypeVar("T")
OnMessage = Callable[[str, bytes], Awaitable[None]]
"""(topic, what it holds). Refusals are its own business; whatever it raises ends the link for good."""
QUEUE_MAX: Final = 10_000
BYTES_MAX: Final = 64 * 1024
"""Of one packet: the broker is told, and hands us no larger one."""
KEEP_ALIVE_SECONDS: Final = 20
EMBEDDED: Final = "embedded"
PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_log = logging.getLogger("anlan")


class Link(Protocol):
    """Where messages come from."""

    @property
    def connected(self) -> bool: ...

    async def run(self) -> None: ...


class Newest(asyncio.Queue[T]):
    """A queue that never refuses: what comes when it is full pushes out the oldest, counted in `dropped`."""

    dropped = 0

    def put_nowait(self, item: T) -> None:
        """Put it in."""
        if self.full():
            self.get_nowait()
            self.dropped += 1
            MQTT_DROPPED.inc()
        super().put_nowait(item)


class Mqtt:
    """A client by its URL, mqtts://user:password@host[:8883], or mqtt:// inside a network of one's own.

    `ca_file`: the authority that signed the broker's certificate, where the system does not know it.
    """

    def __init__(
        self, url: str, topic: str, on_message: OnMessage, ca_file: str = "", queue_max: int = QUEUE_MAX
    ) -> None:
        try:
            parts = urlsplit(url)
            self._port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise wrong("mqtt_url", "mqtts://user:password@host:8883, mqtt://host or embedded") from None
        if not parts.hostname or parts.path.strip("/"):
            raise wrong("mqtt_url", "mqtts://user:password@host:8883, mqtt://host or embedded")
        self._host, self._topic, self._on_message = parts.hostname, topic, on_message
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        try:
            self._tls = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "mqtts" else None
        except (OSError, ssl.SSLError) as error:
            raise wrong("mqtt_ca_file", type(error).__name__) from None
        self.queue = Newest[Message](queue_max)
        self.connected = False

    async def run(self) -> None:
        """Keep the link for as long as the server runs."""
        failures = 0
        while True:
            try:
                await self._session()
            except (MqttError, OSError) as error:
                if self.connected:
                    failures = 0
                _log.warning("the MQTT link is not there: %s", str(error))
            finally:
                self.connected = False
                MQTT_CONNECTED.set(0)
            await asyncio.sleep(PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS) - 1)])
            failures += 1

    async def _session(self) -> None:
        said = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        said.MaximumPacketSize = BYTES_MAX
        ours: Any = partial(_given, self.queue)
        async with Client(
            self._host, self._port, username=self._user or None, password=self._password or None, tls_context=self._tls,
            protocol=ProtocolVersion.V5, keepalive=KEEP_ALIVE_SECONDS, properties=said, queue_type=ours, logger=_QUIET,
        ) as client:  # fmt: skip
            await client.subscribe(self._topic)
            self.connected = True
            MQTT_CONNECTED.set(1)
            async for message in client.messages:
                await self._heard(message)
                while not self.queue.empty():  # a look at the link costs more than a message
                    await self._heard(self.queue.get_nowait())

    async def _heard(self, message: Message) -> None:
        MQTT_HEARD.inc()
        payload = message.payload
        await self._on_message(message.topic.value, payload if isinstance(payload, bytes) else b"")


def link(settings: Settings, home: Path, on_message: OnMessage) -> Link | None:
    """The link that an installation asks for; None for none. Raises Refused (settings.wrong)."""
    url = settings.mqtt_url
    if not url:
        return None
    name, _, port = url.partition(":")
    if name != EMBEDDED:
        return Mqtt(url, settings.mqtt_topic, on_message, settings.mqtt_ca_file)
    from anlan.links.broker import Broker, Passwords  # noqa: PLC0415 - read only where it is asked for

    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise wrong("mqtt_url", "embedded or embedded:1883")
    return Broker(Passwords(home), settings.mqtt_topic, on_message, int(port or PORTS["mqtt"]))


def _given(queue: Newest[Message], maxsize: int) -> Newest[Message]:  # noqa: ARG001 - as aiomqtt makes its own
    return queue


_QUIET = logging.getLogger("anlan.mqtt")
_QUIET.setLevel(logging.CRITICAL)
