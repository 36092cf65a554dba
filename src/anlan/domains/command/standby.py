"""Forward standby (前置警力): where the free units of an hour had best wait, from where calls came at that hour.

Places only: a demand surface by zone and hour, the points that cover most of it (MEXCLP, with a proven bound on what
any points could cover), who goes to which, and what that gains over where the units are now. A person decides; what
was decided is a row of the register `command.standby` and a fact (`standby_planned`).
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.domains.command import units as board
from anlan.domains.command.cover import BUSY, DAYS, DRIVES, PRIOR_CALLS, Cover, cover
from anlan.domains.command.fleet import E6, ROAD_METRES_MAX, fleet
from anlan.domains.command.rules import rules
from anlan.domains.command.units import AVAILABLE, Unit
from anlan.engines.deployment.demand import choose_strength, kernel, rates
from anlan.engines.deployment.problem import CoverProblem, Plan, covered, mexclp
from anlan.engines.errors import EngineError
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor

Floats = NDArray[np.float64]
Zones = NDArray[np.int64]

WITHIN = (600, 300)
"""The public limits: 10 minutes, 城区 5."""
HOURS, CITY_HOUR = 24, 8
FLOOR_MAX = 95
FLOOR_GAP = 3e-3
"""How near to the best a plan with floors is sought: they make the problem much harder."""
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
LENDS_M = 800.0
STRENGTH, KEPT_BACK_DAYS, CHOSEN_FROM = 30.0, 7, 200
"""The prior's weight, where too few calls are kept back to choose it."""
ON_FOOT = "foot"
PPM = 1_000_000
FAR = 1e7


class Ask(msgspec.Struct, frozen=True):
    """What is asked for: an hour of the day, how many units (0: all that are free), seconds to be there, and the per
    cent of its own calls that must be covered in every district (保底; 0: no floor)."""

    hour: int
    units: int = 0
    within: int = WITHIN[0]
    floor: int = 0


class Demand(msgspec.Struct):
    """Calls expected per zone and hour of the day, shape (zones, 24); how many calls that is from; the prior's weight
    and whether it was chosen on calls that were kept back."""

    calls: Floats
    seen: int
    strength: float
    chosen: bool


class Point(msgspec.Struct, frozen=True):
    """A standby point: degrees, which unit goes there, its drive from where it is, and what the plan loses without."""

    unit: str
    call_sign: str
    zone: int
    lon: float
    lat: float
    drive_s: int
    worth_ppm: int


class Covered(msgspec.Struct, frozen=True):
    """What units at some places cover, in millionths of the hour's calls; the mean drive with queues and busy units
    (-1 where they cannot keep up); how many places are off the road; the district of which least is covered, and how
    much; by zone degrees, calls an hour and how many units reach it in time."""

    share_ppm: int
    drive_s: int
    off_road: int
    lowest: str
    lowest_ppm: int
    zones: list[tuple[float, float, float, int]]


class District(msgspec.Struct, frozen=True):
    """A district's calls of the hour, what of them the plan covers, and what the best plan without a floor would."""

    key: str
    calls: float
    share_ppm: int
    without_ppm: int


class Proposal(msgspec.Struct, frozen=True):
    """Where to wait. `share_ppm` of the hour's calls is covered, `now_ppm` by the same units where they are, and no
    plan that keeps the floor covers more than `bound_ppm`. `without_ppm`: what the best plan without one covers.
    `fixed`: free units that count, but are not the asker's to move or are on foot. `coarse`: most zones reach only
    themselves in time."""

    ask: Ask
    points: tuple[Point, ...]
    share_ppm: int
    now_ppm: int
    bound_ppm: int
    drive_s: int
    drive_now_s: int
    free: int
    fixed: int
    calls: float
    coarse: bool
    demand: Demand
    without_ppm: int
    districts: tuple[District, ...]


class Standing(msgspec.Struct):
    """The free units of now: those to be moved with their zones, and how many others stand in each zone."""

    units: list[Unit]
    zones: Zones
    fixed: Zones


