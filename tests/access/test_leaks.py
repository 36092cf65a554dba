"""Lists, counts, search, exports, map, wall, news, related matters, error texts and streams give away nothing of a
matter that their reader may not see: neither its number nor a word of it, in any byte of any answer."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import pytest
from tests.access.asking import Answer, Asking
from tests.access.rules import holds, may_call, said
from tests.access.town import Cell, Town

from anlan.app.live import Live
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, shown

ROLES = said()["roles"][1:]
VIEWS = ("open", "late", "hour", "mine", "assisting", "verifying", "calling", "closed", "all", "received", "assigned")
SEARCHED = "楼下一直有事"


def asked(town: Town) -> Iterator[tuple[str, str]]:
    """Everything that lists, as (what the hand-written table calls it, address)."""
    for view in VIEWS:
        yield "GET /queue", f"/queue?view={view}"
    yield "GET /queue", f"/queue?view=all&q={SEARCHED}"
    yield "GET /queue/counts", "/queue/counts"
    yield "GET /bulk", "/bulk?view=all"
    for form in ("csv", "xlsx"):
        yield "GET /queue/export/{form}", f"/queue/export/{form}?view=all"
    yield "GET /news", f"/news?after=0&to={town.world.store.outbox.last()}"
    yield "GET /map", "/map"
    yield "GET /wall", "/wall"
    yield "GET /", "/"
    yield "GET /views", "/views"
    yield "GET /callbacks", "/callbacks"
    yield "GET /measures", "/measures"
    yield "GET /measures/matters", "/measures/matters?counter=received&domain=hotline"
    yield "GET /measures/matters", "/measures/matters?counter=closed&domain=hotline"
    yield "GET /review/topics", "/review/topics"
    yield "GET /units/{key}", f"/units/{town.unit}"
    for kind in ("waiting", "working", "calling", "closed"):
        yield "GET /api/v1/matters", f"/api/v1/matters?kind={kind}&limit=200"
    yield "GET /api/v1/matters", f"/api/v1/matters?q={SEARCHED}&limit=200"
    yield "GET /api/v1/matters", "/api/v1/matters?order=new&limit=200"
    for lead in sorted({matter.lead for matter in town.matters.values()}):
        yield "GET /api/v1/matters", f"/api/v1/matters?lead={lead}&limit=200"
        yield "GET /api/v1/matters/points", f"/api/v1/matters/points?unit={lead}"
    yield "GET /api/v1/matters/points", "/api/v1/matters/points"
    yield "GET /api/v1/matters/points", f"/api/v1/matters/points?at={town.world.clock()}"
    yield "GET /api/v1/matters/points", f"/api/v1/matters/points?q={SEARCHED}"
    yield "GET /api/v1/matters/today", "/api/v1/matters/today"
    numbers = [matter.number for matter in town.matters.values()]
    for at in range(0, len(numbers), 40):
        some = numbers[at : at + 40]
        query = "&".join(f"number={n}" for n in some)
        yield "GET /queue/rows", f"/queue/rows?view=all&{query}"
        yield "GET /api/v1/matters/titles", f"/api/v1/matters/titles?{query}"
        yield "GET /bulk", f"/bulk?view=all&pick={'.'.join(map(str, some))}"


def hidden_from(town: Town, role: str) -> list[Matter]:
    return [matter for cell, matter in town.matters.items() if not holds("see", role, cell)]


def every_byte(answer: Answer) -> bytes:
    if answer.text.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(answer.text)) as packed:
            return b"".join(packed.read(name) for name in packed.namelist())
    return answer.text + repr(answer.headers).encode()


def given_away(town: Town, text: bytes, hidden: list[Matter], asked_for: str = "") -> list[str]:
    """The marks of hidden matters in a text: numbers in both ways of writing (but for those that the address itself
    named, which the page's links repeat), and words."""
    numbers = set(re.findall(rb"\d{15}", text)) | {n.replace(b"-", b"") for n in re.findall(rb"\d{6}-\d\d-\d{7}", text)}
    numbers -= set(re.findall(rb"\d{15}", asked_for.encode()))
    words = set(re.findall("记号[0-9]{3}号", text.decode("utf-8", "replace")))
    found = [shown(m.number) for m in hidden if f"{m.number}".encode() in numbers]
    return found + [town.words[m.number] for m in hidden if town.words[m.number] in words]


@pytest.mark.anyio
@pytest.mark.parametrize("role", ROLES)
async def test_no_list_gives_away_a_matter(town: Town, role: str) -> None:
    asking, hidden = Asking(town.world), hidden_from(town, role)
    assert town.matters
    leaks = []
    answered = 0
    for at, path in asked(town):
        answer = await asking.send("GET", path, town.tokens[role])
        answered += answer.status == 200
        leaks += [f"{at} {path[:80]}: {mark}" for mark in given_away(town, every_byte(answer), hidden, path)]
    assert leaks[:10] == []
    assert answered or not may_call(role, {"who": ["operator", "officer", "chief", "overseer", "callback", "auditor"]})


@pytest.mark.anyio
async def test_the_scan_finds_what_is_there(town: Town) -> None:
    """The scan itself: of what an overseer is shown it finds every matter, had it been hidden."""
    asking, every = Asking(town.world), list(town.matters.values())
    found: set[str] = set()
    for path in ("/api/v1/matters?order=new&limit=200", "/queue/export/csv?view=all", "/queue/export/xlsx?view=all"):
        answer = await asking.send("GET", path, town.tokens["overseer"])
        found |= set(given_away(town, every_byte(answer), every))
    assert found >= {shown(m.number) for m in every} | {town.words[m.number] for m in every}


@pytest.mark.anyio
@pytest.mark.parametrize("role", ["operator", "officer", "chief", "auditor"])
async def test_the_page_of_a_matter_names_no_other_that_is_hidden(town: Town, role: str) -> None:
    asking, hidden = Asking(town.world), hidden_from(town, role)
    leaks, seen = [], 0
    for cell, matter in town.matters.items():
        for path in (f"/matters/{shown(matter.number)}", f"/api/v1/matters/{matter.number}"):
            answer = await asking.send("GET", path, town.tokens[role])
            seen += answer.status == 200
            others = [m for m in hidden if m.number != matter.number]
            leaks += [f"{path} {cell}: {mark}" for mark in given_away(town, every_byte(answer), others)]
            if not holds("see", role, cell):
                assert answer.status == 404
                assert town.words[matter.number].encode() not in answer.text
    assert leaks[:10] == []
    assert seen > 5


@pytest.mark.anyio
async def test_a_hidden_matter_and_none_at_all_answer_alike(town: Town) -> None:
    """Neither status, words, headers nor a version tell that a matter is there."""
    asking, token = Asking(town.world), town.tokens["officer"]
    matter = town.matters[Cell("foreign", "acting", "ordinary")]
    nothing = matter.number + 5_000
    body = b'{"version": 1}'
    for method, path in (
        ("GET", "/api/v1/matters/{}"), ("GET", "/matters/{}"), ("GET", "/api/v1/matters/{}/files/a"),
        ("POST", "/api/v1/matters/{}/moves/accept"), ("POST", "/api/v1/matters/{}/undo"),
        ("POST", "/matters/{}/moves/accept"), ("POST", "/matters/{}/undo"),
    ):  # fmt: skip
        said_of = []
        for number in (matter.number, nothing):
            at = path.format(shown(number) if path.startswith("/matters") else number)
            form = {"version": 1} if path.startswith("/matters") else None
            answer = await asking.send(
                method, at, token, form=form if method == "POST" else None,
                body=body if method == "POST" and not form else b"",
            )  # fmt: skip
            text = answer.text.decode().replace(shown(number), "N").replace(str(number), "N")
            text = re.sub(r'value="[0-9a-f]{128,}"|data-pos="\d+"', "", text)
            said_of.append((answer.status, text, sorted(set(answer.headers) - {"x-request-id", "content-length"})))
        assert said_of[0] == said_of[1], path
        assert said_of[0][0] == 404


@pytest.mark.anyio
@pytest.mark.parametrize("role", ROLES)
async def test_a_stream_tells_no_number_of_a_hidden_matter(town: Town, role: str) -> None:
    live = Live(town.world, gap=0.0, beat=0.05)
    changes = live.changes(Actor(f"r-{role}", town.unit, (role,)), after=0)
    numbers: set[int] = set()
    told = await anext(changes)
    while told.pos < town.world.store.outbox.last():
        told = await anext(changes)
        assert not told.everything
        numbers |= {*told.matters, *told.news}
    await changes.aclose()
    had = {matter.number for cell, matter in town.matters.items() if cell.relation == "unassigned"}
    assert numbers & {m.number for m in hidden_from(town, role)} <= had, "once theirs, and told when it left them"
    if role in {"exchange", "partner", "system", "security", "system_admin"}:
        assert numbers == set()
