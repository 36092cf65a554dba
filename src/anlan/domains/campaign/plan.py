"""A campaign's plan (行动方案): sealed until it begins, and proven unchanged.

The text lies in the vault; the SHA-256 of a random salt and the text is on the ledger when the campaign is made, so
that nobody can put another text in its place, and nobody can guess a short one from the hash. Nobody reads it by these
pages before it begins, its author included; that is the server's word, the hash is the proof.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from anlan.app import look
from anlan.app.handle import prepare
from anlan.app.redact import redacted
from anlan.app.registers import UNSEEN, Register
from anlan.app.world import World, year_of
from anlan.domains.campaign.flow import CAMPAIGN, TASKS_MAX
from anlan.engines.text import search_terms
from anlan.loop.case import Intent, as_data
from anlan.loop.deadlines import Clock
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.loop.receive import Opening, opening
from anlan.loop.working_calendar import minute_of
from anlan.store.commit import Change, Commit, Shown

DAY_MS = 86_400_000
PLACES_MAX, WAVES_MAX, WAVE_DAYS_MAX, TEXT_MAX, NAME_MAX = 2_000, 12, 60, 20_000, 60
PARENTS = "SELECT state FROM matters WHERE domain = 'campaign' AND parent = 0 ORDER BY opened_at DESC"
TASKS = "SELECT number FROM matters WHERE domain = 'campaign' AND parent = ? ORDER BY number"
LISTED_MAX = 200


class Wave(msgspec.Struct, frozen=True):
    """A wave's days, UTC milliseconds."""

    begins: int
    ends: int


class Place(msgspec.Struct, frozen=True):
    """A place to be checked once in each wave, by the unit it belongs to."""

    key: str
    name: str
    unit: str


class Campaign(msgspec.Struct, frozen=True):
    """A campaign: `key` is the id of its matter's text. `plan`: the vault's id of the sealed plan."""

    key: str
    plan: str
    sha256: str
    waves: tuple[Wave, ...]
    places: tuple[Place, ...]

    @property
    def begins(self) -> int:
        """When the plan is opened."""
        return self.waves[0].begins

    @property
    def units(self) -> tuple[str, ...]:
        """The units with something to check, in order."""
        return tuple(dict.fromkeys(place.unit for place in self.places))

    def wave_at(self, now: int) -> int | None:
        """The wave that runs now; None between, before and after."""
        return next((n for n, wave in enumerate(self.waves) if wave.begins <= now < wave.ends), None)


class Draft(msgspec.Struct, frozen=True):
    """A campaign as somebody wants it. `begins`: UTC milliseconds; waves of so many days follow one another."""

    name: str
    text: str
    begins: int
    waves: int
    days: int
    places: tuple[tuple[str, str], ...]
    """Name and unit."""


def register(world: World) -> Register[Campaign]:
    """The campaigns."""
    found = world.kept.get("campaign.plans")
    if found is None:
        found = world.kept["campaign.plans"] = Register(world, "campaign.plans", Campaign)
    kept: Register[Campaign] = found
    return kept


def campaign_of(world: World, matter: Matter) -> Campaign:
    """The campaign of a matter that is one. Raises Refused("matter.unknown")."""
    found = register(world).one(matter.text) if matter.domain == "campaign" and not matter.parent else None
    if found is None:
        raise Refused("matter.unknown", matter=matter.number)
    return found[1]


def begin(world: World, who: Actor, draft: Draft) -> Commit:
    """The commit of a new campaign: its matter, the sealed plan, the plan's hash. Raises Refused: as `checked`."""
    checked(world, draft)
    now, vault = world.clock(), world.store.vault
    commit = Commit(at=now, actor=who.id, year=year_of(now))
    key, plan, salt = vault.new_id("t", now), vault.new_id("t", now), world.random(16).hex()
    vault.seal(commit, key, [(key, {"title": draft.name, "text": draft.name, "address": ""})])
    vault.seal(commit, plan, [(plan, {"text": draft.text, "salt": salt})])
    waves = tuple(
        Wave(draft.begins + n * draft.days * DAY_MS, draft.begins + (n + 1) * draft.days * DAY_MS)
        for n in range(draft.waves)
    )
    places = tuple(Place(f"p{n:04d}", name, unit) for n, (name, unit) in enumerate(draft.places, 1))
    campaign = Campaign(key, plan, digest(salt, draft.text), waves, places)
    received: dict[str, Any] = {
        "domain": "campaign", "ledger": world.ledger, "channel": "campaign", "opened_at": now, "text": key,
        "due_minute": minute_of(waves[-1].ends),
    }  # fmt: skip
    route = {"lead": who.unit, "assists": [], "route": {"rule": "human"}}
    drafts = opening(CAMPAIGN, Opening(received, None, route, CAMPAIGN.assigned), minute_of(now), world.calendar)
    commit.changes = [Change(CAMPAIGN, world.ledger, drafts)]
    title = redacted(draft.name)
    commit.shown = Shown(title, " ".join(search_terms(title)), b"")
    sealed = {"campaign": key, "sha256": campaign.sha256, "begins": campaign.begins, "places": len(places)}
    commit.readings = [(int(world.ledger), world.ledger, ("plan_sealed", sealed))]
    register(world).put(commit, key, UNSEEN, campaign, Refused("campaign.twice"))
    return commit


