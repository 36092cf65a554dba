"""The MQTT link against a real Mosquitto, and the broker inside: what is heard, who may speak, what is lost."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from tests.links.certificate import self_signed

from anlan.cli.bench.mosquitto_server import HOST, PASSWORD, USER, Mosquitto
from anlan.links import broker as broker_module
from anlan.links import mqtt
from anlan.links.broker import Broker, Passwords, filter_of
from anlan.links.mqtt import BYTES_MAX, Link, Mqtt, Newest, link
from anlan.loop.errors import Refused
from anlan.settings import Settings

pytestmark = pytest.mark.anyio
needs_mosquitto = pytest.mark.skipif(not Mosquitto.there(), reason="SKIPPED: no Mosquitto. Run: make services")
TOPIC = "anlan/units/+/position"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (mqtt, broker_module):
        monkeypatch.setattr(module, "PAUSES_SECONDS", (0.05, 0.1))


class Heard:
    """Messages as they come, to be waited for; `gate` holds the listener up."""

    def __init__(self) -> None:
        self.messages = asyncio.Queue[tuple[str, bytes]]()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, topic: str, payload: bytes) -> None:
        await self.gate.wait()
        await self.messages.put((topic, payload))

    async def next(self) -> tuple[str, bytes]:
        return await asyncio.wait_for(self.messages.get(), 10)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(one: Link, *, connected: bool = True) -> AsyncIterator[None]:
    task = asyncio.create_task(one.run())
    try:
        if connected:
            await until(lambda: one.connected)
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def url(server: Mosquitto, scheme: str = "mqtt", password: str = "let%3Ame%20in", host: str = HOST) -> str:
    return f"{scheme}://{USER}:{password}@{host}:{server.port}"


async def publish(port: int, *messages: tuple[str, bytes], user: str = USER, password: str = PASSWORD) -> None:
    async with aiomqtt.Client(HOST, port, username=user, password=password) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=1)


@needs_mosquitto
async def test_what_comes_under_the_filter_is_handed_on_in_order(tmp_path: Path) -> None:
    heard = Heard()
    with Mosquitto(tmp_path / "m") as server:
        async with running(Mqtt(url(server), TOPIC, heard)):
            sent = [(f"anlan/units/car.{n % 3}/position", b"%d" % n) for n in range(200)]
            await publish(server.port, ("anlan/units/car.1/state", b"no"), ("anlan/other", b"no"), *sent)
            assert [await heard.next() for _ in sent] == sent
            assert heard.messages.empty()


@needs_mosquitto
async def test_a_broker_that_goes_and_comes_again_is_found_again(tmp_path: Path) -> None:
    heard = Heard()
    with Mosquitto(tmp_path / "m") as server:
        one = Mqtt(url(server), TOPIC, heard)
        async with running(one):
            server.stop()
            await until(lambda: not one.connected)
            server.start()
            await until(lambda: one.connected)
            await publish(server.port, ("anlan/units/a/position", b"1"))
            assert await heard.next() == ("anlan/units/a/position", b"1")


@needs_mosquitto
async def test_a_wrong_password_is_told_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Mosquitto(tmp_path / "m") as server, caplog.at_level(logging.WARNING, "anlan"):
        one = Mqtt(url(server, password="guessed"), TOPIC, Heard())
        async with running(one, connected=False):
            await until(lambda: caplog.text.count("Not authorized") >= 2)
            assert not one.connected
    assert "guessed" not in caplog.text


@needs_mosquitto
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves the socket it refused open
async def test_a_certificate_is_checked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate = self_signed(tmp_path, HOST)
    heard = Heard()
    with Mosquitto(tmp_path / "m", certificate) as server, caplog.at_level(logging.WARNING, "anlan"):
        async with running(Mqtt(url(server, "mqtts"), TOPIC, heard, str(certificate[0]))):
            pass
        async with running(Mqtt(url(server, "mqtts"), TOPIC, heard), connected=False):
            await until(lambda: "self-signed" in caplog.text)
        elsewhere = Mqtt(url(server, "mqtts", host="localhost"), TOPIC, heard, str(certificate[0]))
        async with running(elsewhere, connected=False):
            await until(lambda: "not valid for 'localhost'" in caplog.text)
    gc.collect()


@needs_mosquitto
async def test_of_what_comes_too_fast_the_newest_stay(tmp_path: Path) -> None:
    heard = Heard()
    heard.gate.clear()
    with Mosquitto(tmp_path / "m") as server:
        one = Mqtt(url(server), TOPIC, heard, queue_max=10)
        async with running(one):
            await publish(server.port, *((f"anlan/units/{n}/position", b"%d" % n) for n in range(50)))
            await until(lambda: one.queue.dropped == 39)
            assert one.queue.qsize() == 10
            heard.gate.set()
            got = [int((await heard.next())[1]) for _ in range(11)]
    assert got == [0, *range(40, 50)]


@needs_mosquitto
async def test_a_packet_that_is_too_large_does_not_come(tmp_path: Path) -> None:
    heard = Heard()
    with Mosquitto(tmp_path / "m") as server:
        async with running(Mqtt(url(server), TOPIC, heard)):
            large = ("anlan/units/a/position", b"x" * (BYTES_MAX + 1))
            await publish(server.port, large, ("anlan/units/a/position", b"small"))
            assert await heard.next() == ("anlan/units/a/position", b"small")


async def test_the_broker_inside_lets_each_unit_speak_of_itself_only(tmp_path: Path, free_tcp_port: int) -> None:
    heard, passwords = Heard(), Passwords(tmp_path)
    car, foot = passwords.new("car.1"), passwords.new("foot-2")
    async with running(Broker(passwords, TOPIC, heard, free_tcp_port)):
        for user, password in (("car.1", foot), ("car.1", ""), ("", ""), ("nobody", car)):
            with pytest.raises(aiomqtt.MqttError):
                await old_publish(free_tcp_port, user, password, "anlan/units/car.1/position")
        for topic in ("anlan/units/foot-2/position", "anlan/units/car.1/other", "anlan/units/car.1/state"):
            await old_publish(free_tcp_port, "car.1", car, topic)
        await old_publish(free_tcp_port, "car.1", car, "anlan/units/car.1/position")
        await old_publish(free_tcp_port, "foot-2", foot, "anlan/units/foot-2/position")
        assert await heard.next() == ("anlan/units/car.1/position", b"1")
        assert await heard.next() == ("anlan/units/foot-2/position", b"1")
        assert heard.messages.empty()


async def test_the_broker_inside_gives_nobody_the_others_orders(tmp_path: Path, free_tcp_port: int) -> None:
    passwords = Passwords(tmp_path)
    word = passwords.new("car.1")
    async with (
        running(Broker(passwords, TOPIC, Heard(), free_tcp_port)),
        old_client(free_tcp_port, "car.1", word) as client,
    ):
        for topic, good in (("anlan/units/car.1/orders", True), ("anlan/#", False), ("anlan/units/x/orders", False)):
            (granted,) = await client.subscribe(topic)
            assert (getattr(granted, "value", granted) < 128) is good


def old_client(port: int, user: str, password: str) -> aiomqtt.Client:
    """As MQTT 3.1.1, which is all that the broker inside speaks."""
    version = aiomqtt.ProtocolVersion.V311
    return aiomqtt.Client(HOST, port, username=user or None, password=password or None, protocol=version, timeout=5)


async def old_publish(port: int, user: str, password: str, topic: str) -> None:
    async with old_client(port, user, password) as client:
        await client.publish(topic, b"1", qos=1)


async def test_a_port_that_is_taken_is_waited_for(tmp_path: Path, free_tcp_port: int) -> None:
    first, second = (Broker(Passwords(tmp_path), TOPIC, Heard(), free_tcp_port) for _ in range(2))
    async with running(first), running(second, connected=False):
        await asyncio.sleep(0.3)
        assert (first.connected, second.connected) == (True, False)


def test_passwords_are_kept_as_digests_and_can_be_taken_back(tmp_path: Path) -> None:
    passwords = Passwords(tmp_path)
    assert not passwords.holds("car.1", "")
    first, second = passwords.new("car.1"), passwords.new("car.1")
    file = tmp_path / "mqtt_units.json"
    assert second not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert [Passwords(tmp_path).holds("car.1", one) for one in (first, second, "")] == [False, True, False]
    passwords.remove("car.1")
    assert not passwords.holds("car.1", second)
    assert json.loads(file.read_text()) == {}
    for work in (passwords.remove, passwords.new):
        with pytest.raises(Refused, match=r"mqtt\.unit"):
            work("car/1")


@pytest.mark.parametrize(
    ("topic", "fits", "not_fits"),
    [
        (TOPIC, "anlan/units/car.1/position", "anlan/units/a/b/position"),
        ("a/#", "a/b/c", "b/a"),
        ("a.b", "a.b", "axb"),
    ],
)
def test_filters(topic: str, fits: str, not_fits: str) -> None:
    assert filter_of(topic).fullmatch(fits)
    assert not filter_of(topic).fullmatch(not_fits)


async def test_a_full_queue_counts_what_it_pushes_out() -> None:
    queue = Newest[int](3)
    for n in range(5):
        queue.put_nowait(n)
    assert ([queue.get_nowait() for _ in range(3)], queue.dropped) == ([2, 3, 4], 2)


def unheard() -> Callable[[str, bytes], Awaitable[None]]:
    return Heard()


@pytest.mark.parametrize(
    "said", ["http://h", "mqtt://", "mqtt://h:x", "mqtt://h/topic", "h:1883", "embedded:x", "embedded:99999", "mqtts:"]
)
async def test_a_wrong_url_is_refused(said: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"settings\.wrong"):
        link(Settings(mqtt_url=said), tmp_path, unheard())


async def test_the_setting_says_which_link(tmp_path: Path) -> None:
    assert link(Settings(), tmp_path, unheard()) is None
    assert isinstance(link(Settings(mqtt_url="embedded"), tmp_path, unheard()), Broker)
    assert isinstance(link(Settings(mqtt_url="mqtts://a:b@h"), tmp_path, unheard()), Mqtt)
    with pytest.raises(Refused, match=r"mqtt_ca_file|settings\.wrong"):
        link(Settings(mqtt_url="mqtts://h", mqtt_ca_file="/nowhere"), tmp_path, unheard())
