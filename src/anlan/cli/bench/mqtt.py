"""How many positions a second the MQTT link hands on, from a Mosquitto and from the broker inside, and what is lost."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aiomqtt

from anlan.cli.bench.mosquitto_server import HOST, PASSWORD, USER, Mosquitto
from anlan.cli.bench.row import BenchRow
from anlan.links.broker import Broker, Passwords
from anlan.links.mqtt import Link, Mqtt, OnMessage

TOPIC = "anlan/units/+/position"
UNITS, EACH = 20, 1_000
NEEDED = 2_000
WAIT_SECONDS = 60.0
POSITION = b'{"at":1795492800000,"lon":120.3401,"lat":36.0601,"accuracy_m":8}'
Made = Callable[[OnMessage], Link]


def bench() -> list[BenchRow]:
    """Two rows; the units are another process, which shares the machine."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if Mosquitto.there():
            with Mosquitto(Path(folder) / "m") as server:
                url = f"mqtt://{USER}:{PASSWORD.replace(':', '%3A').replace(' ', '%20')}@{HOST}:{server.port}"
                words = {f"u{n}": (USER, PASSWORD) for n in range(UNITS)}
                rows.append(_measured("mqtt.mosquitto", lambda on: Mqtt(url, TOPIC, on), server.port, words, new=True))
        else:
            rows.append(BenchRow("mqtt.mosquitto", float("nan"), "", note="SKIPPED: no Mosquitto. Run: make services"))
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        passwords = Passwords(Path(folder))
        words = {f"u{n}": (f"u{n}", passwords.new(f"u{n}")) for n in range(UNITS)}
        rows.append(_measured("mqtt.embedded", lambda on: Broker(passwords, TOPIC, on, port), port, words, new=False))
    return rows


def _measured(name: str, made: Made, port: int, words: dict[str, tuple[str, str]], *, new: bool) -> BenchRow:
    heard, seconds = asyncio.run(_heard(made, port, words, new=new))
    sent = UNITS * EACH
    note = f"{UNITS} units, {sent:,} sent at once, QoS 0; {sent - heard:,} lost; the units may be what is slow"
    return BenchRow(name, heard / seconds, "messages/s", NEEDED, None, heard, note)


async def _heard(made: Made, port: int, words: dict[str, tuple[str, str]], *, new: bool) -> tuple[int, float]:
    """How many came, and the seconds from the first to the last."""
    times: list[float] = []

    async def on_message(_topic: str, _payload: bytes) -> None:
        times.append(time.perf_counter())

    link = made(on_message)
    task = asyncio.create_task(link.run())
    while not link.connected:
        await asyncio.sleep(0.01)
    units = multiprocessing.get_context("spawn").Process(target=report, args=(port, words, new))
    units.start()
    began = time.perf_counter()
    while len(times) < UNITS * EACH and units.is_alive() and time.perf_counter() - began < WAIT_SECONDS:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.wait([task])
    units.join()
    return len(times), (times[-1] - times[0] if len(times) > 1 else float("nan"))


def report(port: int, words: dict[str, tuple[str, str]], new: bool) -> None:
    """What the units do: each publishes its positions as fast as it can."""

    async def one(unit: str, user: str, password: str) -> None:
        version = aiomqtt.ProtocolVersion.V5 if new else aiomqtt.ProtocolVersion.V311
        async with aiomqtt.Client(HOST, port, username=user, password=password, protocol=version) as client:
            for _ in range(EACH):
                await client.publish(f"anlan/units/{unit}/position", POSITION)
            await asyncio.sleep(5)  # what is on its way arrives before the link ends

    async def every() -> None:
        await asyncio.gather(*(one(unit, *word) for unit, word in words.items()))

    asyncio.run(every())
