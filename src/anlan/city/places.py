"""Look-up of a place by its name: communities, roads, schools, markets. Names of places only, never of persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from anlan.city.names import stem, tidy

SCORE_MIN: Final = 0.25
RARE_FIRST: Final = 400  # bigrams that more places share are skipped while a rarer one was found


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A named place: a row of places.json. `kind` is free ("community", "road", "school", …); WGS84 degrees."""

    name: str
    kind: str
    lon: float
    lat: float
    district: str = ""
    street: str = ""


class Found(NamedTuple):
    """An answer, best first: `score` is 1 for the same name, lower the less of the names agrees."""

    name: str
    lon: float
    lat: float
    district: str
    score: float


class PlaceIndex:
    """Names indexed by pairs of characters, so that a part of a name or a slip in it still finds the place."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places: Final = tuple(places)
        self._plain = [tidy(p.name) for p in self.places]
        self._size = [len(_pairs(name)) for name in self._plain]
        self._postings: dict[str, list[int]] = {}
        for i, name in enumerate(self._plain):
            for pair in _pairs(name):
                self._postings.setdefault(pair, []).append(i)

    def __len__(self) -> int:
        return len(self.places)

    def find(self, name: str, limit: int = 10, district: str = "") -> list[Found]:
        """Places called like `name`, best first: same name, then it begins so, contains it, or shares its characters.

        `district` puts the places of that district first among equals and drops none. Unknown names give [].
        """
        wanted = tidy(name)
        pairs = _pairs(wanted)
        shared: Counter[int] = Counter()
        for pair in sorted(pairs, key=lambda p: (len(self._postings.get(p, ())), p)):
            postings = self._postings.get(pair, [])
            if len(postings) > RARE_FIRST and shared:
                shared.update(i for i in postings if i in shared)
            else:
                shared.update(postings)
        scored = [(self._score(wanted, len(pairs), i, count), i) for i, count in shared.items()]
        scored = [(score, i) for score, i in scored if score >= SCORE_MIN]
        scored.sort(key=lambda s: (-s[0], self.places[s[1]].district != district, self._plain[s[1]], s[1]))
        return [self._found(i, score) for score, i in scored[: max(0, limit)]]

    def _found(self, i: int, score: float) -> Found:
        place = self.places[i]
        return Found(place.name, place.lon, place.lat, place.district, round(score, 3))

    def _score(self, wanted: str, pairs: int, i: int, shared: int) -> float:
        name = self._plain[i]
        if name == wanted:
            return 1.0
        if stem(name) == stem(wanted):
            return 0.95
        share = 2.0 * shared / (pairs + self._size[i])  # Dice's coefficient
        if name.startswith(wanted) or wanted.startswith(name):
            return 0.75 + 0.15 * share
        if wanted in name or name in wanted:
            return 0.6 + 0.15 * share
        return 0.6 * share


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)} or ({text} if text else set())
