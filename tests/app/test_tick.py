"""The tick does its jobs again and again; a refusal ends nothing."""

from __future__ import annotations

import asyncio

import pytest

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

    async def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await ticking([refused, good], wait)
    assert (done, waited) == (["refused", "good"] * 2, [EVERY_S, EVERY_S])
