"""The manager link against a small exchange: what it hears, dialling through it, losing it and finding it again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.links.exchange import Exchange

from anlan.links import asterisk
from anlan.links.asterisk import Asterisk, CallEvent, Undialled, event_of
from anlan.loop.errors import Refused

pytestmark = pytest.mark.anyio


class Heard:
    """Events as they come, to be waited for."""

    def __init__(self) -> None:
        self.events = asyncio.Queue[CallEvent]()

    async def __call__(self, event: CallEvent) -> None:
        await self.events.put(event)

    async def next(self) -> CallEvent:
        return await asyncio.wait_for(self.events.get(), 5)


@asynccontextmanager
async def linked(exchange: Exchange, heard: Heard) -> AsyncIterator[Asterisk]:
    link = Asterisk(exchange.url, heard)
    task = asyncio.create_task(link.run())
    try:
        await asyncio.wait_for(exchange.logged_in.wait(), 5)
        yield link
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_call_is_heard_from_the_first_ring_to_the_end() -> None:
    heard = Heard()
    async with Exchange().open() as exchange, linked(exchange, heard):
        exchange.ring("13812345678", "8001")
        assert await heard.next() == CallEvent("1761.1", "ringing", "8001", "13812345678")
        exchange.tell(Event="DialEnd", DestChannel="PJSIP/8001-0002", DialStatus="ANSWER", Linkedid="1761.1")
        assert (await heard.next()).state == "answered"
        exchange.tell(Event="Hangup", Channel="PJSIP/8001-0002", Linkedid="1761.1")
        assert (await heard.next()).state == "ended"


async def test_dialling_rings_the_own_telephone_first() -> None:
    async with Exchange().open() as exchange, linked(exchange, Heard()) as link:
        await link.dial("8001", "13812345678")
        (asked,) = [one for one in exchange.actions if one["Action"] == "Originate"]
        assert (asked["Channel"], asked["Exten"], asked["Context"]) == ("PJSIP/8001", "13812345678", "internal")
        exchange.answers = False
        with pytest.raises(Undialled, match=r"call\.not_answered"):
            await link.dial("8001", "13812345678")


@pytest.mark.parametrize(
    ("extension", "number"),
    [("8001", "138\r\nAction: Command"), ("80 01", "138000"), ("8001", ""), ("", "13800000000")],
)
async def test_nothing_but_a_number_is_dialled(extension: str, number: str) -> None:
    async with Exchange().open() as exchange, linked(exchange, Heard()) as link:
        with pytest.raises(Undialled, match=r"call\.bad_number"):
            await link.dial(extension, number)
        assert [one["Action"] for one in exchange.actions] == ["Login"]


async def test_a_lost_link_says_so_and_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asterisk, "PAUSES_SECONDS", (0,))
    heard = Heard()
    async with Exchange().open() as exchange, linked(exchange, heard) as link:
        exchange.drop()
        await asyncio.wait_for(exchange.logged_in.wait(), 5)
        exchange.ring("13812345678", "8001")
        assert (await heard.next()).extension == "8001"
        assert link.connected
    with pytest.raises(Undialled, match=r"call\.no_link"):
        await Asterisk(exchange.url, heard).dial("8001", "13812345678")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Event": "DialBegin", "DestChannel": "PJSIP/8001-0002"},
        {"Event": "DialBegin", "DestChannel": "nonsense", "Linkedid": "1"},
        {"Event": "Newchannel", "Channel": "PJSIP/8001-0002", "Linkedid": "1"},
    ],
)
def test_what_means_nothing_to_us_is_left(fields: dict[str, str]) -> None:
    assert event_of(fields) is None


@pytest.mark.parametrize("url", ["", "ami://host", "http://u:p@host", "ami://u:p@"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="ANLAN_AMI_URL"):
        Asterisk(url, Heard())
