"""The simulator as a compiled loop over arrays. `reference` says the same in plain words; they agree event for event.

At one millisecond: duty before units before calls, the lower unit first. A free unit is one that stands, or is on its
way to a station. The closest free unit goes (turn-out counts only from a base); calls that find none wait, the more
urgent first, then the older.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from anlan.engines.compiled import compiled
from anlan.engines.errors import EngineError
from anlan.engines.simulate.policies import KINDS, dmexclp, home, move_utility
from anlan.engines.simulate.view import (
    AT_THEN,
    IDLE,
    MOVING,
    NOBODY,
    OFF,
    ON_SCENE,
    TO_SCENE,
    TO_THEN,
    View,
    stand,
    turning_point,
    view_of,
)
from anlan.engines.simulate.world import (
    NEVER,
    NOWHERE,
    PRIORITIES,
    Calls,
    City,
    Fleet,
    Longs,
    Outcome,
    Policy,
    check,
)

HOME: Final = KINDS.index("home")
DMEXCLP: Final = KINDS.index("dmexclp")
CALLED, SENT, ROBBED, ARRIVED, CLEARED, BASED, MOVED, HOME_AGAIN, DUTY = range(9)
"""What a row of the log says."""
MOVES, REBASED, BUSY, END, ROWS = range(5)


def simulate(city: City, calls: Calls, fleet: Fleet, policy: Policy, *, keep_log: bool = False) -> Outcome:
    """Run all calls to their end. Raises `simulate.*`, `deploy.busy`."""
    check(city, calls, fleet)
    if policy.kind not in KINDS:
        raise EngineError("simulate.policy", kind=policy.kind, known=", ".join(KINDS))
    count = len(calls.at_ms)
    rows = (10 + 4 * policy.moves_max) * (int(calls.need.sum()) + len(fleet.duty)) + 64 if keep_log else 0
    log, totals = np.zeros((rows, 4), np.int64), np.zeros(ROWS + 1, np.int64)
    first, last = np.full(count, NEVER, np.int64), np.full(count, NEVER, np.int64)
    heaps, sizes = np.zeros((PRIORITIES + 1, count + 1), np.int64), np.zeros(PRIORITIES + 1, np.int64)
    times = np.column_stack([calls.at_ms, calls.scene_ms, calls.there_ms])
    facts = np.column_stack([calls.place, calls.priority, calls.then, calls.slow]).astype(np.int64)
    rules = np.array([KINDS.index(policy.kind), policy.moves_max, policy.instant, policy.preempt, fleet.turnout_ms])
    view = view_of(city, fleet, policy)
    _run(view, times, facts, calls.need.astype(np.int64), fleet.duty, rules, heaps, sizes, first, last, totals, log)
    return Outcome(
        first,
        last,
        int(totals[MOVES]),
        int(totals[REBASED]),
        int(totals[BUSY]),
        int(totals[END]),
        log[: totals[ROWS]],
    )


@compiled
def _run(
    view: View,
    times: Longs,
    facts: Longs,
    need: Longs,
    duty: Longs,
    rules: Longs,
    heaps: Longs,
    sizes: Longs,
    first: Longs,
    last: Longs,
    totals: Longs,
    log: Longs,
) -> None:
    """The loop: whatever is due next happens."""
    call = shift = 0
    due = view.due
    while True:
        unit_ms = NEVER
        for moment in due:  # a loop of nothing but this minimum is done in parallel by the processor
            unit_ms = min(unit_ms, moment)
        unit = 0
        while due[unit] != unit_ms:
            unit += 1
        call_ms = times[call, 0] if call < len(times) else NEVER
        duty_ms = duty[shift, 0] if shift < len(duty) else NEVER
        ms = min(unit_ms, call_ms, duty_ms)
        if ms == NEVER or (call_ms == NEVER and unit_ms == NEVER and not sizes.any()):
            break
        totals[END] = ms
        freed = False
        if duty_ms == ms:
            freed = _duty(view, duty[shift, 1], duty[shift, 2], ms, totals, log)
            shift += 1
        elif unit_ms == ms:
            freed = _unit(view, unit, ms, times, facts, first, last, totals, log)
        else:
            _write(log, totals, ms, CALLED, NOBODY, call)
            robbed = _send(view, call, ms, facts, need, rules, heaps, sizes, totals, log)
            if need[call] > 0:
                _push(heaps, sizes, facts[call, 1], call)
            if robbed:
                _serve(view, ms, facts, need, rules, heaps, sizes, totals, log)
            _relocate(view, ms, rules, totals, log)
            call += 1
        if freed:
            _serve(view, ms, facts, need, rules, heaps, sizes, totals, log)
            if view.status[unit] == IDLE and view.goal[unit] == NOWHERE:
                _rebase(view, unit, ms, rules, totals, log)
            _relocate(view, ms, rules, totals, log)


@compiled
def _unit(
    view: View, unit: int, ms: int, times: Longs, facts: Longs, first: Longs, last: Longs, totals: Longs, log: Longs
) -> bool:
    """A leg or a stay of a unit ends. True where it clears and stays on duty."""
    status, call = view.status[unit], view.call[unit]
    view.depart[unit] = ms
    if status == MOVING:
        view.status[unit], view.at[unit], view.due[unit] = IDLE, view.station[view.goal[unit]], NEVER
        _write(log, totals, ms, HOME_AGAIN, unit, view.goal[unit])
        return False
    if status == TO_SCENE:
        view.status[unit], view.at[unit], view.due[unit] = ON_SCENE, facts[call, 0], ms + times[call, 1]
        first[call], last[call] = min(first[call], ms), ms
        _write(log, totals, ms, ARRIVED, unit, call)
        return False
    if status == ON_SCENE and facts[call, 2] != NOWHERE:
        view.status[unit] = TO_THEN
        view.due[unit] = ms + view.response[facts[call, 2], view.at[unit]]
        return False
    if status == TO_THEN:
        view.status[unit], view.at[unit], view.due[unit] = AT_THEN, facts[call, 2], ms + times[call, 2]
        return False
    totals[BUSY] += ms
    view.call[unit], view.due[unit], view.goal[unit] = NOWHERE, NEVER, NOWHERE
    _write(log, totals, ms, CLEARED, unit, call)
    view.status[unit] = OFF if view.leaving[unit] else IDLE
    view.leaving[unit] = False
    return bool(view.status[unit] == IDLE)


@compiled
def _duty(view: View, unit: int, on: int, ms: int, totals: Longs, log: Longs) -> bool:
    """A unit comes on duty at its own base, or goes off: at once when free, else when it clears."""
    _write(log, totals, ms, DUTY, unit, on)
    if on:
        view.leaving[unit] = False
        if view.status[unit] == OFF:
            view.status[unit], view.goal[unit], view.at[unit] = IDLE, view.own[unit], view.station[view.own[unit]]
            stand(view, view.own[unit], 1)
            return True
        return False
    if view.status[unit] in (IDLE, MOVING):
        stand(view, view.goal[unit], -1)
        view.status[unit], view.goal[unit], view.due[unit] = OFF, NOWHERE, NEVER
    elif view.status[unit] != OFF:
        view.leaving[unit] = True
    return False


@compiled
def _send(
    view: View,
    call: int,
    ms: int,
    facts: Longs,
    need: Longs,
    rules: Longs,
    heaps: Longs,
    sizes: Longs,
    totals: Longs,
    log: Longs,
) -> bool:
    """Send the closest units that are to be had. True where one was taken from another call."""
    robbed = False
    while need[call] > 0:
        unit, arrival = _closest(view, call, ms, facts, rules)
        if unit == NOBODY:
            break
        other = view.call[unit]
        if other != NOWHERE:
            robbed = True
            need[other] += 1
            totals[BUSY] += ms  # its time on that call ends here
            if need[other] == 1:
                _push(heaps, sizes, facts[other, 1], other)
            _write(log, totals, ms, ROBBED, unit, other)
        else:
            at, _ = turning_point(view, unit, ms)
            if view.goal[unit] != NOWHERE:
                stand(view, view.goal[unit], -1)
            view.at[unit] = at
        view.status[unit], view.goal[unit], view.call[unit] = TO_SCENE, NOWHERE, call
        view.depart[unit], view.due[unit] = ms, ms + (arrival - ms) * facts[call, 3] // 1000
        need[call] -= 1
        totals[BUSY] -= ms
        _write(log, totals, ms, SENT, unit, call)
    return robbed


@compiled
def _closest(view: View, call: int, ms: int, facts: Longs, rules: Longs) -> tuple[int, int]:
    """Who would be there first, and when; the lower number among equals."""
    place, best, who = facts[call, 0], NEVER, NOBODY
    may_rob = rules[3] and facts[call, 1] == 1
    statuses, places, goals, from_there = view.status, view.at, view.goal, view.response[place]
    for unit in range(len(statuses)):
        status = statuses[unit]
        if status == IDLE:
            arrival = ms + (rules[4] if goals[unit] != NOWHERE else 0) + from_there[places[unit]]
        elif status == MOVING:
            at, rest = turning_point(view, unit, ms)
            arrival = ms + rest + from_there[at]
        elif may_rob and status == TO_SCENE and facts[view.call[unit], 1] > 1:
            back, on = ms - view.depart[unit], view.due[unit] - ms
            begun, aim = from_there[places[unit]], from_there[facts[view.call[unit], 0]]
            arrival = ms + min(back + begun, on + aim)  # back the way it came, or on and from there
        else:
            continue
        if arrival < best:
            best, who = arrival, unit
    return who, best


@compiled
def _serve(
    view: View,
    ms: int,
    facts: Longs,
    need: Longs,
    rules: Longs,
    heaps: Longs,
    sizes: Longs,
    totals: Longs,
    log: Longs,
) -> None:
    """Those who wait get who is free, the more urgent first, then the older call."""
    for priority in range(1, PRIORITIES + 1):
        while sizes[priority] > 0:
            call = heaps[priority, 0]
            _send(view, call, ms, facts, need, rules, heaps, sizes, totals, log)
            if need[call] > 0:
                return
            _pop(heaps, sizes, priority)


@compiled
def _rebase(view: View, unit: int, ms: int, rules: Longs, totals: Longs, log: Longs) -> None:
    """A unit that has cleared gets a base and sets out for it."""
    if rules[0] == HOME:
        station = home.choose_base(view, unit)
    elif rules[0] == DMEXCLP:
        station = dmexclp.choose_base(view)
    else:
        station = move_utility.choose_base(view, unit)
    totals[REBASED] += station != view.own[unit]
    _write(log, totals, ms, BASED, unit, station)
    _set_out(view, unit, station, ms, 0, rules[2])


@compiled
def _relocate(view: View, ms: int, rules: Longs, totals: Longs, log: Longs) -> None:
    """Free units move while the policy finds a move worth making."""
    if rules[0] <= DMEXCLP:
        return
    for _ in range(rules[1]):
        unit, station = move_utility.next_move(view, ms)
        if unit == NOBODY:
            return
        at, rest = turning_point(view, unit, ms)
        stand(view, view.goal[unit], -1)
        view.at[unit] = at
        totals[MOVES] += 1
        _write(log, totals, ms, MOVED, unit, station)
        _set_out(view, unit, station, ms, rest, rules[2])


@compiled
def _set_out(view: View, unit: int, station: int, ms: int, rest: int, instant: int) -> None:
    """From where it can turn, `rest` milliseconds on, to a station."""
    stand(view, station, 1)
    view.goal[unit] = station
    if instant:
        view.status[unit], view.at[unit], view.due[unit] = IDLE, view.station[station], NEVER
        return
    view.status[unit] = MOVING
    view.depart[unit] = ms + rest
    whole, parts = view.drive[view.at[unit], station], view.way.shape[2]
    view.due[unit] = ms + rest + whole
    view.step[unit] = (whole + parts - 1) // parts


@compiled
def _push(heaps: Longs, sizes: Longs, priority: int, call: int) -> None:
    """Into a binary heap by call number: older calls have lower ones."""
    heap, at = heaps[priority], sizes[priority]
    heap[at] = call
    sizes[priority] += 1
    while at > 0 and heap[(at - 1) // 2] > heap[at]:
        heap[at], heap[(at - 1) // 2] = heap[(at - 1) // 2], heap[at]
        at = (at - 1) // 2


@compiled
def _pop(heaps: Longs, sizes: Longs, priority: int) -> None:
    """The first out of the heap."""
    heap = heaps[priority]
    sizes[priority] -= 1
    size, at = sizes[priority], 0
    heap[0] = heap[size]
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[at] <= heap[child]:
            return
        heap[at], heap[child] = heap[child], heap[at]
        at = child


@compiled
def _write(log: Longs, totals: Longs, ms: int, what: int, unit: int, about: int) -> None:
    row = totals[ROWS]
    if row < len(log):
        log[row, 0], log[row, 1], log[row, 2], log[row, 3] = ms, what, unit, about
        totals[ROWS] += 1
