"""A campaign's sweep (清查): which places were checked in which wave, and the roll-up, in which a place counts once.

A check is a row of the register `campaign.checks` by campaign, wave and place: a second one of the same place in the
same wave is told in the same row. Each is a fact (`place_checked`).
"""

from __future__ import annotations

import msgspec

from anlan.app.registers import UNSEEN, Register
from anlan.app.world import World, year_of
from anlan.domains.campaign.plan import Campaign, campaign_of, tasks
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.store.commit import Commit


class Check(msgspec.Struct, frozen=True):
    """A place in a wave: how often it was gone to, whether something was found, first and last (UTC ms)."""

    campaign: str
    wave: int
    place: str
    unit: str
    times: int
    found: bool
    first_at: int
    last_at: int


class Count(msgspec.Struct, frozen=True):
    """So many places, so many of them checked, so many with something found; `times`: visits, told apart."""

    places: int
    checked: int
    found: int
    times: int


def register(world: World) -> Register[Check]:
    """The checks."""
    found = world.kept.get("campaign.checks")
    if found is None:
        found = world.kept["campaign.checks"] = Register(world, "campaign.checks", Check)
    kept: Register[Check] = found
    return kept


def check(world: World, who: Actor, matter: Matter, place: str, *, found: bool) -> Commit:
    """The commit of a check now. Raises Refused: campaign.sealed, campaign.no_wave, campaign.place, access.denied for
    somebody who does not work on the task of the place's unit, campaign.moved_on."""
    campaign, now = campaign_of(world, matter), world.clock()
    if now < campaign.begins:
        raise Refused("campaign.sealed")
    wave = campaign.wave_at(now)
    if wave is None:
        raise Refused("campaign.no_wave")
    target = next((one for one in campaign.places if one.key == place), None)
    if target is None:
        raise Refused("campaign.place", place=place)
    task = next((one for one in tasks(world, matter.number) if one.lead == target.unit), None)
    if task is None or not world.grants.allows(who, "act", task, world.relation):
        raise Refused("access.denied", action="act")
    key = f"{campaign.key}.{wave}.{place}"
    seen, before = register(world).one(key) or (UNSEEN, None)
    row = Check(
        campaign.key, wave, place, target.unit, (before.times if before else 0) + 1,
        found or bool(before and before.found), before.first_at if before else now, now,
    )  # fmt: skip
    told = {"campaign": campaign.key, "wave": wave, "place": place, "found": found, "again": before is not None}
    commit = Commit(at=now, actor=who.id, year=year_of(now))
    commit.readings = [(task.number, task.ledger, ("place_checked", told))]
    register(world).put(commit, key, seen, row, Refused("campaign.moved_on"))
    return commit


def checks(world: World, campaign: Campaign, wave: int) -> dict[str, Check]:
    """The checks of a wave, by place."""
    rows = (row for _, row in register(world).rows().values())
    return {row.place: row for row in rows if row.campaign == campaign.key and row.wave == wave}


def roll_up(campaign: Campaign, done: dict[str, Check]) -> dict[str, Count]:
    """By unit, and under "" for all: a place counts once however often it was gone to."""
    counts = {}
    for unit in ("", *campaign.units):
        places = [place.key for place in campaign.places if unit in {"", place.unit}]
        mine = [done[place] for place in places if place in done]
        found = sum(one.found for one in mine)
        counts[unit] = Count(len(places), len(mine), found, sum(one.times for one in mine))
    return counts
