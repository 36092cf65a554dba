"""Which open matters may be the same as this one? An index in memory, look-ups in well under a millisecond.

A matter with a place is compared with the newest 200 around it (3 by 3 cells of 250 m) and the 40 that share most of
its rare grams; one without a place, or on a hot address such as a city's placeholder coordinate, with 200 of the
latter. One vectorised pass scores them all. A person decides: this engine only proposes, with its reasons.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anlan.engines.merge_score import LOGISTIC, Pairs, Scorer
from anlan.engines.merge_store import METRES_PER_DEGREE, Arrivals, Frequencies, PlaceGrid, Postings, Slots
from anlan.engines.text import Features, gram_positions

TERMS: Final = 64
"""Grams kept per matter, the heaviest: more adds memory and, measured on real messages, no accuracy."""
NEAR_MAX: Final = 200
"""Candidates scored per look-up."""
ALIKE_MAX: Final = 40
"""Candidates by text beside those by place."""
BATCH: Final = 10_000
"""Rows per step of a rebuild, to bound its memory."""
FRAGMENTS_MAX: Final = 5
SLOTS: Final = 1 << 17
"""Room from the start: the system gives memory when it is written, so a small index costs little and none must grow."""
FOLD_BITS: Final = 19
"""The scratch table of a look-up, 2 MB, must stay in the processor's cache; two grams rarely share an entry."""


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
        self._frequencies = Frequencies()
        self._postings = Postings()
        self._grid = PlaceGrid()
        self._scratch = np.zeros(1 << FOLD_BITS, dtype=np.float32)
        self._sequence = 0
        self._open_of: dict[int, int] = {}
        self._arrivals = Arrivals()
        self._allocate(SLOTS)

    def _allocate(self, slots: int) -> None:
        self._keys = np.zeros(slots, dtype=np.int64)
        self._places = np.full((slots, 2), np.nan)
        self._minutes = np.zeros(slots, dtype=np.int64)
        self._categories = np.zeros(slots, dtype=np.int32)
        self._terms = np.zeros((slots, TERMS), dtype=np.uint32)
        self._weights = np.zeros((slots, TERMS), dtype=np.float32)
        self._age = np.full(slots + 1, -1, dtype=np.int64)  # by slot + 1; entry 0 is "empty" and always the oldest

    def _grow(self, slots: int) -> None:
        size = len(self._keys)
        wanted = max(slots, size * 2) - size
        self._keys, self._places, self._minutes, self._categories, self._terms, self._weights, self._age = (
            np.concatenate([column, np.full((wanted, *column.shape[1:]), empty, dtype=column.dtype)])
            for column, empty in (
                (self._keys, 0),
                (self._places, np.nan),
                (self._minutes, 0),
                (self._categories, 0),
                (self._terms, 0),
                (self._weights, 0),
                (self._age, -1),
            )
        )

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
        self._frequencies.learn(features.wide)
        terms, weights = self._heaviest(features)
        self._write(slot, key, place, at_minute, category)
        self._terms[slot, : terms.size] = terms
        self._weights[slot, : terms.size] = weights
        self._postings.add(slot, terms, self._age)
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
        for slot, (key, (lon, lat)) in enumerate(zip(keys, places.tolist(), strict=True)):
            known = None if math.isnan(lon) else (lon, lat)
            self._write(slot, key, known, int(at_minutes[slot]), int(categories[slot]))
            if known:
                self._grid.add(slot, *known)
        starts = range(0, len(rows), BATCH)
        for start in starts:
            batch = rows[start : start + BATCH]
            self._frequencies.learn_many(np.concatenate([row.wide for row in batch]), len(batch))
        for start in reversed(starts):
            self._fill_texts(start, rows[start : start + BATCH])

    def _fill_texts(self, first: int, rows: Sequence[Features]) -> None:
        """The terms of rows for the slots from `first` on, and their postings."""
        grams = np.concatenate([row.wide for row in rows])
        counts = np.concatenate([row.counts[row.counts.size - row.wide.size :] for row in rows])
        heavy = _DAMPED[counts] * self._frequencies.rarity(grams)
        start = 0
        for slot, row in enumerate(rows, first):
            end = start + row.wide.size
            mine, weights = grams[start:end], heavy[start:end]
            if mine.size > TERMS:
                keep = weights.argpartition(mine.size - TERMS)[mine.size - TERMS :]
                mine, weights = mine[keep], weights[keep]
            self._terms[slot, : mine.size] = mine
            self._weights[slot, : mine.size] = weights
            start = end
        written = self._weights[first : first + len(rows)]
        written /= np.sqrt(np.maximum(np.einsum("ij,ij->i", written, written), 1e-12))[:, None]
        filled = written > 0
        slots = (filled.nonzero()[0] + first).astype(np.int32)
        self._postings.fill_older(slots, self._terms[first : first + len(rows)][filled])

    def remove(self, key: int) -> None:
        """Take a matter out: it was closed, merged, or its transaction was rolled back. Raises ValueError if absent."""
        slot = self._slot_of.pop(key, None)
        if slot is None:
            raise ValueError(f"matter {key} is not in the index")
        self._postings.remove(slot, self._terms[slot][self._weights[slot] > 0])
        lon, lat = (float(value) for value in self._places[slot])
        if not math.isnan(lon):
            self._grid.remove(slot, lon, lat)
        self._weights[slot] = 0
        self._age[slot + 1] = -1
        self._open_of[int(self._categories[slot])] -= 1
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
        best = np.argsort(-found.scores, kind="stable")[:limit]
        reasons = self._shared(features, found.slots[best]) if explain else [()] * best.size
        pairs = found.pairs
        return [
            Candidate(
                int(self._keys[found.slots[i]]),
                float(found.scores[i]),
                None if math.isnan(pairs.distance_m[i]) else float(pairs.distance_m[i]),
                float(pairs.hours_apart[i]),
                float(pairs.similarity[i]),
                reason,
            )
            for i, reason in zip(best.tolist(), reasons, strict=True)
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
        filled = self._weights[slot] > 0
        terms, weights = self._terms[slot][filled], self._weights[slot][filled]
        slots = self._postings.sharing(terms, NEAR_MAX)
        slots = slots[slots != slot]
        cosines = self._similarities(slots, terms, weights)
        best = np.argsort(-cosines, kind="stable")[:limit]
        return set(self._keys[slots[best[cosines[best] >= threshold]]].tolist())

    def score_all(self, features: Features, place: tuple[float, float] | None, at_minute: int, category: int) -> Scored:
        """Every candidate that the gates let through, with its pair columns and score."""
        terms, weights = self._heaviest(features)
        hot = place is not None and self._grid.is_hot(*place)
        slots = self._candidates(terms, None if hot else place)
        if hot and not slots.size:
            slots = self._candidates(terms, place)  # nothing in the text to go by
        pairs = Pairs(
            same_category=self._categories[slots] == category,
            distance_m=self._distances(slots, None if hot else place),
            hours_apart=np.abs(at_minute - self._minutes[slots]) / 60.0,
            similarity=self._similarities(slots, terms, weights),
            open_of_category=self.open_in(category),
            arrivals_per_day=self._arrivals.per_day(category, at_minute),
        )
        return Scored(slots, pairs, self.scorer(pairs))

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
        self._places[slot] = place or np.nan
        self._minutes[slot] = minute
        self._categories[slot] = category
        self._sequence += 1
        self._age[slot + 1] = self._sequence
        self._open_of[category] = self._open_of.get(category, 0) + 1
        self._arrivals.add(category, minute)

    def _heaviest(self, features: Features) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
        """The heaviest grams by (1 + ln count) x rarity, with weights scaled to length one."""
        grams = features.wide
        counts = features.counts[features.counts.size - grams.size :]
        weights = _DAMPED[counts] * self._frequencies.rarity(grams)
        if grams.size > TERMS:
            keep = np.argpartition(weights, grams.size - TERMS)[grams.size - TERMS :]
            grams, weights = grams[keep], weights[keep]
        length = math.sqrt(float(weights @ weights))
        return grams, weights / np.float32(length or 1.0)

    def _candidates(self, terms: NDArray[np.uint32], place: tuple[float, float] | None) -> Slots:
        if place is None:
            return self._postings.sharing(terms, NEAR_MAX)
        slots = self._grid.near(*place)
        if slots.size > NEAR_MAX:
            slots = slots[np.argpartition(-self._age[slots + 1], NEAR_MAX)[:NEAR_MAX]]
        alike = self._postings.sharing(terms, ALIKE_MAX)  # its twin may have come without a place, or a wrong one
        return np.unique(np.concatenate([slots, alike])) if alike.size else slots

    def _distances(self, slots: Slots, place: tuple[float, float] | None) -> NDArray[np.float64]:
        if place is None:
            return np.full(slots.size, np.nan)
        apart = self._places[slots] - place
        apart *= (METRES_PER_DEGREE * math.cos(math.radians(place[1])), METRES_PER_DEGREE)
        return np.hypot(apart[:, 0], apart[:, 1])

    def _similarities(
        self, slots: Slots, terms: NDArray[np.uint32], weights: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Cosines, by looking every kept gram up in a table that holds the query's weights for the moment."""
        where = _fold(terms)
        self._scratch[where] = weights
        found = self._scratch[_fold(self._terms[slots])]
        self._scratch[where] = 0.0
        cosines: NDArray[np.float64] = np.einsum("ij,ij->i", found, self._weights[slots]).astype(np.float64)
        return np.minimum(cosines, 1.0)

    def _shared(self, features: Features, slots: Slots) -> list[tuple[str, ...]]:
        if not features.text or not slots.size:
            return [()] * slots.size
        grams, starts, lengths = gram_positions(features.text)
        where = _fold(grams)
        reasons = []
        for slot in slots:
            theirs = _fold(self._terms[slot])
            self._scratch[theirs] = self._weights[slot]
            hit = (self._scratch[where] > 0).nonzero()[0]
            self._scratch[theirs] = 0.0
            reasons.append(_fragments(features.text, starts[hit], lengths[hit]))
        return reasons


_DAMPED = np.array([0.0, *(1.0 + math.log(count) for count in range(1, 256))], dtype=np.float32)


def _fold(grams: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Entries of the scratch table (multiplicative hashing, Knuth 6.4)."""
    return (grams * np.uint32(2654435769)) >> np.uint32(32 - FOLD_BITS)


def _place(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    if lon is None and lat is None:
        return None
    if lon is None or lat is None:
        raise ValueError("a place needs both a longitude and a latitude")
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise ValueError(f"not a place in degrees: {lon}, {lat}")
    return lon, lat


def _fragments(text: str, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> tuple[str, ...]:
    """The longest stretches of `text` covered by shared grams, longest first."""
    words: dict[str, None] = {}
    start, end = 0, 0
    for left, length in sorted(zip(starts.tolist(), lengths.tolist(), strict=True)):
        if left >= end:  # two stretches that only touch are two reasons
            words[text[start:end]] = None
            start = left
        end = max(end, left + length)
    words[text[start:end]] = None
    words.pop("", None)
    return tuple(sorted(words, key=len, reverse=True)[:FRAGMENTS_MAX])
