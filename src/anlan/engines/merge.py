"""Which open matters may be the same as this one? An index in memory, look-ups in well under a millisecond.

A matter with a place is compared with the newest 100 around it (3 by 3 cells of 250 m) and the 40 that share most of
its rare grams; one without a place, or on a hot address such as a city's placeholder coordinate, with 100 of the
latter. One vectorised pass scores them all. A person decides: this engine only proposes, with its reasons.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.merge_score import LOGISTIC, Pairs, Scorer
from anlan.engines.merge_store import METRES_PER_DEGREE, Arrivals, PlaceGrid, Postings, Slots, union
from anlan.engines.merge_terms import Terms, TermTable
from anlan.engines.text import Features, gram_positions

NEAR_MAX: Final = 100
"""Candidates by place, or by text alone. 200 found no duplicate more, in Boston or among Chinese messages."""
ALIKE_MAX: Final = 40
"""Candidates by text beside those by place."""
FRAGMENTS_MAX: Final = 5
SLOTS: Final = 1 << 17
"""Room from the start: the system gives memory when it is written, so a small index costs little and none must grow."""
_MINUTE, _CATEGORY, _LON, _LAT = range(4)
_NOWHERE = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One open matter that may be the same. `score` in 0..1; `shared`: fragments of the query that it has too."""

    key: int
    score: float
    distance_m: float | None
    hours_apart: float
    text_similarity: float
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Candidates of one look-up as parallel arrays, before the best are picked."""

    slots: Slots
    pairs: Pairs
    scores: NDArray[np.float64]


class MergeIndex:
    """The open matters, by place and by text. Keys are the caller's (matter numbers), unique while they are in."""

    def __init__(self, scorer: Scorer = LOGISTIC) -> None:
        self.scorer = scorer
        self._slot_of: dict[int, int] = {}
        self._free: list[int] = []
        self._terms = TermTable(SLOTS)
        self._sought: tuple[Features, Terms] | None = None
        self._postings = Postings()
        self._grid = PlaceGrid()
        self._sequence = 0
        self._open_of: dict[int, int] = {}
        self._arrivals = Arrivals()
        self._keys = np.zeros(SLOTS, dtype=np.int64)
        self._age = np.full(SLOTS + 1, -1, dtype=np.int64)  # by slot + 1; entry 0 is "empty" and always the oldest
        self._about = np.zeros((SLOTS, 4))  # minute, category, longitude, latitude: read together

    def _grow(self, slots: int) -> None:
        size = len(self._keys)
        more = max(slots, size * 2) - size
        self._terms.grow(size + more)
        self._keys = np.concatenate([self._keys, np.zeros(more, dtype=np.int64)])
        self._age = np.concatenate([self._age, np.full(more, -1, dtype=np.int64)])
        self._about = np.concatenate([self._about, np.zeros((more, 4))])

    def __len__(self) -> int:
        return len(self._slot_of)

    def __iter__(self) -> Iterator[int]:
        return iter(self._slot_of)

    def __contains__(self, key: object) -> bool:
        return key in self._slot_of

    def open_in(self, category: int) -> int:
        """How many matters of a category are in the index."""
        return self._open_of.get(category, 0)

    def add(
        self, key: int, features: Features, lon: float | None, lat: float | None, at_minute: int, category: int
    ) -> None:
        """Put an open matter in. Raises ValueError for a key that is in already or half a place."""
        place = _place(lon, lat)
        if key in self._slot_of:
            raise ValueError(f"matter {key} is in the index already")
        slot = self._take_slot(key)
        terms = self._terms_of(features)
        self._terms.frequencies.learn(features.wide)
        self._write(slot, key, place, at_minute, category)
        self._terms.write(slot, terms)
        self._postings.add(slot, terms[0], self._age)
        if place:
            self._grid.add(slot, *place)

    def add_many(
        self,
        keys: Sequence[int],
        rows: Sequence[Features],
        places: NDArray[np.float64],
        at_minutes: NDArray[np.int64],
        categories: NDArray[np.int32],
    ) -> None:
        """Fill an empty index, oldest matter first. `places`: (n, 2) longitude and latitude, NaN where there is none.

        Raises ValueError for a filled index, lengths that differ, or a repeated key.
        """
        if self._slot_of:
            raise ValueError("add_many fills an empty index; use add")
        if not len(keys) == len(rows) == len(places) == len(at_minutes) == len(categories):
            raise ValueError("add_many needs one row, place, minute and category per key")
        if len(set(keys)) != len(keys):
            raise ValueError("a key may be in the index only once")
        if not keys:
            return
        if len(keys) > len(self._keys):
            self._grow(len(keys))
        self._slot_of = {key: slot for slot, key in enumerate(keys)}
        self._free = []
        self._keys[: len(keys)] = keys
        self._about[: len(keys)] = np.column_stack([at_minutes, categories, places])
        self._age[1 : len(keys) + 1] = np.arange(len(keys)) + (self._sequence + 1)
        self._sequence += len(keys)
        arrivals = zip(categories.tolist(), at_minutes.tolist(), places.tolist(), strict=True)
        for slot, (category, minute, (lon, lat)) in enumerate(arrivals):
            self._arrivals.add(category, minute)
            if not math.isnan(lon):
                self._grid.add(slot, lon, lat)
        self._open_of = Counter(categories.tolist())
        for slots, grams in self._terms.fill(rows):
            self._postings.fill_older(slots, grams)

    def remove(self, key: int) -> None:
        """Take a matter out: it was closed, merged, or its transaction was rolled back. Raises ValueError if absent."""
        slot = self._slot_of.pop(key, None)
        if slot is None:
            raise ValueError(f"matter {key} is not in the index")
        self._postings.remove(slot, self._terms.of(slot)[0])
        _, category, lon, lat = self._about[slot].tolist()
        if not math.isnan(lon):
            self._grid.remove(slot, lon, lat)
        self._terms.clear(slot)
        self._age[slot + 1] = -1
        self._open_of[int(category)] -= 1
        self._free.append(slot)

    def rename(self, key: int, to: int) -> None:
        """Give a matter another key: it was arriving and has its number now. Raises ValueError if absent or taken."""
        if key not in self._slot_of or to in self._slot_of:
            raise ValueError(f"matter {key} cannot become {to}")
        slot = self._slot_of[to] = self._slot_of.pop(key)
        self._keys[slot] = to

    def find(
        self,
        features: Features,
        lon: float | None,
        lat: float | None,
        at_minute: int,
        category: int,
        limit: int = 5,
        *,
        explain: bool = True,
    ) -> list[Candidate]:
        """The `limit` likeliest open matters, best first. Raises ValueError for half a place or a limit below 1.

        Without `explain` the shared words are left out: a third of the time, where nobody reads them.
        """
        if limit < 1:
            raise ValueError("find needs a limit of at least 1")
        found = self.score_all(features, _place(lon, lat), at_minute, category)
        best = (-found.scores).argsort(kind="stable")[:limit]
        slots = found.slots.take(best)
        reasons = self._shared(features, slots) if explain else [()] * best.size
        metres, hours, alike = (
            column.take(best).tolist()
            for column in (found.pairs.distance_m, found.pairs.hours_apart, found.pairs.similarity)
        )
        keys, scores = self._keys.take(slots).tolist(), found.scores.take(best).tolist()
        return [
            Candidate(keys[i], scores[i], None if math.isnan(metres[i]) else metres[i], hours[i], alike[i], reason)
            for i, reason in enumerate(reasons)
        ]

    def best(
        self, features: Features, place: tuple[float, float] | None, at_minute: int, category: int
    ) -> tuple[int, NDArray[np.float64]] | None:
        """The key of the likeliest candidate and its pair columns, for training; None without a candidate."""
        found = self.score_all(features, place, at_minute, category)
        if not found.slots.size:
            return None
        first = int(found.scores.argmax())
        return int(self._keys[found.slots[first]]), found.pairs.matrix()[first]

    def near_in_text(self, key: int, threshold: float, limit: int) -> set[int]:
        """The keys of at most `limit` other matters whose text has at least the cosine `threshold` with this one's."""
        slot = self._slot_of.get(key)
        if slot is None:
            raise ValueError(f"matter {key} is not in the index")
        terms = self._terms.of(slot)
        slots = self._postings.sharing(terms[0], NEAR_MAX)
        slots = slots[slots != slot]
        cosines = self._terms.cosines(slots, terms)
        best = np.argsort(-cosines, kind="stable")[:limit]
        return set(self._keys[slots[best[cosines[best] >= threshold]]].tolist())

    def score_all(self, features: Features, place: tuple[float, float] | None, at_minute: int, category: int) -> Scored:
        """Every candidate that the gates let through, with its pair columns and score."""
        terms = self._terms_of(features)
        hot = place is not None and self._grid.is_hot(*place)
        slots = self._candidates(terms, None if hot else place)
        if hot and not slots.size:
            slots = self._candidates(terms, place)  # nothing in the text to go by
        about = self._about.take(slots, axis=0)
        pairs = Pairs(
            same_category=about[:, _CATEGORY] == category,
            distance_m=_distances(about, None if hot else place),
            hours_apart=np.abs(at_minute - about[:, _MINUTE]) / 60.0,
            similarity=self._terms.cosines(slots, terms),
            open_of_category=self.open_in(category),
            arrivals_per_day=self._arrivals.per_day(category, at_minute),
            category=category,
        )
        return Scored(slots, pairs, self.scorer(pairs))

    def _terms_of(self, features: Features) -> Terms:
        """The terms of a text; of one that is put in right after it was sought, as they were then."""
        if self._sought is None or self._sought[0] is not features:
            self._sought = features, self._terms.heaviest(features)
        return self._sought[1]

    def _take_slot(self, key: int) -> int:
        if self._free:
            slot = self._free.pop()
        else:
            slot = len(self._slot_of)
            if slot == len(self._keys):
                self._grow(slot + 1)
        self._slot_of[key] = slot
        return slot

    def _write(self, slot: int, key: int, place: tuple[float, float] | None, minute: int, category: int) -> None:
        self._keys[slot] = key
        self._about[slot] = (minute, category, *(place or _NOWHERE))
        self._sequence += 1
        self._age[slot + 1] = self._sequence
        self._open_of[category] = self._open_of.get(category, 0) + 1
        self._arrivals.add(category, minute)

    def _candidates(self, terms: Terms, place: tuple[float, float] | None) -> Slots:
        if place is None:
            return self._postings.sharing(terms[0], NEAR_MAX)
        slots = self._grid.near(*place)
        if slots.size > NEAR_MAX:
            slots = slots[(-self._age.take(slots + 1)).argpartition(NEAR_MAX)[:NEAR_MAX]]
        alike = self._postings.sharing(terms[0], ALIKE_MAX)  # its twin may have come without a place, or a wrong one
        return union(slots, alike) if alike.size else slots

    def _shared(self, features: Features, slots: Slots) -> list[tuple[str, ...]]:
        if not features.text or not slots.size:
            return [()] * slots.size
        grams, starts, lengths = gram_positions(features.text)
        reasons = []
        for slot in slots.tolist():
            hit = self._terms.shared(slot, grams)
            reasons.append(_fragments(features.text, starts[hit], lengths[hit]))
        return reasons


