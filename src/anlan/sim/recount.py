"""A second count of one line of work's figures, straight from the facts and not by the roll-ups: the referee."""

from __future__ import annotations

from collections import Counter

from anlan.loop.evolve import evolve
from anlan.loop.fact import Fact
from anlan.loop.matter import Matter


class Recount:
    """Feed it every fact in the order of the outbox. It also sees what no rule of the loop may let happen."""

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self.figures: Counter[str] = Counter()
        self.matters: dict[int, Matter] = {}
        self.own_calls: list[str] = []

    def add(self, fact: Fact) -> None:
        """One more fact."""
        if not fact.version:
            return
        before = self.matters.get(fact.matter)
        after = self.matters[fact.matter] = evolve(before, fact)
        if after.domain == self._domain:
            self._count(before, fact, after)
        if fact.kind == "called_back" and before and fact.actor in before.handlers:
            self.own_calls.append(f"{fact.actor} called back matter {fact.matter}")

    def _count(self, before: Matter | None, fact: Fact, after: Matter) -> None:
        count, data = self.figures, fact.data
        match fact.kind:
            case "received":
                count["received"] += not after.parent
            case "joined":
                count["merged_in" if data.get("merged") else "received"] += 1
                count["merged_in"] += not data.get("merged")
            case "accepted":
                count["accepted_in_time"] += 1
                count["accepted_in_time/part"] += _kept(after, "accept")
            case "assigned":
                count["returned"] += 1
            case "returned":
                count["returned/part"] += 1
            case "closed":
                count["closed"] += 1
                count["reopened"] += 1
            case "reopened":
                count["reopened/part"] += 1
            case "called_back":
                self._count_call(data)
        if before and fact.kind != "merged" and _runs(before) and not _runs(after):
            count["finished_in_time"] += 1
            count["finished_in_time/part"] += _kept(after, "matter")

    def _count_call(self, data: dict[str, object]) -> None:
        count, answered = self.figures, data["outcome"] in {"satisfied", "not_satisfied"}
        for figure in ("calls", "answered"):
            count[figure] += 1
        count["answered/part"] += answered
        count["satisfied"] += answered
        count["satisfied/part"] += data["outcome"] == "satisfied"
        if "solved" in data:
            count["solved"] += 1
            count["solved/part"] += bool(data["solved"])


def _runs(matter: Matter) -> bool:
    clock = matter.clocks.get("matter")
    return clock is not None and clock.stopped is None


def _kept(matter: Matter, key: str) -> bool:
    """Whether a clock was stopped in time."""
    clock = matter.clocks[key]
    return clock.stopped is not None and (clock.due is None or clock.stopped <= clock.due)