def checked(world: World, draft: Draft) -> None:
    """Refuse what cannot be. Raises Refused."""
    for field, length, longest in (("name", len(draft.name), NAME_MAX), ("text", len(draft.text), TEXT_MAX)):
        if not length:
            raise Refused("field.missing", field=field)
        if length > longest:
            raise Refused("field.too_long", field=field, length=length, length_max=longest)
    for field, number, most in (("waves", draft.waves, WAVES_MAX), ("days", draft.days, WAVE_DAYS_MAX)):
        if not 1 <= number <= most:
            raise Refused("field.out_of_range", field=field, minimum=1, maximum=most)
    if draft.begins <= world.clock():
        raise Refused("campaign.begins")
    if not 1 <= len(draft.places) <= PLACES_MAX:
        raise Refused("campaign.places", places=len(draft.places), places_max=PLACES_MAX)
    if len(set(draft.places)) < len(draft.places):
        raise Refused("campaign.place_twice", place=next(p[0] for p in draft.places if draft.places.count(p) > 1))
    units = {unit for _, unit in draft.places}
    if unknown := sorted(unit for unit in units if unit not in world.city.organisation):
        raise Refused("field.unknown_unit", field="places", unit=unknown[0])
    if len(units) > TASKS_MAX:
        raise Refused("campaign.units", units=len(units), units_max=TASKS_MAX)


async def give_out(world: World, who: Actor, number: int, words: str) -> int:
    """Open a task for each unit of a campaign that has none yet; answers how many. `words` tell nothing of the plan."""
    parent = world.store.read.matter(number)
    campaign, opened = campaign_of(world, parent), 0
    have = {task.lead for task in tasks(world, number)}
    for unit in campaign.units:
        if unit in have:
            continue
        parent = world.store.read.matter(number)
        commit = prepare(world, number, Intent("open_child", parent.version, {"unit": unit, "note": words}), who)
        due = minute_of(campaign.waves[-1].ends)
        now = minute_of(commit.at)
        received = commit.changes[0].drafts[0][1]
        received["clocks"] |= as_data({"matter": Clock("natural_minutes", now, now, due - now, due)})
        await world.store.writer.write(commit)
        opened += 1
    return opened


def tasks(world: World, number: int) -> list[Matter]:
    """The tasks of a campaign."""
    return [world.store.read.matter(task) for (task,) in world.store.read.listed((TASKS, (number,)))]


def sees(world: World, who: Actor, matter: Matter) -> bool:
    """Whether somebody has to do with a campaign: they see it, or a task of it."""
    return look.sees(world, who, matter) or any(look.sees(world, who, task) for task in tasks(world, matter.number))


async def read(world: World, who: Actor, matter: Matter) -> tuple[str, bool]:
    """The plan's text, and whether it is the one whose hash was put on the ledger; the reading is on the ledger before.
    Raises Refused("campaign.sealed") before it begins."""
    campaign, now = campaign_of(world, matter), world.clock()
    if now < campaign.begins:
        raise Refused("campaign.sealed")
    told = (matter.number, matter.ledger, ("read", {"purpose": "handle", "what": "plan"}))
    await world.store.writer.write(Commit(at=now, actor=who.id, year=year_of(now), readings=[told]))
    opened = world.store.vault.open([campaign.plan]).get(campaign.plan, {})
    text = str(opened.get("text", ""))
    return text, digest(str(opened.get("salt", "")), text) == campaign.sha256


def digest(salt: str, text: str) -> str:
    """What is put on the ledger: the SHA-256 of salt, a colon and the text, in hex."""
    return sha256(f"{salt}:{text}".encode()).hexdigest()