def _distances(about: NDArray[np.float64], place: tuple[float, float] | None) -> NDArray[np.float64]:
    """Metres between a place and rows of `MergeIndex._about`; NaN where either is unknown."""
    if place is None:
        return np.full(len(about), np.nan)
    lon, lat = place
    east = (about[:, _LON] - lon) * (METRES_PER_DEGREE * math.cos(math.radians(lat)))
    return np.hypot(east, (about[:, _LAT] - lat) * METRES_PER_DEGREE)


def _place(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    if lon is None and lat is None:
        return None
    if lon is None or lat is None:
        raise ValueError("a place needs both a longitude and a latitude")
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise ValueError(f"not a place in degrees: {lon}, {lat}")
    return lon, lat


def _fragments(text: str, starts: NDArray[np.intp], lengths: NDArray[np.intp]) -> tuple[str, ...]:
    """The longest stretches of `text` covered by shared grams, longest first."""
    order = starts.argsort(kind="stable")
    starts = starts[order]
    ends = np.maximum.accumulate(starts + lengths[order])
    apart = starts[1:] >= ends[:-1]  # two stretches that only touch are two reasons
    edge = np.ones(1, dtype=np.bool_)[: starts.size]
    firsts, lasts = np.concatenate([edge, apart]), np.concatenate([apart, edge])
    stretches = zip(starts[firsts].tolist(), ends[lasts].tolist(), strict=True)
    words = dict.fromkeys(text[start:end] for start, end in stretches)
    return tuple(sorted(words, key=len, reverse=True)[:FRAGMENTS_MAX])
