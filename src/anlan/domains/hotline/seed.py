"""The hotline's demo data: seeded reports in our own words, at places of whatever city pack is loaded."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from importlib import resources

from anlan.city.pack import City
from anlan.loop.domain import Intake

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林"
OPENINGS = ("", "你好，", "市民反映，", "再次反映：", "来电人称，", "希望尽快处理，")
ENDINGS = (
    "",
    "，希望尽快解决",
    "，已经半个月了",
    "，请派人来看一看",
    "，周围居民意见很大",
    "，老人孩子都受影响",
    "，要求给个答复",
)
CHANNELS = (
    "call_968110",
    "call_968110",
    "call_968110",
    "transfer_12345",
    "transfer_110",
    "web",
    "mobile",
    "wechat",
    "visit",
)
DAY_MS = 24 * 3600 * 1000


def phrases() -> dict[str, list[str]]:
    """Phrases by category, with `{place}` in each."""
    raw = resources.files("anlan.domains.hotline").joinpath("seed.toml").read_text("utf-8")
    return tomllib.loads(raw)


def reports(city: City, seed: int, count: int, now: int, days: int = 12) -> Iterator[Intake]:
    """`count` reports of the last `days` days, oldest first; the same for the same seed and city."""
    rng = random.Random(seed)  # noqa: S311 - demo data, not a secret
    said = phrases()
    keys = sorted(said)
    spots = city.places.places
    times = sorted(now - rng.randrange(days * DAY_MS) for _ in range(count))
    for n, at in enumerate(times):
        category = rng.choice(keys)
        spot = rng.choice(spots)
        title = rng.choice(said[category]).format(place=spot.name)
        placed = rng.random() < 0.85
        yield Intake(
            channel=rng.choice(CHANNELS),
            outside_id=f"demo-{seed}-{n}",
            title=title[:28],
            text=f"{rng.choice(OPENINGS)}{title}{rng.choice(ENDINGS)}。",
            at=at,
            lon=spot.lon if placed else None,
            lat=spot.lat if placed else None,
            address=spot.name,
            name=rng.choice(SURNAMES) + rng.choice(("女士", "先生")),
            phone=f"1{rng.choice('3578')}{rng.randrange(10**9):09d}",
            category=category,
            district=spot.district,
        )


def labelled(city: City, seed: int = 1, each: int = 12) -> tuple[list[tuple[str, str]], list[str]]:
    """Texts and labels that a new city's classifier can begin with, until it has closed matters of its own."""
    rng = random.Random(seed)  # noqa: S311 - demo data, not a secret
    texts, labels = [], []
    for category, some in sorted(phrases().items()):
        for n in range(each):
            place = rng.choice(city.places.places).name
            text = rng.choice(OPENINGS) + some[n % len(some)].format(place=place) + rng.choice(ENDINGS)
            texts.append((text[:28], text))
            labels.append(category)
    return texts, labels
