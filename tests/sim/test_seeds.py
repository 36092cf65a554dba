"""A few days of a small city, seed after seed: nothing lost, only legal moves, ledger and state true.

`make torture` does the same with a hundred seeds.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from anlan.cli.simulate import Lived, run
from anlan.sim.town import Plan

from .conftest import small

SEEDS = range(1, 1 + int(os.environ.get("ANLAN_SIM_SEEDS", "3")))
DAYS = 3


def lived(home: Path, plan: Plan, days: float = DAYS) -> Lived:
    found = run(home, plan, days)
    assert found.ok, f"seed {plan.seed}: {[check for check in found.checks if not check.ok]}"
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_city_lives_and_everything_is_true_of_it(tmp_path: Path, seed: int) -> None:
    found = lived(tmp_path, small(seed))
    assert [check.name for check in found.checks] == [
        "nothing_lost", "legal_moves", "own_case", "answered", "figures", "ledger", "replay",
    ]  # fmt: skip
    assert all(check.looked_at for check in found.checks)
    seldom = {"moves/return", "moves/ask_extension", "merge", "children", "moves/hold", "moves/remind", "rate"}
    assert len(seldom & set(found.did)) >= 4, "people err, ask and hold, or the checks mean little"


def test_the_same_seed_is_the_same_city_and_another_is_not(tmp_path: Path) -> None:
    roots = [lived(tmp_path / str(n), small(seed), 1).root for n, seed in enumerate((5, 5, 6))]
    assert roots[0] == roots[1] != roots[2]
