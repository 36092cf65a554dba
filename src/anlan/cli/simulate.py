"""`anlan simulate`: a city lives for some days, headless and seeded, and is checked from top to bottom at the end."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import typer

from anlan.cli.demo import new_city
from anlan.cli.headless import DAY_MS, headless, living
from anlan.cli.show import bar, errors, result
from anlan.sim.checks import Check, checks, root_of
from anlan.sim.dice import Dice
from anlan.sim.timeline import Progress, Wait, at_once
from anlan.sim.town import Plan

BEGINS = 1_772_380_800_000
"""2026-03-02 00:00 in Qingdao, a Monday: a simulated city has days of its own, so that the seed is all that matters."""
PASSWORD = "nobody-logs-in"  # noqa: S105 - accounts of a city that exists only in a simulation
SPEED_MAX = 1000.0


class Lived(msgspec.Struct):
    """How it went: what was done, what was refused and how often, one hash over all ledgers, the checks."""

    seed: int
    days: float
    did: dict[str, int]
    refused: dict[str, int]
    root: str
    checks: list[Check]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


def simulate(
    days: float = typer.Option(1.0, help="How many days."),
    seed: int = typer.Option(1, help="The same seed is the same city, to the last byte of its ledgers."),
    speed: str = typer.Option("max", help="max, or from ×1 to ×1000 of real time."),
    volume: float = typer.Option(1.0, help="1 is the whole city: 63 orders and 9,200 case notices a day."),
    home: Path = typer.Option(None, help="Where to keep it (a new folder); by default nowhere."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Let a city live and check it: nothing lost, only legal moves, ledger and state true. Exit code 1 when not."""
    if home and (home / "city").exists():
        errors.print(f"{home} holds a city already; a simulation begins in a new folder.")
        raise typer.Exit(2)
    with somewhere(home) as place, bar(f"seed {seed}") as on_progress:
        lived = run(place, Plan(seed, volume), days, pacing(speed), on_progress)
    show(lived, as_json=as_json)
    raise typer.Exit(0 if lived.ok else 1)


def run(home: Path, plan: Plan, days: float, wait: Wait = at_once, on_progress: Progress | None = None) -> Lived:
    """A new city in `home` lives for so many days and is checked."""
    world = new_city(home, plan.seed, BEGINS, Dice(plan.seed, "bytes").randbytes)
    town = headless(world, plan, BEGINS, PASSWORD, wait=wait)
    asyncio.run(living(world, town, BEGINS + round(days * DAY_MS), on_progress))
    root = root_of(world)
    found = list(checks(world, town))
    return Lived(plan.seed, days, dict(sorted(town.tally.did.items())), dict(town.tally.refused), root, found)


def pacing(speed: str) -> Wait:
    """How the one who looks on is waited for. Raises typer.BadParameter."""
    if speed == "max":
        return at_once
    try:
        times = float(speed.lstrip("×x"))
    except ValueError:
        times = 0.0
    if not 1 <= times <= SPEED_MAX:
        raise typer.BadParameter(f"--speed {speed}: max, or from ×1 to ×{SPEED_MAX:.0f}")
    last = BEGINS

    async def wait(at: int) -> None:
        nonlocal last
        await asyncio.sleep((at - last) / 1000 / times)
        last = at

    return wait


def show(lived: Lived, *, as_json: bool) -> None:
    """Each check with its outcome; a failure with the seed and the first bad thing."""
    if as_json:
        result(msgspec.to_builtins(lived) | {"ok": lived.ok}, as_json=True)
    else:
        did = ", ".join(f"{n:,} {what}" for what, n in lived.did.items())
        errors.print(f"{did}\nrefused as people are: {lived.refused}\nroot {lived.root}")
        title = f"seed {lived.seed}, {lived.days:g} days"
        result([_row(check) for check in lived.checks], as_json=False, title=title)
    for check in lived.checks:
        if not check.ok:
            errors.print(f"[red]FAILED with seed {lived.seed}: {check.name}: {check.first_bad}[/red]")


def _row(check: Check) -> dict[str, str]:
    return {"check": check.name, "looked at": f"{check.looked_at:,}", "outcome": check.first_bad or "ok"}


@contextmanager
def somewhere(home: Path | None) -> Iterator[Path]:
    """That folder, or one that is gone afterwards."""
    if home:
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="anlan-sim-") as folder:
        yield Path(folder)
