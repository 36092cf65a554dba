"""Everybody goes back to the own base and stays there: what most cities do."""

from __future__ import annotations

from anlan.engines.compiled import compiled
from anlan.engines.simulate.view import View


@compiled
def choose_base(view: View, unit: int) -> int:
    """The own base."""
    return int(view.own[unit])
