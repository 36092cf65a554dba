"""Everything an intent happens in: the store, the city, the lines of work, the engines, and the injected clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import time as clock_time
from functools import cached_property
from typing import Any

import numpy as np

from anlan.app.arriving import Arriving
from anlan.app.repeats import Repeats
from anlan.city.errors import CityError
from anlan.city.pack import City
from anlan.city.routing import length_problems
from anlan.engines.classify import Model
from anlan.engines.merge import MergeIndex
from anlan.engines.merge_learn import Additive
from anlan.engines.text import many_from_bytes
from anlan.loop.case import Context
from anlan.loop.deadlines import LONGEST, ClockSpec
from anlan.loop.denial import Denial
from anlan.loop.domain import Channel, Domain
from anlan.loop.errors import Refused
from anlan.loop.flow import Flow
from anlan.loop.grants import PLATFORM, Actor, Grants, check_administrators
from anlan.loop.level import LEVELS, Level, graver
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import WorkingCalendar, minute_of
from anlan.store.store import Store

CITIZEN = Actor("citizen", "", ("citizen",))
DENIALS_MS = 10 * 60_000
"""Within this the same denial again is counted, not told anew."""
SYSTEM = Actor("system", "", ("system",))


def utc_now_ms() -> int:
    """The real clock: UTC milliseconds. The only place that reads it; everything else is given `World.clock`."""
    return int(datetime.now(UTC).timestamp() * 1000)


@dataclass
class World:
    """One running installation. `clock` gives UTC milliseconds; `random` gives bytes."""

    store: Store
    city: City
    domains: dict[str, Domain]
    clock: Callable[[], int] = utc_now_ms
    random: Callable[[int], bytes] = os.urandom
    merge: MergeIndex = field(default_factory=MergeIndex)
    classifier: Model | None = None
    offer_from: float = 0.3
    """The score from which an open matter is offered as a possible duplicate."""
    categories: dict[str, int] = field(default_factory=dict)
    calendar: WorkingCalendar = field(init=False)
    grants: Grants = field(init=False)
    channels: dict[str, tuple[Domain, Channel]] = field(init=False)
    arriving: Arriving = field(init=False)
    denials: Repeats[Denial] = field(default_factory=lambda: Repeats(DENIALS_MS, lambda one: one.account))
    kept: dict[str, Any] = field(default_factory=dict)
    """What a line of work keeps in this process, by its own name for it."""
    _targets: dict[tuple[str, str], ClockSpec | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_targets(self.city)
        self.calendar = calendar_of(self.city)
        self.arriving = Arriving(self.merge)
        check_administrators({key: domain.grants for key, domain in self.domains.items()})
        every = [*(grant for d in self.domains.values() for grant in d.grants), *PLATFORM]
        self.grants = Grants(every, self.level_of)
        self.channels = {c.key: (d, c) for d in self.domains.values() for c in d.channels}

    @cached_property
    def ledger(self) -> str:
        """The division code of the whole city (GB/T 2260: its districts' first four digits and 00): the ledger of what
        belongs to no district."""
        return self.city.areas.of_level("district")[0].key[:4] + "00"

    def flow_of(self, matter: Matter) -> Flow:
        """The flow a matter follows."""
        return self.domains[matter.domain].flow(matter.flow)

    def level_of(self, matter: Matter) -> Level:
        """How sensitive a matter is: as its flow or its category says, whichever is graver."""
        category = self.city.catalogue.categories.get(matter.category)
        return graver(self.flow_of(matter).level, category.level if category else "ordinary")

    @cached_property
    def kinds_of(self) -> dict[Level, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]]:
        """By level, the categories and flows (domain, flow) that are at least so sensitive."""
        flows = [(d.key, f) for d in self.domains.values() for f in d.flows]
        return {
            level: (
                tuple(c.key for c in self.city.catalogue if LEVELS.index(c.level) >= n),
                tuple((domain, flow.key) for domain, flow in flows if LEVELS.index(flow.level) >= n),
            )
            for n, level in enumerate(LEVELS)
        }

    def stages_of(self, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """The stages of these kinds in all flows, as lists are indexed by; none where a name means two kinds."""
        found = sorted({key for key, kind in self._stage_kinds if kind in kinds})
        ambiguous = any(key in found and kind not in kinds for key, kind in self._stage_kinds)
        return () if ambiguous else tuple(found)

    @cached_property
    def _stage_kinds(self) -> frozenset[tuple[str, str]]:
        return frozenset((s.key, s.kind) for d in self.domains.values() for f in d.flows for s in f.stages)

    @cached_property
    def category_keys(self) -> frozenset[str]:
        """The catalogue's categories."""
        return frozenset(category.key for category in self.city.catalogue)

    def context(self, actor: Actor, now: int | None = None) -> Context:
        """The world as `decide` sees it."""
        units = self.city.organisation
        return Context(
            now=self.clock() if now is None else now,
            actor=actor,
            calendar=self.calendar,
            grants=self.grants,
            relation=self.relation,
            is_unit=units.__contains__,
            is_category=self.category_keys.__contains__,
            targets=self.target,
            facts=self.store.read.facts,
        )

    def length(self, flow: Flow, category: str, clock: str) -> ClockSpec:
        """How long a clock of a flow runs for a category."""
        return self.target(category, clock) or flow.clock(clock)

    def target(self, category: str, clock: str) -> ClockSpec | None:
        """The length that the city's own rules give a clock for a category; None where the flow's holds."""
        key = (category, clock)
        if key not in self._targets:
            self._targets[key] = target_of(self.city, category, clock)
        return self._targets[key]

    def relation(self, viewer: str, other: str) -> str:
        """Where the other unit stands; foreign for somebody without a unit, or of one the city pack no longer has."""
        units = self.city.organisation
        return units.relation(viewer, other) if viewer in units and other in units else "foreign"

    def require(self, actor: Actor, action: str) -> None:
        """Refuse an actor who may never do this. Raises Refused("access.denied")."""
        if not self.grants.relations(actor, action):
            raise Refused("access.denied", action=action)

    def category_no(self, category: str) -> int:
        """A small number for a category, as the duplicate finder wants it."""
        return self.categories.setdefault(category, len(self.categories))

    def score_with(self, scorer: Additive) -> None:
        """Let the duplicate finder score by what the city joined, from the next look-up on."""
        self.merge.scorer = scorer.numbered(self.category_no)
        self.offer_from = scorer.flag_from

    def load_index(self, some: list[int] | None = None) -> int:
        """Fill the duplicate finder from the feature rows of open matters (of all, or of these); answers how many."""
        found = list(self.store.read.features(some))
        if not found:
            return 0
        keys, rows, lons, lats, opened, categories = zip(*found, strict=True)
        places = np.array([lons, lats], dtype=np.float64).T
        minutes = np.array([minute_of(at) for at in opened], dtype=np.int64)
        numbers = np.array([self.category_no(c) for c in categories], dtype=np.int32)
        self.merge.add_many(keys, many_from_bytes(rows), places, minutes, numbers)
        return len(keys)


def year_of(at: int) -> int:
    """The city year of a UTC millisecond."""
    return datetime.fromtimestamp(at / 1000 + 8 * 3600, UTC).year


def check_targets(city: City) -> None:
    """Raises CityError for a target that no clock can run for: better once at the start than at every report."""
    for code, key, params in length_problems(city.targets, LONGEST):
        raise CityError(code, target=key, **params)


def target_of(city: City, category: str, clock: str) -> ClockSpec | None:
    """As `World.target`, of any city pack."""
    found = next((t for t in city.targets if t.clock == clock and category.startswith(t.category)), None)
    return ClockSpec(clock, found.amount, found.unit, found.key) if found and category else None


def calendar_of(city: City) -> WorkingCalendar:
    """The working calendar of a city pack."""
    days = city.days
    return WorkingCalendar(_sessions(city.about.sessions), days.holidays, days.makeup_days, days.published_years)


def _sessions(sessions: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
    return [(_minute(a), _minute(b)) for a, b in sessions]


def _minute(text: str) -> int:
    at = clock_time.fromisoformat(text)
    return at.hour * 60 + at.minute
