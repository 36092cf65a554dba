"""Holds Anlan's own judgement of on time or overdue against what a loaded table says."""

from __future__ import annotations

from collections.abc import Mapping as Cells

from anlan.app.world import World
from anlan.cli.mapping import Check
from anlan.loop.domain import Intake
from anlan.loop.working_calendar import minute_of


class OnTime:
    """Remembers what the table says of each row that has a promised time; `summary` compares."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._said: dict[str, str] = {}
        self._latest = 0

    def see(self, row: Cells[str, str], intake: Intake) -> None:
        """Note a row."""
        self._latest = max(self._latest, intake.at, intake.closed_at)
        if self._check.on_time and intake.due_at:
            self._said[intake.outside_id] = row[self._check.on_time].strip()

    def summary(self, world: World, matters: dict[str, int]) -> dict[str, object]:
        """Counts over this run's rows with a target: agreeing, disagreeing, and those of which the table says nothing.

        An open row is judged at the latest time the table mentions.
        """
        agree, blank, differ = 0, 0, []
        at = minute_of(self._latest)
        for outside_id, said in self._said.items():
            number = matters.get(outside_id)
            if number is None:
                continue
            if said not in {self._check.yes, self._check.no}:
                blank += 1
                continue
            clock = world.store.read.matter(number).clocks["matter"]
            if clock.is_late(at) == (said == self._check.no):
                agree += 1
            else:
                differ.append(outside_id)
        return {"with_target": agree + blank + len(differ), "agree": agree, "blank": blank, "differ": differ[:20]}
