"""The tick: what the server does by itself now and then. Each job is told nothing; it looks at the world's clock."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence

from anlan.app.stop import Stop
from anlan.loop.errors import Refused

EVERY_S = 30.0
Job = Callable[[], Awaitable[object]]
_log = logging.getLogger("anlan")


async def ticking(jobs: Sequence[Job], stop: Stop) -> None:
    """Do the jobs, wait, and again, until told to stop. A refusal is told in the log and ends nothing."""
    while not stop.is_told():
        for job in jobs:
            if stop.is_told():
                return
            try:
                await job()
            except Refused as refused:
                _log.error("a job was refused: %s\n%s", refused, "".join(traceback.format_tb(refused.__traceback__)))
        await stop.pause(EVERY_S)
