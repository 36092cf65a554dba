"""Whom to send (建议): the engine's recommendation for an incident, with names, and what sending each uncovers.

The engine ranks by exact arrival by road. What was shown to a person is kept for some minutes under a number, so that
what is put on the ledger with their choice is what they saw.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import msgspec
import numpy as np

from anlan.app.world import World
from anlan.domains.command import units as board
from anlan.domains.command.cover import Cover, Standing, cover
from anlan.domains.command.fleet import E6, ROAD_METRES_MAX, Fleet, fleet
from anlan.domains.command.rules import SKILLS, bits, rules, run_cards, urgency_of
from anlan.domains.command.units import ASSIGNED, AVAILABLE, EN_ROUTE, ON_SCENE, Unit
from anlan.engines.dispatch.rank import Place, Rules
from anlan.engines.dispatch.recommend import Candidate, Recommendation, recommend
from anlan.engines.dispatch.run_card import RunCard
from anlan.engines.dispatch.units import ACCESS_M_S, NEVER, Units, units_at
from anlan.engines.errors import EngineError
from anlan.loop.matter import Matter

OUT = frozenset({ASSIGNED, EN_ROUTE, ON_SCENE})
KEPT = 2_000
SOON_CLEAR_S = 300.0
MS = 1000
FAR_METRES = 20_000.0
UNREPORTED_S = 3600.0
"""The age of a position that is only taken to be where the unit waits."""


class Ranked(msgspec.Struct, frozen=True):
    """A unit in the list. Times in milliseconds, metres in a straight line, cover in millionths of all demand.

    `diverts`: the incident it would be taken from. `lacks`: skills that were asked for and it has not. `aid`: it is of
    another branch. `uncovers`: stations in whose areas nobody else would be in time.
    """

    unit: str
    call_sign: str
    organisation: str
    vehicle: str
    people: int
    skills: tuple[str, ...]
    state: str
    arrival_ms: int
    wait_ms: int
    turnout_ms: int
    access_ms: int
    drive_ms: int
    walk_ms: int
    straight_m: int
    loss_ppm: int
    position_age_ms: int
    stale: bool
    aid: bool
    diverts: int = 0
    lacks: tuple[str, ...] = ()
    uncovers: tuple[str, ...] = ()


class Wanted(msgspec.Struct, frozen=True):
    """One need of the card: whom the engine would send, how many are short, everybody who could go, best first."""

    label: str
    joint: str
    skills: tuple[str, ...]
    units: tuple[str, ...]
    count: int
    short: int
    ranked: tuple[Ranked, ...]
    closest: str
    nearest_straight: str


class Advice(msgspec.Struct, frozen=True):
    """A recommendation. `why_none` says, as a code, why there is none: no roads, no place, off the roads. `out`: how
    many of the card's units are out already, need by need. `off_road_m`: how far the place is from the roads, where
    that is far: times hold the way there on foot."""

    id: str
    matter: int
    at: int
    card: str
    router: str
    needs: tuple[Wanted, ...]
    passed_over: dict[str, int]
    units: int
    why_none: str = ""
    why_params: dict[str, Any] = {}
    out: tuple[int, ...] = ()
    off_road_m: int = 0

    @property
    def recommended(self) -> tuple[str, ...]:
        """Whom the engine would send: those of our own needs, less what is out already."""
        mine = zip(self.needs, self.out, strict=True)
        return tuple(unit for need, out in mine if not need.joint for unit in need.units[: max(0, need.count - out)])


def advise(world: World, matter: Matter, cover_weight_s: float = 0.0) -> Advice:
    """The recommendation as things stand now. It never fails: where nothing can be ranked it says why."""
    now, here = world.clock(), fleet(world)
    id_ = world.random(6).hex()
    if here.roads is None or matter.place is None:
        why = "command.no_roads" if here.roads is None else "command.no_place"
        return keep(world, Advice(id_, matter.number, now, "", "", (), {}, 0, why))
    out = {sent.unit for sent in matter.units_out}
    units = [unit for _, unit in board.register(world).rows().values() if unit.key not in out]
    lon, lat = matter.place.lon_e6 / E6, matter.place.lat_e6 / E6
    try:
        node, metres = here.roads.node_at(lon, lat, FAR_METRES)
    except EngineError as error:
        none = Advice(id_, matter.number, now, "", "", (), {}, len(units), error.code, dict(error.params))
        return keep(world, none)
    asked = columns(world, here, matter, units, now)
    covered = cover(world)
    assert covered is not None
    standing = covered.standing(asked.node, np.array([unit.state == AVAILABLE for unit in units], np.bool_))
    card = run_cards().find(matter.category, urgency_of(matter))
    place = Place(node, metres / ACCESS_M_S)
    by, loss = Rules(cover_weight_s=cover_weight_s), standing.loss_ppm()
    made = recommend(here.roads, asked, place, card, by, loss)
    if (eased := _eased(card, made)) is not None:
        made = recommend(here.roads, asked, place, eased, by, loss)
    advice = _named(world, made, card, units, (covered, standing), (id_, matter.number, now))
    off = round(metres) if metres > ROAD_METRES_MAX else 0
    return keep(world, msgspec.structs.replace(advice, out=_met(world, card, out), off_road_m=off))


def columns(world: World, here: Fleet, matter: Matter, units: list[Unit], now: int) -> Units:
    """The units as the engine takes them. One on its way to something less urgent can be diverted at once; one on scene
    is soon free when it has been there about as long as such things take."""
    node, metres, at = here.nodes(units)
    vehicles = rules().vehicles
    classes = tuple(dict.fromkeys(v.drives for v in vehicles.values()))
    branches = _branches(world)
    branch = branches.get(matter.lead, "")
    others = world.store.read.matters(list({unit.matter for unit in units if unit.state in OUT}))
    return units_at(
        node,
        access_s=metres / ACCESS_M_S,
        ready_s=[_ready(matter, unit, others.get(unit.matter), now) for unit in units],
        turnout_s=[0.0 if unit.state == EN_ROUTE else float(vehicles[unit.vehicle].turnout) for unit in units],
        age_s=np.where(at > 0, np.maximum((now - at) / MS, 0.0), UNREPORTED_S),
        skills=np.array([bits(unit.skills) for unit in units], np.uint64),
        vehicle=[classes.index(vehicles[unit.vehicle].drives) for unit in units],
        inside=[not branch or branches.get(unit.organisation) == branch for unit in units],
        vehicles=classes,
    )


def kept(world: World, id_: str, number: int) -> Advice | None:
    """What was shown for a matter under a number; None where this process does not know it (any more)."""
    found: Advice | None = _shelf(world).get(id_)
    return found if found is not None and found.matter == number else None


def keep(world: World, advice: Advice) -> Advice:
    """Remember what is about to be shown."""
    shelf = _shelf(world)
    shelf[advice.id] = advice
    while len(shelf) > KEPT:
        shelf.popitem(last=False)
    return advice


def as_fact(advice: Advice, unit: str, shown: int = 8) -> dict[str, Any]:
    """The advice as it stands on the ledger beside a choice: its inputs, the alternatives, whole numbers only."""
    needs = [
        {
            "label": need.label, "joint": need.joint, "units": list(need.units), "short": need.short,
            "closest": need.closest, "nearest_straight": need.nearest_straight,
            "ranked": [_told(one) for one in need.ranked[:shown] if one] + [
                _told(one) for one in need.ranked[shown:] if one.unit == unit
            ],
        }
        for need in advice.needs
    ]  # fmt: skip
    return {
        "id": advice.id, "at": advice.at, "card": advice.card, "router": advice.router, "units": advice.units,
        "off_road_m": advice.off_road_m,
        "passed_over": advice.passed_over, "needs": needs, "why_none": advice.why_none,
        "as_recommended": unit in advice.recommended,
    }  # fmt: skip


def _told(one: Ranked) -> dict[str, Any]:
    names = (
        "unit", "state", "arrival_ms", "wait_ms", "turnout_ms", "access_ms", "drive_ms", "walk_ms", "straight_m",
        "loss_ppm", "position_age_ms", "stale", "aid", "diverts", "lacks",
    )  # fmt: skip
    return {name: list(said) if isinstance(said := getattr(one, name), tuple) else said for name in names}


def _shelf(world: World) -> OrderedDict[str, Advice]:
    found: OrderedDict[str, Advice] = world.kept.setdefault("command.advice", OrderedDict())
    return found


def _ready(matter: Matter, unit: Unit, other: Matter | None, now: int) -> float:
    """Seconds until a unit can set out; `other`: the incident it is out for."""
    if unit.state == AVAILABLE:
        return 0.0
    if other is None or unit.state not in OUT:
        return NEVER
    if unit.state != ON_SCENE:
        return 0.0 if urgency_of(matter) < urgency_of(other) else NEVER
    usual = rules().type(other.category).scene * 60.0
    left = usual - (now - unit.since) / MS
    return max(60.0, left) if left <= SOON_CLEAR_S else NEVER


def _eased(card: RunCard, made: Recommendation) -> RunCard | None:
    """The card without the skills that nobody within reach has: somebody must go all the same. None where none need be
    eased."""
    nobody = {n for n, need in enumerate(made.needs) if need.skills and not need.joint and not need.units}
    if not nobody:
        return None
    eased = [msgspec.structs.replace(need, skills=0) if n in nobody else need for n, need in enumerate(card.needs)]
    return msgspec.structs.replace(card, needs=tuple(eased))


def _met(world: World, card: RunCard, out: set[str]) -> tuple[int, ...]:
    """How many places of each need the units that are out fill, each unit one place, the most particular first."""
    known = board.register(world).rows()
    left = [bits(known[key][1].skills) for key in sorted(out) if key in known]
    met = [0] * len(card.needs)
    for n in sorted(range(len(card.needs)), key=lambda n: -card.needs[n].skills.bit_count()):
        fit = [skills for skills in left if card.needs[n].skills & ~skills == 0][: card.needs[n].count]
        for skills in fit:
            left.remove(skills)
        met[n] = len(fit)
    return tuple(met)


def _branches(world: World) -> dict[str, str]:
    """The branch each house belongs to; "" for one of the whole city."""
    units = world.city.organisation
    found: dict[str, str] | None = world.kept.get("command.branches")
    if found is None:
        found = world.kept["command.branches"] = {
            one.key: next((u.key for u in (one, *units.above(one.key)) if u.kind == "branch"), "") for one in units
        }
    return found


def _named(
    world: World,
    made: Recommendation,
    card: RunCard,
    units: list[Unit],
    known: tuple[Cover, Standing],
    stamp: tuple[str, int, int],
) -> Advice:
    covered, standing = known

    def name(index: int | None) -> str:
        return "" if index is None else units[index].key

    def ranked(one: Candidate, wanted: tuple[str, ...]) -> Ranked:
        unit = units[one.unit]
        return Ranked(
            unit=unit.key,
            call_sign=unit.call_sign,
            organisation=unit.organisation,
            vehicle=unit.vehicle,
            people=unit.people,
            skills=unit.skills,
            state=unit.state,
            **{field: getattr(one, field) for field in MEASURED},
            aid=one.outside,
            diverts=unit.matter if unit.state in {ASSIGNED, EN_ROUTE} else 0,
            lacks=tuple(skill for skill in wanted if skill not in unit.skills),
            uncovers=covered.names(world, standing.alone(one.unit)) if one.loss_ppm else (),
        )

    asked = [tuple(skill for n, skill in enumerate(SKILLS) if need.skills >> n & 1) for need in card.needs]
    needs = tuple(
        Wanted(
            card.needs[n].label,
            need.joint,
            asked[n],
            tuple(name(unit) for unit in need.units),
            len(need.units) + need.short,
            need.short,
            tuple(ranked(one, asked[n]) for one in sorted(need.candidates, key=lambda c: (c.arrival_ms, c.unit))),
            name(need.closest),
            name(need.nearest_straight),
        )
        for n, need in enumerate(made.needs)
    )
    over: dict[str, int] = {}
    for counts in made.passed_over:
        for why, count in counts.items():
            over[why] = max(over.get(why, 0), count)
    return Advice(*stamp, made.card, made.router, needs, over, made.units)


MEASURED = (
    "arrival_ms", "wait_ms", "turnout_ms", "access_ms", "drive_ms", "walk_ms", "straight_m", "loss_ppm",
    "position_age_ms", "stale",
)  # fmt: skip
