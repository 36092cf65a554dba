"""A broker inside this process (amqtt) for an installation on one machine: MQTT 3.1.1, on this machine's address only.

Every unit has a password of its own and its own place: it publishes anlan/units/UNIT/position and state, listens to
orders there, and nothing else. For units over the air put a TLS proxy before it, or use Mosquitto: see the run book.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from amqtt.broker import Broker as Amqtt
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BasePlugin, BaseTopicPlugin

from anlan.links.asterisk import PAUSES_SECONDS
from anlan.links.mqtt import BYTES_MAX, QUEUE_MAX, Newest, OnMessage
from anlan.loop.errors import Refused
from anlan.telemetry.metrics import MQTT_CONNECTED, MQTT_HEARD

HOST: Final = "127.0.0.1"
FILE: Final = "mqtt_units.json"
UNIT: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
PUBLISHED: Final = ("position", "state")
LISTENED: Final = ("orders",)
CONNECTIONS_MAX: Final = 5_000
_log = logging.getLogger("anlan")
for _name in ("amqtt", "transitions"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Passwords:
    """The units' passwords, as SHA-256 of 32 random bytes each, in a file of the installation's folder."""

    def __init__(self, home: Path) -> None:
        self._file = home / FILE

    def new(self, unit: str) -> str:
        """A new password for a unit; the old one is no longer good. Raises Refused (mqtt.unit)."""
        if not UNIT.fullmatch(unit):
            raise Refused("mqtt.unit", unit=unit)
        made = secrets.token_urlsafe(32)
        self._write(self._read() | {unit: _digest(made)})
        return made

    def remove(self, unit: str) -> None:
        """The unit may no longer connect. Raises Refused (mqtt.unit)."""
        known = self._read()
        if unit not in known:
            raise Refused("mqtt.unit", unit=unit)
        self._write({one: digest for one, digest in known.items() if one != unit})

    def holds(self, unit: str | None, password: str | None) -> bool:
        """Whether this is the unit's password now."""
        kept = self._read().get(unit or "", "")
        return hmac.compare_digest(kept, _digest(password or "")) and kept != ""

    def _read(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def _write(self, known: dict[str, str]) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_text(json.dumps(known, indent=1), "utf-8")
        fresh.replace(self._file)


class Broker:
    """The broker, and what is published to it under `topic` handed on as by `links.mqtt.Mqtt`."""

    def __init__(
        self, passwords: Passwords, topic: str, on_message: OnMessage, port: int, queue_max: int = QUEUE_MAX
    ) -> None:
        self._passwords, self._on_message, self._port = passwords, on_message, port
        self._filter = filter_of(topic)
        self.queue = Newest[tuple[str, bytes]](queue_max)
        self.connected = False

    async def run(self) -> None:
        """Serve for as long as the server runs."""
        failures = 0
        while True:
            try:
                await self._serve()
            except OSError as error:  # somebody else has the port
                _log.warning("the MQTT broker is not there: %s", type(error).__name__)
            await asyncio.sleep(PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS) - 1)])
            failures += 1

    async def _serve(self) -> None:
        own = f"{__name__}."
        broker = Amqtt(
            {
                "listeners": {
                    "default": {"type": "tcp", "bind": f"{HOST}:{self._port}", "max_connections": CONNECTIONS_MAX}
                },
                "plugins": {
                    f"{own}Knows": {"holds": self._passwords.holds},
                    f"{own}OwnPlace": {},
                    f"{own}Hears": {"hear": self._hear},
                },
            }
        )
        await broker.start()
        self.connected = True
        MQTT_CONNECTED.set(1)
        try:
            while True:
                topic, payload = await self.queue.get()
                MQTT_HEARD.inc()
                await self._on_message(topic, payload)
        finally:
            self.connected = False
            MQTT_CONNECTED.set(0)
            await broker.shutdown()

    def _hear(self, topic: str, payload: bytes) -> None:
        if len(payload) <= BYTES_MAX and self._filter.fullmatch(topic):
            self.queue.put_nowait((topic, payload))


def filter_of(topic: str) -> re.Pattern[str]:
    """A topic filter as a pattern: + is one word, # at the end all below."""
    words = ["[^/]+" if word == "+" else ".*" if word == "#" else re.escape(word) for word in topic.split("/")]
    return re.compile("/".join(words))


class Knows(BaseAuthPlugin):  # type: ignore[misc]
    """Lets in who gives the password of a unit."""

    @dataclass
    class Config:
        """`holds(unit, password)`."""

        holds: Any = None

    async def authenticate(self, *, session: Any) -> bool:
        """Whether the unit may connect."""
        holds: Callable[[str | None, str | None], bool] = self.config.holds
        return holds(session.username, session.password)


class OwnPlace(BaseTopicPlugin):  # type: ignore[misc]
    """Keeps each unit to its own place."""

    async def topic_filtering(self, *, session: Any = None, topic: str | None = None, action: Any = None) -> bool:
        """Whether the unit may publish to the topic, or listen to it."""
        words = PUBLISHED if action == Action.PUBLISH else LISTENED
        return session is not None and topic in {f"anlan/units/{session.username}/{word}" for word in words}


class Hears(BasePlugin[Any]):  # type: ignore[misc]
    """Is told of what was published and permitted."""

    @dataclass
    class Config:
        """`hear(topic, payload)`."""

        hear: Any = None

    async def on_broker_message_broadcast(self, *, client_id: str, message: Any) -> None:
        """Hand it on."""
        del client_id
        self.config.hear(message.topic, bytes(message.data))


def _digest(password: str) -> str:
    return sha256(password.encode()).hexdigest()
