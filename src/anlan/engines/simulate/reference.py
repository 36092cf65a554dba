"""The simulator in plain words: objects, a heap of events, cover counted anew each time. The referee of `fast`.

Slow on purpose: nothing here is kept in step that can be worked out, and nothing is shared with the compiled loop but
the tables it is given and the numbers of the log's rows.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np

from anlan.engines.simulate import fast as row
from anlan.engines.simulate.view import NOBODY
from anlan.engines.simulate.world import (
    NEVER,
    NOWHERE,
    SCALE,
    UNITS_PER_ZONE,
    Calls,
    City,
    Fleet,
    Outcome,
    Policy,
    check,
    gain_table,
)


@dataclass
class Unit:
    """`doing`: off, free, driving (to a station), to_scene, on_scene, to_then or at_then."""

    number: int
    own: int
    doing: str
    at: int
    goal: int | None
    call: int | None = None
    begin: int = 0
    end: int = 0
    leaving: bool = False
    turn: int = 0
    """Events of an older turn are void."""


@dataclass
class Town:
    """One run. `waiting`: numbers of calls that need more units."""

    city: City
    calls: Calls
    fleet: Fleet
    policy: Policy
    units: list[Unit] = field(default_factory=list)
    waiting: set[int] = field(default_factory=set)
    log: list[tuple[int, int, int, int]] = field(default_factory=list)
    moves: int = 0
    rebased: int = 0
    busy: int = 0

    def __post_init__(self) -> None:
        self.gain = gain_table(self.city, self.policy.busy).tolist()
        self.groups = [np.flatnonzero(mine).tolist() for mine in self.city.groups]
        self.need = self.calls.need.tolist()
        self.first, self.last = [NEVER] * len(self.need), [NEVER] * len(self.need)
        for number, (own, on) in enumerate(zip(self.fleet.base.tolist(), self.fleet.starts_on, strict=True)):
            at = int(self.city.station[own])
            self.units.append(Unit(number, own, "free" if on else "off", at, own if on else None))
        self.events: list[tuple[int, int, int, int]] = []  # ms, rank of kind, unit or row, turn
        for n, (ms, _, _) in enumerate(self.fleet.duty.tolist()):
            heapq.heappush(self.events, (ms, 0, n, 0))
        for n, ms in enumerate(self.calls.at_ms.tolist()):
            heapq.heappush(self.events, (ms, 2, n, 0))

    # what is where ------------------------------------------------------------------------------------------------

    def near(self, without: Unit | None = None) -> list[int]:
        """How many units stand for each group of zones."""
        count = [0] * len(self.gain)
        for unit in self.units:
            if unit.goal is not None and unit is not without:
                for group in self.groups[unit.goal]:
                    count[group] += 1
        return count

    def added(self, station: int, near: list[int]) -> int:
        """Cover that one more unit at a station adds, in parts."""
        return sum(self.gain[g][min(near[g], UNITS_PER_ZONE)] for g in self.groups[station])

    def turning(self, unit: Unit, ms: int) -> tuple[int, int]:
        """Where a free unit can be sent from, and in how many milliseconds."""
        if unit.doing == "free":
            return unit.at, 0
        assert unit.goal is not None
        if ms < unit.begin:
            return unit.at, unit.begin - ms
        way = self.city.way[unit.at, unit.goal].tolist()
        whole, step = unit.end - unit.begin, -(-(unit.end - unit.begin) // len(way))
        if not whole:
            return int(self.city.station[unit.goal]), 0
        part = next(k for k in range(len(way)) if k == len(way) - 1 or (k + 1) * step > ms - unit.begin)
        return way[part], min(unit.begin + (part + 1) * step, unit.end) - ms

    # what happens ---------------------------------------------------------------------------------------------------

    def note(self, ms: int, what: int, unit: int, about: int) -> None:
        """A row of the log."""
        self.log.append((ms, what, unit, about))

    def until(self, unit: Unit, doing: str, ms: int, end: int) -> None:
        """A leg or a stay, from now to `end`."""
        unit.doing, unit.begin, unit.end, unit.turn = doing, ms, end, unit.turn + 1
        heapq.heappush(self.events, (end, 1, unit.number, unit.turn))

    def run(self) -> int:
        """Everything to its end; the last millisecond at which something happened."""
        now = 0
        while self.events:
            ms, kind, number, turn = heapq.heappop(self.events)
            if kind == 1 and self.units[number].turn != turn:
                continue
            if kind == 0 and not (self.waiting or any(event[1] > 0 and self.valid(event) for event in self.events)):
                break  # only changes of duty are left, and nobody waits for them
            now = ms
            if kind == 0:
                self.change_duty(ms, *self.fleet.duty[number, 1:].tolist())
            elif kind == 1:
                self.go_on(ms, self.units[number])
            else:
                self.come_in(ms, number)
        return now

    def valid(self, event: tuple[int, int, int, int]) -> bool:
        """Whether an event in the heap still counts."""
        return event[1] == 2 or self.units[event[2]].turn == event[3]

    def come_in(self, ms: int, call: int) -> None:
        """A call."""
        self.note(ms, row.CALLED, NOBODY, call)
        robbed = self.send(ms, call)
        if self.need[call]:
            self.waiting.add(call)
        if robbed:
            self.serve(ms)
        self.relocate(ms)

    def go_on(self, ms: int, unit: Unit) -> None:
        """A leg or a stay ends."""
        if unit.doing == "driving":
            assert unit.goal is not None
            unit.doing, unit.at = "free", int(self.city.station[unit.goal])
            self.note(ms, row.HOME_AGAIN, unit.number, unit.goal)
            return
        call = unit.call
        assert call is not None
        then = int(self.calls.then[call])
        if unit.doing == "to_scene":
            unit.at = int(self.calls.place[call])
            self.first[call], self.last[call] = min(self.first[call], ms), ms
            self.until(unit, "on_scene", ms, ms + int(self.calls.scene_ms[call]))
            self.note(ms, row.ARRIVED, unit.number, call)
        elif unit.doing == "on_scene" and then != NOWHERE:
            self.until(unit, "to_then", ms, ms + int(self.city.response_ms[unit.at, then]))
        elif unit.doing == "to_then":
            unit.at = then
            self.until(unit, "at_then", ms, ms + int(self.calls.there_ms[call]))
        else:
            self.clear(ms, unit, call)

    def clear(self, ms: int, unit: Unit, call: int) -> None:
        """A unit is done with a call: off duty, to those who wait, or to a base."""
        self.busy += ms
        unit.call = None
        self.note(ms, row.CLEARED, unit.number, call)
        unit.doing, leaving, unit.leaving = "off" if unit.leaving else "free", unit.leaving, False
        if leaving:
            return
        self.serve(ms)
        if unit.doing == "free":
            station = self.choose_base(unit)
            self.rebased += station != unit.own
            self.note(ms, row.BASED, unit.number, station)
            self.set_out(ms, unit, station, 0)
        self.relocate(ms)

    def change_duty(self, ms: int, number: int, on: int) -> None:
        """A unit comes on duty, or goes off."""
        unit = self.units[number]
        self.note(ms, row.DUTY, number, on)
        if on:
            unit.leaving = False
            if unit.doing == "off":
                unit.doing, unit.goal, unit.at = "free", unit.own, int(self.city.station[unit.own])
                self.serve(ms)
                self.relocate(ms)
        elif unit.doing in ("free", "driving"):
            unit.doing, unit.goal, unit.turn = "off", None, unit.turn + 1
        elif unit.doing != "off":
            unit.leaving = True

    # who goes where -------------------------------------------------------------------------------------------------

    def arrival(self, ms: int, unit: Unit, call: int) -> int | None:
        """When a unit would be at a call; None when it is not to be had."""
        place, response = int(self.calls.place[call]), self.city.response_ms
        if unit.doing in ("free", "driving"):
            at, rest = self.turning(unit, ms)
            if unit.doing == "free" and unit.goal is not None:
                rest = self.fleet.turnout_ms
            return ms + rest + int(response[at, place])
        may_rob = self.policy.preempt and self.calls.priority[call] == 1
        if may_rob and unit.doing == "to_scene" and unit.call is not None and self.calls.priority[unit.call] > 1:
            aim = int(self.calls.place[unit.call])
            back = ms - unit.begin + int(response[unit.at, place])
            return ms + min(back, unit.end - ms + int(response[aim, place]))
        return None

    def send(self, ms: int, call: int) -> bool:
        """The closest units to a call; whether one was taken from another."""
        robbed = False
        while self.need[call]:
            coming = [(when, u.number) for u in self.units if (when := self.arrival(ms, u, call)) is not None]
            if not coming:
                break
            when, number = min(coming)
            unit = self.units[number]
            if unit.call is not None:
                robbed = True
                self.need[unit.call] += 1
                self.waiting.add(unit.call)
                self.busy += ms
                self.note(ms, row.ROBBED, number, unit.call)
            else:
                unit.at = self.turning(unit, ms)[0]
            unit.goal, unit.call = None, call
            self.until(unit, "to_scene", ms, ms + (when - ms) * int(self.calls.slow[call]) // 1000)
            self.need[call] -= 1
            self.busy -= ms
            self.note(ms, row.SENT, number, call)
        return robbed

    def serve(self, ms: int) -> None:
        """Those who wait, the more urgent first, then the older."""
        while self.waiting:
            call = min(self.waiting, key=lambda c: (self.calls.priority[c], c))
            self.send(ms, call)
            if self.need[call]:
                return
            self.waiting.discard(call)

    def choose_base(self, unit: Unit) -> int:
        """By the policy."""
        if self.policy.kind == "home":
            return unit.own
        near = self.near()
        worth = [float(self.added(station, near)) for station in range(len(self.groups))]
        if self.policy.kind == "move_utility":
            worth = [w * self.fade(self.city.drive_ms[unit.at, s]) for s, w in enumerate(worth)]
        return max(range(len(worth)), key=lambda s: (worth[s], -s))

    def relocate(self, ms: int) -> None:
        """The best move, again and again, while it is worth making."""
        if self.policy.kind != "move_utility":
            return
        for _ in range(self.policy.moves_max):
            best, mover, target = self.policy.threshold * SCALE, None, 0
            for unit in self.units:
                if unit.doing not in ("free", "driving") or unit.goal is None:
                    continue
                at, rest = self.turning(unit, ms)
                near = self.near(without=unit)
                left = self.fade(unit.end - ms) if unit.doing == "driving" else 1.0
                cost = self.added(unit.goal, near) * left
                late = self.fade(rest) if rest > 0 else 1.0
                for station in range(len(self.groups)):
                    fades = late * self.fade(self.city.drive_ms[at, station])
                    worth = self.added(station, near) * fades - cost
                    if station != unit.goal and worth > best:
                        best, mover, target = worth, unit, station
            if mover is None:
                return
            at, rest = self.turning(mover, ms)
            mover.at = at
            self.moves += 1
            self.note(ms, row.MOVED, mover.number, target)
            self.set_out(ms, mover, target, rest)

    def fade(self, ms: int) -> float:
        """What cover so far away is worth."""
        return float(np.exp(-int(ms) / (self.policy.patience_s * 1000.0)))

    def set_out(self, ms: int, unit: Unit, station: int, rest: int) -> None:
        """To a station, from where it can turn."""
        unit.goal, unit.call = station, None
        if self.policy.instant:
            unit.doing, unit.at, unit.turn = "free", int(self.city.station[station]), unit.turn + 1
            return
        begin = ms + rest
        self.until(unit, "driving", begin, begin + int(self.city.drive_ms[unit.at, station]))


def simulate(city: City, calls: Calls, fleet: Fleet, policy: Policy) -> Outcome:
    """What `fast.simulate` must say, with its log."""
    check(city, calls, fleet)
    town = Town(city, calls, fleet, policy)
    end = town.run()
    times = (np.array(column, np.int64) for column in (town.first, town.last))
    log = np.array(town.log, np.int64).reshape(-1, 4)
    first, last = times
    return Outcome(first, last, town.moves, town.rebased, town.busy, end, log)