def ready(world: World) -> Cover:
    """The city's zones. Raises Refused("command.no_roads")."""
    found = cover(world)
    if found is None:
        raise Refused("command.no_roads")
    return found


def checked(ask: Ask) -> Ask:
    """What was asked for, if it can be. Raises Refused."""
    if not 0 <= ask.hour < HOURS:
        raise Refused("field.out_of_range", field="hour", minimum=0, maximum=HOURS - 1)
    if ask.within not in WITHIN:
        raise Refused("field.not_an_option", field="within", options=", ".join(map(str, WITHIN)))
    if not 0 <= ask.floor <= FLOOR_MAX:
        raise Refused("field.out_of_range", field="floor", minimum=0, maximum=FLOOR_MAX)
    if ask.units < 0:
        raise Refused("field.out_of_range", field="units", minimum=0, maximum=board.PEOPLE_MAX)
    return ask


def propose(world: World, who: Actor, ask: Ask) -> Proposal:
    """The best points for an hour, and who goes where. Raises Refused: as `checked` and `ready`, standby.nobody where
    no unit is free to be moved, standby.few where more are asked for than are free, standby.floor where so many cannot
    keep the floor, standby.floor_open where no plan that keeps it was found."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - a start waits for no solver

    checked(ask)
    known, standing = ready(world), free(world, who)
    if not standing.units:
        raise Refused("standby.nobody")
    number = ask.units or len(standing.units)
    if number > len(standing.units):
        raise Refused("standby.few", units=number, free=len(standing.units))
    surface, seconds = demand(world), times(world, known)
    weights, reached = surface.calls[:, ask.hour], seconds <= ask.within
    units = number + int(standing.fixed.sum())
    problem = mexclp(reached, weights, units, BUSY, least=standing.fixed, most=standing.fixed + number)
    (plan, without), total = _solved(world, known, problem, ask), float(weights.sum())
    sites = np.repeat(np.arange(len(plan.units)), plan.units - standing.fixed)
    drive = np.minimum(seconds[np.ix_(standing.zones, sites)], FAR)
    goes, point = linear_sum_assignment(drive)
    here = np.bincount(standing.zones[goes], minlength=len(weights)) + standing.fixed
    worth = _worth(reached, weights, plan.units)
    points = tuple(
        Point(
            standing.units[unit].key, standing.units[unit].call_sign, int(zone := sites[n]),
            float(known.zones.lon[zone]), float(known.zones.lat[zone]), round(float(drive[unit, n])),
            round(float(worth[zone]) / total * PPM),
        )
        for unit, n in zip(goes.tolist(), point.tolist(), strict=True)
    )  # fmt: skip
    return Proposal(
        ask, tuple(sorted(points, key=lambda one: -one.worth_ppm)), round(plan.value / total * PPM),
        round(covered(reached, weights, here, BUSY) / total * PPM), round(plan.bound / total * PPM),
        mean_drive(seconds, weights, plan.units), mean_drive(seconds, weights, here), len(standing.units),
        int(standing.fixed.sum()), total, bool(np.median(reached.sum(axis=0)) <= 1.0), surface,
        round(without.value / total * PPM), _districts(world, known, problem, plan, without),
    )  # fmt: skip


def districts_of(world: World, known: Cover) -> tuple[list[str], NDArray[np.int32]]:
    """The districts that zones lie in (by their middle), and each zone's, -1 outside them all; worked out once."""
    found: tuple[list[str], NDArray[np.int32]] | None = world.kept.get("command.standby.districts")
    if found is None or len(found[1]) != len(known.zones.lon):
        keys = [_district(world, x, y) for x, y in zip(known.zones.lon.tolist(), known.zones.lat.tolist(), strict=True)]
        names = sorted(set(keys) - {""})
        found = (names, np.array([names.index(key) if key else -1 for key in keys], np.int32))
        world.kept["command.standby.districts"] = found
    return found


