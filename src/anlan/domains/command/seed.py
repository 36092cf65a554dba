"""Command's demo data: a fleet for whatever city pack is loaded, and what people call for, in our own words."""

from __future__ import annotations

import random

import msgspec

from anlan.app.registers import UNSEEN
from anlan.app.world import World, year_of
from anlan.domains.command.fleet import E6
from anlan.domains.command.units import AVAILABLE, OFF, REST, Unit, put, register
from anlan.store.commit import Commit

CALLS = {
    "incident.fire": ("{place}二楼窗户往外冒烟", "{place}楼下电动车着火了"),
    "incident.injury": ("{place}有位老人摔倒，头上在流血", "{place}商场扶梯上有人跌倒受伤"),
    "incident.drowning": ("{place}礁石上有两个人被潮水困住",),
    "incident.fight": ("{place}门口四五个人打起来了", "{place}烧烤摊有人拿酒瓶打架"),
    "incident.crash": ("{place}路口两车追尾，堵了一条道", "{place}附近电动车和轿车撞了，人坐在地上"),
    "incident.lost": ("老人在{place}走丢了，穿灰色上衣", "孩子在{place}附近找不到了"),
    "incident.theft": ("{place}有人正在撬电动车锁",),
    "incident.suspicious": ("{place}有人挨家试门把手",),
    "incident.dispute": ("{place}门口司机为停车位吵起来了", "{place}饭馆里客人和老板争执"),
    "incident.noise": ("{place}楼上半夜放音响",),
    "incident.hazard": ("{place}路灯杆歪了要倒", "{place}井盖没了，天黑看不见"),
    "incident.other": ("{place}门口有辆车堵住通道，联系不上车主",),
}
"""Our own words; `{place}` is a place of the city."""
HEADS = {
    "370202": "南", "370203": "北", "370211": "黄", "370212": "崂", "370213": "李", "370214": "城", "370215": "即",
    "370281": "胶", "370283": "平", "370285": "莱",
}  # fmt: skip
"""The districts' short names, as call signs begin."""
SKILLED = (("traffic",), ("first_aid",), ("armed",), (), ("first_aid", "water"), ("traffic",))


def demo_units(world: World, seed: int = 1) -> list[Unit]:
    """Two to three units for each station: cars, a motorcycle, a patrol on foot; most of them on duty."""
    rng = random.Random(seed)  # noqa: S311 - demo data, not a secret
    now, counts, found = world.clock(), dict[str, int](), list[Unit]()
    for house in world.city.organisation.of_kind("station"):
        if house.lon is None or house.lat is None:
            continue
        for n in range(rng.choice((2, 2, 3))):
            counts[house.district] = counts.get(house.district, 0) + 1
            count, vehicle = counts[house.district], ("car", "motorcycle", "foot")[n]
            state = rng.choice((AVAILABLE,) * 7 + (REST, OFF, OFF))
            place = (
                round((house.lon + rng.uniform(-0.012, 0.012)) * E6),
                round((house.lat + rng.uniform(-0.009, 0.009)) * E6),
            )
            found.append(
                Unit(
                    key=f"{house.district}-{count:02d}",
                    call_sign=f"{HEADS.get(house.district, house.district[-2:])}{count:02d}",
                    organisation=house.key,
                    vehicle=vehicle,
                    people=1 if vehicle == "motorcycle" else 2,
                    skills=SKILLED[rng.randrange(len(SKILLED))],
                    home=place,
                    state=state,
                    since=now - rng.randrange(3_600_000),
                    on_at=0 if state == OFF else now - rng.randrange(6 * 3_600_000),
                )
            )
    return found


def fresh_shift(world: World, actor: str, seed: int = 2) -> Commit:
    """The commit in which everybody who is on has come on within the last hours: a demo begins with a rested watch."""
    rng, now = random.Random(seed), world.clock()  # noqa: S311 - demo data, not a secret
    told = (int(world.ledger), world.ledger, ("units_changed_shift", {"at": now}))
    commit = Commit(at=now, actor=actor, year=year_of(now), readings=[told])
    for seen, unit in list(register(world).rows().values()):
        if unit.state != OFF:
            on_at = now - rng.randrange(5 * 3_600_000)
            since = unit.since if unit.matter else max(on_at, now - rng.randrange(5_400_000))
            put(commit, world, seen, msgspec.structs.replace(unit, on_at=on_at, since=since))
    return commit


def put_units(world: World, actor: str, units: list[Unit]) -> Commit:
    """The commit of a fleet that is not there yet."""
    now = world.clock()
    told = [(int(world.ledger), world.ledger, ("unit_set", {"unit": unit.key, "state": unit.state})) for unit in units]
    commit = Commit(at=now, actor=actor, year=year_of(now), readings=told)
    for unit in units:
        put(commit, world, UNSEEN, unit)
    return commit


def call(rng: random.Random, place: str) -> tuple[str, str]:
    """A type, and what a caller says of it."""
    category = rng.choice(sorted(CALLS))
    return category, rng.choice(CALLS[category]).format(place=place)
