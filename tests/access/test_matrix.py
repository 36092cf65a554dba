"""Role × address × relation × stage × level, every answer against the hand-written table.

Here a sample that meets every role at every address, every role in every cell and every role's every move; the whole of
it with ANLAN_TEST_ACCESS=all (`make torture`).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator

import pytest
from tests.access.asking import Answer, Asking
from tests.access.rules import DENIED, HIDDEN, LET_IN, LOG_IN, OTHER, STAGE, addresses, outcome, said
from tests.access.samples import mark_of, sample
from tests.access.town import Cell, Town

WHOLE = os.environ.get("ANLAN_TEST_ACCESS") == "all"
SEED = 20261128
ONE_MATTER = ("GET /api/v1/matters/{number}", "POST /api/v1/matters/{number}/moves/{move}")

Call = tuple[str, str, Cell | None, str]
"""Role, address, cell, move."""


def every_call(town: Town) -> Iterator[Call]:
    """All there are."""
    for role in said()["roles"]:
        for at, about in addresses().items():
            if about.get("stream"):
                continue
            moves = list(said()["move"]) if "{move}" in at else [""]
            for cell in town.matters if about.get("about") else [None]:
                for move in moves:
                    yield role, at, cell, move


def sampled(town: Town) -> Iterator[Call]:
    """Every role at every address, in every cell, with every move; the rest of each at random."""
    dice = random.Random(SEED)
    cells, moves = list(town.matters), list(said()["move"])
    for role in said()["roles"]:
        for at, about in addresses().items():
            if not about.get("stream"):
                yield role, at, dice.choice(cells) if about.get("about") else None, dice.choice(moves)
        for cell in cells:
            yield role, ONE_MATTER[0], cell, ""
        for move in moves:
            for _ in range(3):
                yield role, ONE_MATTER[1], dice.choice(cells), move


def came_to(answer: Answer, cell: Cell | None, at: str) -> str:
    """What an answer means."""
    if at in PUBLIC:
        return DENIED if answer.status == 403 else LET_IN
    if answer.status == 401 or answer.headers.get("location", "").startswith("/login"):
        return LOG_IN
    if answer.status == 403:
        return DENIED
    if cell and answer.status == 404:
        return HIDDEN
    return STAGE if cell and answer.status == 409 and at.startswith("POST /api/") else LET_IN


PUBLIC = frozenset(at for at, about in addresses().items() if "all" in about["who"])


def agrees(wanted: str, found: str) -> bool:
    """A move that is not one's own may be refused in several ways, none of which hides a matter one sees."""
    return found == wanted or (wanted == OTHER and found in {LET_IN, DENIED, STAGE})


async def kept_of(asking: Asking, town: Town) -> dict[str, str]:
    """A report with a file, for those who may read it, and the static files' mark."""
    token = town.tokens["overseer"]
    form = {
        "name": "日报", "domain": "hotline", "period": "day", "measure": "received", "by": "unit", "form": "xlsx",
        "language": "zh",
    }  # fmt: skip
    made = await asking.send("POST", "/reports", token, form=form)
    report = made.headers["location"].rsplit("/", 1)[1]
    ready = await asking.send("POST", f"/reports/{report}/make", token, form={"day": "2026-11-23"})
    mark = mark_of([route.path for route in asking.app.routes])
    return {"report": report, "no": ready.headers["location"].rsplit("-", 1)[1], "mark": mark}


@pytest.mark.anyio
async def test_every_answer_is_what_the_table_says(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    asking = Asking(town.world)
    kept = await kept_of(asking, town)
    calls = list(every_call(town) if WHOLE else sampled(town))
    wrong: list[str] = []
    outcomes: dict[str, int] = {}
    began = time.perf_counter()
    for role, at, cell, move in calls:
        token = "" if at == "POST /logout" else town.tokens.get(role, "")
        answer = await asking.send(token=token, **sample(town, at, cell, move, kept))
        wanted, found = outcome(role, at, cell, move), came_to(answer, cell, at)
        outcomes[found] = outcomes.get(found, 0) + 1
        if answer.status == 500 or not agrees(wanted, found):
            wrong.append(f"{role} {at} {cell} {move}: {wanted}, not {found} ({answer.status})")
    with capsys.disabled():
        seconds = time.perf_counter() - began
        print(f"\naccess: {len(calls)} calls in {seconds:.1f} s, {len(wrong)} wrong; {outcomes}")
    assert wrong[:20] == []
    assert len(calls) > (90_000 if WHOLE else 2_500)
