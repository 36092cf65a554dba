"""A city comes to life: everybody begins, and goes on until it is time."""

from __future__ import annotations

from anlan.sim.board import Board
from anlan.sim.case_system import CaseSystem
from anlan.sim.citizen import Citizens
from anlan.sim.command_room import CommandRoom
from anlan.sim.desk import Desk
from anlan.sim.timeline import Progress
from anlan.sim.town import Town


async def live(town: Town, until: int, on_progress: Progress | None = None) -> None:
    """Let the town live until that moment of its own time (UTC ms)."""
    room = CommandRoom(town, moves=town.tracked)
    begins = [Citizens(town).hour, CaseSystem(town).minute, Board(town).look, Desk(town).minute, room.hour]
    for begin in [*begins, room.beat] if town.tracked else begins:
        town.timeline.after(0, begin)
    await town.timeline.run(until, on_progress)