def covers(world: World, who: Actor, ask: Ask, places: list[tuple[float, float]]) -> Covered:
    """What units at these places cover, beside those that are not moved."""
    checked(ask)
    known = ready(world)
    seconds, weights = times(world, known), demand(world).calls[:, ask.hour]
    zones = zones_at(known, places)
    units = free(world, who).fixed + np.bincount(zones[zones >= 0], minlength=len(weights))
    reached = seconds <= ask.within
    share = covered(reached, weights, units, BUSY) / float(weights.sum())
    reach = (units @ reached).tolist()
    shares = _by_district(world, known, reached, weights, units)
    lowest, (_, least) = min(shares.items(), key=lambda one: one[1][1], default=("", (0.0, 0)))
    lon, lat = known.zones.lon.tolist(), known.zones.lat.tolist()
    table = [
        (round(x, 5), round(y, 5), round(n, 4), r) for x, y, n, r in zip(lon, lat, weights.tolist(), reach, strict=True)
    ]
    drive, off_road = mean_drive(seconds, weights, units), int((zones < 0).sum())
    return Covered(round(share * PPM), drive, off_road, lowest, least, table)


def zones_at(known: Cover, places: list[tuple[float, float]]) -> Zones:
    """The zone of each place; -1 off the road."""
    if not places:
        return np.empty(0, np.int64)
    lon, lat = (np.array(column, np.float64) for column in zip(*places, strict=True))
    nodes, _ = known.network.nodes_at(lon, lat, ROAD_METRES_MAX)
    zones: Zones = np.where(nodes >= 0, known.zones.of_node[np.maximum(nodes, 0)], -1).astype(np.int64)
    return zones


def free(world: World, who: Actor) -> Standing:
    """The units that stand by now: those the asker may move, and where the others are."""
    known = ready(world)
    units = [unit for _, unit in board.register(world).rows().values() if unit.state == AVAILABLE]
    nodes, _, _ = fleet(world).nodes(units)
    zones = np.where(nodes >= 0, known.zones.of_node[np.maximum(nodes, 0)], -1).astype(np.int64)
    mine = [
        n for n, unit in enumerate(units)
        if zones[n] >= 0 and unit.vehicle != ON_FOOT and board.may(world, who, unit, "deploy")
    ]  # fmt: skip
    others = np.setdiff1d(np.flatnonzero(zones >= 0), mine)
    fixed = np.bincount(zones[others], minlength=len(known.zones.node))
    return Standing([units[n] for n in mine], zones[mine], fixed.astype(np.int64))


def demand(world: World) -> Demand:
    """The surface, from the calls of the last four weeks; worked out at most once an hour."""
    known = ready(world)
    found = world.kept.get("command.standby.demand")
    if found is None or found[0] != known.weighed_at:
        found = world.kept["command.standby.demand"] = (known.weighed_at, _surface(world, known))
    surface: Demand = found[1]
    return surface


def times(world: World, known: Cover) -> Floats:
    """Seconds by car from each zone's middle to each other's; worked out once."""
    found = world.kept.get("command.standby.times")
    if found is None or found[0] is not known.network:
        seconds = known.network.matrix(known.zones.node, known.zones.node, DRIVES)
        found = world.kept["command.standby.times"] = (known.network, seconds)
    kept: Floats = found[1]
    return kept


def mean_drive(seconds: Floats, calls: Floats, units: Zones) -> int:
    """The mean drive in seconds when each call gets the closest free unit (Larson); -1 where they cannot keep up."""
    from anlan.engines.larson import approximate  # noqa: PLC0415 - as above

    at = np.repeat(np.arange(len(units)), units)
    scenes = [kind.scene for kind in rules().types.values()]
    some = calls > 0.0
    try:
        found = approximate(np.minimum(seconds[at][:, some], FAR), calls[some] / 3600, 60.0 * float(np.mean(scenes)))
    except EngineError:
        return -1
    return round(found.travel_s)


