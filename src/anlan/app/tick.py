"""The tick: what the server does by itself now and then. Each job is told nothing; it looks at the world's clock."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence

from anlan.loop.errors import Refused

EVERY_S = 30.0
Job = Callable[[], Awaitable[object]]
_log = logging.getLogger("anlan")


async def ticking(jobs: Sequence[Job], wait: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
    """Do the jobs, wait, and again, until cancelled. A refusal is told in the log and ends nothing."""
    while True:
        for job in jobs:
            try:
                await job()
            except Refused as refused:
                _log.error("a job was refused: %s\n%s", refused, "".join(traceback.format_tb(refused.__traceback__)))
        await wait(EVERY_S)
