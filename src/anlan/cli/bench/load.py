"""Bulk load of real messages, with the engines and without."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from anlan import main
from anlan.app.load import Loader
from anlan.app.world import World
from anlan.city.demo import write_demo
from anlan.cli.bench.row import BenchRow
from anlan.cli.bench.texts import Texts
from anlan.cli.show import errors
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused

LOADED = 4_000
PLAIN = 20_000


def bench() -> list[BenchRow]:
    """Rows per second."""
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        home = Path(folder)
        write_demo(home / "city")
        world = main.open_world(home)
        main.settled()
        texts = Texts(world.city)
        with_engines = _load(world, texts, LOADED, engines=True)
        plain = _load(world, texts, PLAIN, engines=False)
        world.store.close()
    note = f"{texts.note}, 90 characters, half with a place"
    return [
        BenchRow(
            "hotline.load", LOADED / with_engines, "/s", 1500, None, LOADED, f"{note}, duplicates and classification"
        ),
        BenchRow("hotline.load.plain", PLAIN / plain, "/s", 4000, None, PLAIN, f"{note}, without engines"),
    ]


def _load(world: World, texts: Texts, count: int, *, engines: bool) -> float:
    def refuse(line: int, refused: Refused | Exception) -> None:
        errors.print(f"{line}: {refused}")

    loader = Loader(world, world.domains["hotline"], refuse, engines=engines)
    adapt = world.channels["partner"][1].adapt
    intakes: list[Intake] = [adapt(texts.body(90), world.clock()) for _ in range(count)]

    def work() -> None:
        for n, intake in enumerate(intakes):
            loader.add(n, intake)
        loader.flush()

    return _seconds(work)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
