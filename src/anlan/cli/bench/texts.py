"""Texts for benchmarks: real messages where the shared data is there, else the demo's own phrases; 90 and 370 long."""

from __future__ import annotations

import csv
import gzip
import os
import random
from pathlib import Path

from anlan.city.errors import CityError
from anlan.city.pack import City
from anlan.domains.hotline.seed import labelled

SHARED = "ANLAN_SHARED_DATA"
CLASSES = 40


def shared(path: str) -> Path:
    """A file of the shared data."""
    return Path(os.environ.get(SHARED, "../shared/data")).absolute() / path


class Texts:
    """Endless new texts, seeded; `note` says where they come from."""

    def __init__(self, city: City, seed: int = 7) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - workload, not a secret
        file = shared("hotline/cn_messages_4326.csv.gz")
        if file.exists():
            with gzip.open(file, "rt", encoding="utf-8") as handle:
                self._said = [(row["title"], row["text"]) for row in csv.DictReader(handle)]
            self.note = "real messages"
        else:
            self._said = labelled(city, each=40)[0]
            self.note = "demo phrases"
        self._areas = city.areas
        self._spots = city.places.places
        self._n = 0

    def body(self, length: int, category: str = "") -> dict[str, object]:
        """A new report of about `length` characters, every second one with a place of the city."""
        self._n += 1
        title, text = self._rng.choice(self._said)
        more = self._rng.choice(self._said)[1]
        cut = self._rng.randrange(max(1, len(more) - length))
        mixed = (text[: length // 2] + more[cut : cut + length])[:length]
        report: dict[str, object] = {
            "outside_id": f"b{self._n}",
            "title": title[:28],
            "text": f"{mixed}{self._n}",
            "name": "李先生",
            "phone": f"139{self._rng.randrange(10**8):08d}",
        }
        if category:
            report["category"] = category
        if self._n % 2:
            spot = self._rng.choice(self._spots)
            lon, lat = spot.lon + self._rng.gauss(0, 0.001), spot.lat + self._rng.gauss(0, 0.001)
            try:
                self._areas.locate(lon, lat)
            except CityError:
                lon, lat = spot.lon, spot.lat
            report |= {"lon": lon, "lat": lat, "system": "wgs84"}
        return report
