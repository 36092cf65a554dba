"""What the compiled loop and its policies share: the units' state, the tables, the cover that stands, kept in step."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anlan.engines.compiled import compiled
from anlan.engines.simulate.world import NEVER, NOWHERE, UNITS_PER_ZONE, City, Fleet, Ints, Longs, Policy, gain_table

OFF: Final = 0
IDLE: Final = 1
MOVING: Final = 2
TO_SCENE: Final = 3
ON_SCENE: Final = 4
TO_THEN: Final = 5
AT_THEN: Final = 6
NOBODY: Final = -1


class View(NamedTuple):
    """Per unit: `status`; `at`, the point where it is or its leg began; `goal`, its station, NOWHERE on a call;
    `depart` and `due`, the leg's or stay's begin and end; `step`, how long a part of the leg takes; `call`; `leaving`,
    off duty when it clears; `own` base.
    Per station: `standing` units, what one more would `add` and one fewer would `drop` of cover, in parts of SCALE.
    """

    status: NDArray[np.int8]
    at: Ints
    goal: Ints
    depart: Longs
    due: Longs
    step: Longs
    call: Ints
    leaving: NDArray[np.bool_]
    own: Ints
    response: Ints
    drive: Ints
    station: Ints
    way: Ints
    groups: Ints
    groups_from: Longs
    members: Ints
    members_from: Longs
    has: NDArray[np.bool_]
    gain: Longs
    near: Longs
    standing: Longs
    add: Longs
    drop: Longs
    decay: NDArray[np.float64]
    seen: Longs
    patience_ms: float
    threshold: float


def view_of(city: City, fleet: Fleet, policy: Policy) -> View:
    """Everybody at the own base, on duty or not."""
    units, stations = len(fleet.base), len(city.station)
    gain = gain_table(city, policy.busy)
    on = fleet.starts_on
    station, group = np.nonzero(city.groups) if policy.kind != "home" else np.empty((2, 0), np.int64)
    turned, member = np.nonzero(city.groups.T)
    view = View(
        status=np.where(on, IDLE, OFF).astype(np.int8),
        at=city.station[fleet.base].astype(np.int32),
        goal=np.where(on, fleet.base, NOWHERE).astype(np.int32),
        depart=np.zeros(units, np.int64),
        due=np.full(units, NEVER, np.int64),
        step=np.zeros(units, np.int64),
        call=np.full(units, NOWHERE, np.int32),
        leaving=np.zeros(units, np.bool_),
        own=fleet.base.astype(np.int32),
        response=np.ascontiguousarray(city.response_ms.T),
        drive=np.ascontiguousarray(city.drive_ms),
        station=city.station.astype(np.int32),
        way=np.ascontiguousarray(city.way),
        groups=group.astype(np.int32),
        groups_from=np.searchsorted(station, np.arange(stations + 1)).astype(np.int64),
        members=member.astype(np.int32),
        members_from=np.searchsorted(turned, np.arange(len(gain) + 1)).astype(np.int64),
        has=np.ascontiguousarray(city.groups),
        gain=gain,
        near=np.zeros(len(gain), np.int64),
        standing=np.zeros(stations, np.int64),
        add=(city.groups @ gain[:, 0]).astype(np.int64),
        drop=np.zeros(stations, np.int64),
        decay=np.exp(-city.drive_ms / (policy.patience_s * 1000.0)),
        seen=np.zeros(stations, np.int64),
        patience_ms=policy.patience_s * 1000.0,
        threshold=policy.threshold,
    )
    for base in fleet.base[on].tolist():
        stand(view, base, 1)
    return view


@compiled
def stand(view: View, station: int, step: int) -> None:
    """One unit more (step 1) or fewer (-1) stands at a station or is on its way there."""
    view.standing[station] += step
    for n in range(view.groups_from[station], view.groups_from[station + 1]):
        group = view.groups[n]
        before = min(view.near[group], UNITS_PER_ZONE)
        view.near[group] += step
        after = min(view.near[group], UNITS_PER_ZONE)
        more = view.gain[group, after] - view.gain[group, before]
        less = (view.gain[group, after - 1] if after > 0 else 0) - (view.gain[group, before - 1] if before > 0 else 0)
        for m in range(view.members_from[group], view.members_from[group + 1]):
            view.add[view.members[m]] += more
            view.drop[view.members[m]] += less


@compiled
def both(view: View, source: int, target: int) -> int:
    """What removing a unit at `source` gives back to `target`: zones that both cover need the new one more."""
    found = 0
    for n in range(view.groups_from[source], view.groups_from[source + 1]):
        group = view.groups[n]
        if view.has[target, group]:
            near = min(view.near[group], UNITS_PER_ZONE)
            found += view.gain[group, near - 1] - view.gain[group, near]
    return found


@compiled
def turning_point(view: View, unit: int, ms: int) -> tuple[int, int]:
    """Where a free unit can be sent from, and the milliseconds until it is there."""
    if view.status[unit] != MOVING:
        return view.at[unit], 0
    begin, step = view.depart[unit], view.step[unit]
    if ms < begin:
        return view.at[unit], begin - ms
    if step == 0:
        return view.station[view.goal[unit]], 0
    part = min(view.way.shape[2] - 1, (ms - begin) // step)
    there = min(begin + (part + 1) * step, view.due[unit])
    return view.way[view.at[unit], view.goal[unit], part], there - ms
