"""What the people of the simulated city say and write, picked by dice."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from anlan.sim.dice import Dice


def said(about: str, dice: Dice) -> str:
    """Something that is said on such an occasion."""
    return dice.choice(_words()[about])


@cache
def _words() -> dict[str, list[str]]:
    return tomllib.loads(resources.files("anlan.sim").joinpath("words.toml").read_text("utf-8"))
