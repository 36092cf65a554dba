"""A recommendation for one incident: a run card filled, with its inputs and its alternatives, and what a person chose.

All numbers are whole, so that it can be kept as a fact. The closest capable unit is always in it, chosen or not.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from anlan.engines.dispatch.rank import PARTS, USUAL, Place, Ranking, Rules, Why, rank
from anlan.engines.dispatch.run_card import RunCard
from anlan.engines.dispatch.units import Units
from anlan.engines.errors import EngineError
from anlan.engines.travel.network import Network

ALTERNATIVES: Final = 8
"""Candidates kept for each need beside those that are chosen."""
REASONS: Final = (
    "recommended", "nearer", "knows_place", "better_equipped", "rest_due", "keeps_cover", "unit_declined", "ordered",
    "other",
)  # fmt: skip
"""Why a person sent whom they sent; `recommended` is only for the recommendation itself."""


class Candidate(msgspec.Struct, frozen=True):
    """A unit (by its number) for a need, with everything that made its place in the list."""

    unit: int
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
    outside: bool


class Filled(msgspec.Struct, frozen=True):
    """One need of the card: who is recommended, how many are short, who else there is, who would be first."""

    label: str
    joint: str
    skills: int
    units: tuple[int, ...]
    short: int
    candidates: tuple[Candidate, ...]
    closest: int | None
    nearest_straight: int | None


class Recommendation(msgspec.Struct, frozen=True):
    """What was asked, what was known and what came out. `passed_over` counts the unranked by reason, per need."""

    card: str
    node: int
    walk_ms: int
    router: str
    units: int
    clear_within_ms: int
    outside_within_ms: int
    cover_weight_ms: int
    needs: tuple[Filled, ...]
    passed_over: tuple[dict[str, int], ...]

    @property
    def chosen(self) -> tuple[int, ...]:
        """All recommended units."""
        return tuple(unit for need in self.needs for unit in need.units)


class Choice(msgspec.Struct, frozen=True):
    """What a person did with a recommendation. `first_later_ms`: how much later the first of theirs arrives."""

    sent: tuple[int, ...]
    as_recommended: bool
    reason: str
    first_later_ms: int | None


def recommend(
    network: Network,
    units: Units,
    place: Place,
    card: RunCard,
    rules: Rules = USUAL,
    loss_ppm: np.ndarray | None = None,
) -> Recommendation:
    """Fill the card: as many of its places as can be, then the least sum of costs (arrival and weighted loss of cover).

    A unit fills one place. Raises what `rank` raises.
    """
    rankings = [rank(network, units, place, rules, skills=need.skills, loss_ppm=loss_ppm) for need in card.needs]
    chosen = _fill(card, rankings, rules)
    filled = []
    for need, ranking, mine in zip(card.needs, rankings, chosen, strict=True):
        shown = list(dict.fromkeys([*mine, *ranking.order[:ALTERNATIVES].tolist(), *_one(ranking.closest)]))
        candidates = tuple(_candidate(ranking, units, unit) for unit in shown)
        short = need.count - len(mine)
        ends = (ranking.closest, ranking.nearest_straight)
        filled.append(Filled(need.label, need.joint, need.skills, tuple(mine), short, candidates, *ends))
    return Recommendation(
        card=card.key,
        node=place.node,
        walk_ms=_ms(place.walk_s),
        router=network.kind,
        units=len(units),
        clear_within_ms=_ms(rules.clear_within_s),
        outside_within_ms=_ms(rules.outside_within_s),
        cover_weight_ms=_ms(rules.cover_weight_s),
        needs=tuple(filled),
        passed_over=tuple(_passed_over(ranking) for ranking in rankings),
    )


def choose(made: Recommendation, sent: tuple[int, ...], reason: str) -> Choice:
    """What the person decided. Raises `dispatch.reason` for a reason that is unknown or does not fit what was sent."""
    same = sorted(sent) == sorted(made.chosen)
    if reason not in REASONS or (reason == "recommended") != same or not sent or len(set(sent)) != len(sent):
        raise EngineError("dispatch.reason", reason=reason, known=", ".join(REASONS))
    known = {c.unit: c.arrival_ms for need in made.needs for c in need.candidates}
    first = min((known[unit] for unit in made.chosen), default=None)
    theirs = min((known[unit] for unit in sent if unit in known), default=None)
    return Choice(tuple(sent), same, reason, None if first is None or theirs is None else theirs - first)


def _fill(card: RunCard, rankings: list[Ranking], rules: Rules) -> list[list[int]]:
    """Who fills which need. Only the best S of each need can matter, where S is the number of places."""
    places = [n for n, need in enumerate(card.needs) for _ in range(need.count)]
    best = [ranking.order[: len(places)] for ranking in rankings]
    known = np.unique(np.concatenate(best)) if best else np.empty(0, np.int32)
    mine: list[list[int]] = [[] for _ in card.needs]
    if not known.size:
        return mine
    cost = np.full((len(places), len(known)), np.inf)
    for row, n in enumerate(places):
        arrival, loss = rankings[n].arrival_ms[best[n]], rankings[n].loss_ppm[best[n]]
        cost[row, np.searchsorted(known, best[n])] = arrival + rules.cover_weight_s * loss / 10.0
    missing = float(cost[np.isfinite(cost)].max()) * (len(places) + 1) + 1.0  # dearer than any full assignment
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - 0.4 s of every start, which sends nobody

    rows, columns = linear_sum_assignment(np.where(np.isfinite(cost), cost, missing))
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if np.isfinite(cost[row, column]):
            mine[places[row]].append(int(known[column]))
    for n, units in enumerate(mine):
        units.sort(key=lambda unit, n=n: (int(rankings[n].arrival_ms[unit]), unit))  # type: ignore[misc]
    return mine


def _candidate(ranking: Ranking, units: Units, unit: int) -> Candidate:
    parts = {f"{name}_ms": int(ms) for name, ms in zip(PARTS, ranking.parts_ms[unit], strict=True)}
    return Candidate(
        unit=unit,
        arrival_ms=int(ranking.arrival_ms[unit]),
        **parts,
        straight_m=round(float(ranking.straight_m[unit])),
        loss_ppm=int(ranking.loss_ppm[unit]),
        position_age_ms=_ms(float(units.age_s[unit])),
        stale=bool(ranking.stale[unit]),
        outside=not units.inside[unit],
    )


def _passed_over(ranking: Ranking) -> dict[str, int]:
    counts = np.bincount(ranking.why, minlength=len(Why))
    return {why.name.lower(): int(counts[why]) for why in Why if why != Why.RANKED and counts[why]}


def _one(unit: int | None) -> list[int]:
    return [] if unit is None else [unit]


def _ms(seconds: float) -> int:
    return round(min(seconds, 1e12) * 1000)
