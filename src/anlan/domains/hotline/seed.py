"""The hotline's demo data: what people say in our own words, at places of whatever city pack is loaded."""

from __future__ import annotations

import random
import tomllib
from importlib import resources

from anlan.city.pack import City

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


def phrases() -> dict[str, list[str]]:
    """Phrases by category, with `{place}` in each."""
    raw = resources.files("anlan.domains.hotline").joinpath("seed.toml").read_text("utf-8")
    return tomllib.loads(raw)


def sentence(rng: random.Random, phrase: str, place: str) -> str:
    """What a person says of it."""
    return f"{rng.choice(OPENINGS)}{phrase.format(place=place)}{rng.choice(ENDINGS)}。"


def person(rng: random.Random) -> tuple[str, str]:
    """A name and a telephone number that are nobody's."""
    name = rng.choice(SURNAMES) + rng.choice(("女士", "先生"))
    return name, f"1{rng.choice('3578')}{rng.randrange(10**9):09d}"


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
