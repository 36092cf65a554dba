"""The tick does its jobs again and again; a refusal ends nothing."""

from __future__ import annotations

import asyncio

import pytest

from anlan.app.stop import Stop
from anlan.app.tick import EVERY_S, ticking
from anlan.loop.errors import Refused

pytestmark = pytest.mark.anyio


async def test_jobs_are_done_at_every_turn_and_a_refusal_ends_nothing() -> None:
    done: list[str] = []
    waited: list[float] = []

    async def refused() -> None:
        done.append("refused")
        raise Refused("store.busy")

    async def good() -> None:
        done.append("good")

    class Counted(Stop):
        async def pause(self, seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 2:
                self.tell()

    await ticking([refused, good], Counted())
    assert (done, waited) == (["refused", "good"] * 2, [EVERY_S, EVERY_S])


async def test_told_to_stop_it_ends_between_two_jobs_and_does_not_wait() -> None:
    stop, done = Stop(), list[str]()

    async def last() -> None:
        done.append("last")
        stop.tell()

    async def never() -> None:
        done.append("never")

    async with asyncio.timeout(5):
        await ticking([last, never], stop)
        await stop.pause(3600)
    assert done == ["last"]