def _solved(world: World, known: Cover, problem: CoverProblem, ask: Ask) -> tuple[Plan, Plan]:
    """The best plan that keeps the floor, and the best without one. Raises Refused as `propose` about floors."""
    from anlan.engines.deployment.expected_cover import solve  # noqa: PLC0415 - as above

    without = solve(problem)
    if not ask.floor:
        return without, without
    names, district = districts_of(world, known)
    least = np.full(len(names), ask.floor / 100)
    try:
        return solve(replace(problem, district=district, floors=least), FLOOR_GAP), without
    except EngineError as error:
        code = "standby.floor" if error.code == "deploy.floors" else "standby.floor_open"
        raise Refused(code, floor=ask.floor) from None


def _districts(world: World, known: Cover, problem: CoverProblem, plan: Plan, without: Plan) -> tuple[District, ...]:
    """What the plans cover of each district's calls, least first."""
    one, other = (_by_district(world, known, problem.covers, problem.weights, p.units) for p in (plan, without))
    found = [District(key, calls, share, other[key][1]) for key, (calls, share) in one.items()]
    return tuple(sorted(found, key=lambda district: district.share_ppm))


def _by_district(
    world: World, known: Cover, reached: NDArray[np.bool_], weights: Floats, units: Zones
) -> dict[str, tuple[float, int]]:
    """The calls of each district that has any, and what units (so many a zone) cover of them, in millionths."""
    names, district = districts_of(world, known)
    found = {}
    for n, key in enumerate(names):
        inside = district == n
        calls = float(weights[inside].sum())
        if calls:
            found[key] = calls, round(covered(reached[:, inside], weights[inside], units, BUSY) / calls * PPM)
    return found


def _district(world: World, lon: float, lat: float) -> str:
    try:
        return world.city.areas.locate(lon, lat).district
    except CityError:
        return ""


def _surface(world: World, known: Cover) -> Demand:
    now, zones = known.weighed_at, len(known.zones.node)
    sql = (
        "SELECT lon_e6, lat_e6, opened_at FROM matters WHERE domain = 'command' AND flow = 'incident'"
        " AND opened_at >= ? AND lon_e6 IS NOT NULL"
    )
    rows = world.store.read.listed((sql, (now - DAYS * DAY_MS,)))
    prior = PRIOR_CALLS / HOURS * known.zones.built[:, None] * np.ones(HOURS)
    near = kernel(known.zones.lon, known.zones.lat, LENDS_M)
    if not rows:
        return Demand(rates(prior, np.full(HOURS, float(DAYS)), STRENGTH, near), 0, STRENGTH, chosen=False)
    lon, lat, at = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    place = zones_at(known, list(zip((lon / E6).tolist(), (lat / E6).tolist(), strict=True)))
    hour = (at // HOUR_MS + CITY_HOUR).astype(np.int64) % HOURS
    late = np.asarray(at >= now - KEPT_BACK_DAYS * DAY_MS, np.bool_)

    def counts(which: NDArray[np.bool_]) -> Floats:
        flat = np.bincount(place[which] * HOURS + hour[which], minlength=zones * HOURS)
        return flat.reshape(zones, HOURS).astype(np.float64)

    on_road = place >= 0
    strength, chosen = STRENGTH, bool((late & on_road).sum() >= CHOSEN_FROM)
    if chosen:
        early = counts(on_road & ~late) + prior
        days = np.full(HOURS, float(DAYS - KEPT_BACK_DAYS))
        strength, _ = choose_strength(early, days, counts(on_road & late), np.full(HOURS, float(KEPT_BACK_DAYS)), near)
    every = counts(on_road)
    drawn = rates(every + prior, np.full(HOURS, float(DAYS)), strength, near)
    return Demand(drawn * (every.sum() / (every + prior).sum()), len(rows), strength, chosen)


def _worth(reached: NDArray[np.bool_], weights: Floats, units: Zones) -> Floats:
    """What one unit less at each zone loses."""
    times = units @ reached
    marginal = np.where(times > 0, weights * (1.0 - BUSY) * np.power(BUSY, np.maximum(times, 1) - 1.0), 0.0)
    return np.asarray(reached @ marginal, np.float64)
