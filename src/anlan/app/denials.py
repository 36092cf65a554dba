"""Denials: who was refused what, on the city's ledger: account, action, address pattern, matter. Never what was sent.

The first is written before its answer goes out; the same again within `WINDOW_MS` is counted into one fact. An account
that is refused many different things is told of one by one up to `KINDS_MAX`, then all together. Where it cannot be
written (a full disk), the answer is still no, and it is counted until it can.
"""

from __future__ import annotations

import logging
from typing import Any

from anlan.app.world import World, year_of
from anlan.loop.denial import Denial
from anlan.loop.errors import Refused
from anlan.store.commit import Commit

KIND = "denied"
KINDS_MAX = 50
_log = logging.getLogger("anlan")


async def tell(world: World, denial: Denial) -> None:
    """Put a denial on the ledger, or count it. Raises nothing that would change the answer."""
    now, repeats = world.clock(), world.denials
    if denial not in repeats and repeats.of(denial.account) >= KINDS_MAX:
        denial = Denial(denial.account, "many", denial.code, "", 0)
    if repeats.met(denial, now):
        await _write(world, denial, now, 1)
    await tell_over(world)


async def tell_over(world: World) -> None:
    """What was counted in windows that are over."""
    now = world.clock()
    for denial, window in world.denials.over(now):
        await _write(world, denial, window.since, window.untold)


async def _write(world: World, denial: Denial, since: int, times: int) -> None:
    now = world.clock()
    data: dict[str, Any] = {"action": denial.action, "code": denial.code, "since": since, "times": times}
    data |= {"endpoint": denial.endpoint} if denial.endpoint else {}
    data |= {"matter": denial.matter} if denial.matter else {}
    fact = (int(world.ledger), world.ledger, (KIND, data))
    try:
        await world.store.writer.write(Commit(at=now, actor=denial.account, year=year_of(now), readings=[fact]))
    except Refused as refused:
        _log.error("a denial could not be written: %s", refused.code)
    else:
        world.denials.told(denial, times)
