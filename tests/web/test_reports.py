"""Reports: the same figures as the page in three forms; each period that is over is made once, also after a standstill;
who made and who took them is on the ledger."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import date
from typing import Any

import pytest
from docx import Document
from litestar.testing import AsyncTestClient
from openpyxl import load_workbook
from pypdf import PdfReader

from anlan.app import reports
from anlan.app.reports import Definition, Span, period
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.main import application, does_by_itself
from anlan.web.report_fonts import FONTS
from anlan.web.report_make import body_of, make, make_due

pytestmark = pytest.mark.anyio

DAY_MS = 24 * 3_600_000
CHIEF = Actor("c9", "", ("overseer",))
NOVEMBER = Span(date(2026, 11, 1), date(2026, 11, 30))
needs_font = pytest.mark.skipif(
    not any(FONTS.glob("*.ttf")), reason="SKIPPED: no font for PDFs, so they are not tested. Run: make assets"
)


def wanted(name: str = "十一月来件", **more: Any) -> Definition:
    plain = {"domain": "hotline", "period": "month", "measures": ("received", "satisfied", "closed"), "by": "ledger",
             "form": "xlsx", "language": "zh"}  # fmt: skip
    return Definition("", name, "", **(plain | more))


def defined(world: World, *, scheduled: bool = False, **more: Any) -> Definition:
    commit, report = reports.define(world, CHIEF, wanted(**more), scheduled=scheduled)
    world.store.writer.submit(commit)
    return report


def told(world: World, *kinds: str) -> list[tuple[str, str]]:
    facts = [entry.fact for entry in reversed(world.store.outbox.beside(2**53 - 1, 5_000))]
    return [(f.kind, f.actor) for f in facts if f.kind in kinds]


async def test_the_figures_of_a_report_are_those_of_the_page(world: World, browser: Any, received: Matter) -> None:
    await browser.role("overseer")
    page = (await browser.get("/measures", by="ledger", **{"from": "2026-11-01", "to": "2026-11-30"})).text
    for form in ("xlsx", "docx", *(("pdf",) if any(FONTS.glob("*.ttf")) else ())):
        text = text_of(form, body_of(world, defined(world, name=f"r-{form}", form=form), NOVEMBER, "900001"))
        for name in ("来件", "满意率", "办结"):
            row = re.search(rf'<th scope="row">{name}<.*?</tr>', page, re.S)
            assert row
            cells = [re.sub(r"<[^>]+>", "", c).strip() for c in re.findall(r"<td.*?</td>", row[0], re.S)]
            formula = re.search(r'formula">([^<]+)<', row[0])
            assert formula
            for words in (name, formula[1], *cells[:2]):
                assert words.replace(" ", "") in text, (form, name, words)
        assert "青岛市（演示）" in text
        assert world.city.areas.by_key[received.ledger].name in text


def text_of(form: str, body: bytes) -> str:
    """Everything a file says, without blanks."""
    if form == "xlsx":
        book = load_workbook(io.BytesIO(body))
        found = [shown(cell) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    elif form == "docx":
        document = Document(io.BytesIO(body))
        found = [p.text for p in document.paragraphs]
        found += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    else:
        found = [page.extract_text() for page in PdfReader(io.BytesIO(body)).pages]
    return re.sub(r"\s", "", "\n".join(found))


def shown(cell: Any) -> str:
    """A cell as a spreadsheet shows it."""
    if isinstance(cell.value, str):
        return cell.value
    return f"{cell.value:.1%}" if cell.number_format == "0.0%" else f"{cell.value:,}"


@needs_font
async def test_a_pdf_has_its_font_and_numbers_its_pages(world: World, received: Matter) -> None:
    every = tuple(m.key for m in world.domains["hotline"].measures)
    report = defined(world, form="pdf", measures=every, language="en", name="All <of> & it")
    reader = PdfReader(io.BytesIO(body_of(world, report, NOVEMBER, "900001")))
    assert "All <of> & it" in reader.pages[0].extract_text()
    for number, page in enumerate(reader.pages, 1):
        assert f"Page {number} of {len(reader.pages)}" in page.extract_text()
        for font in page["/Resources"]["/Font"].values():
            about = font.get_object()
            if about["/Subtype"] == "/TrueType":
                assert "/FontFile2" in about["/FontDescriptor"], "embedded, so it needs nothing installed"


async def test_without_the_font_a_pdf_is_refused_with_a_word(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from anlan.web import report_fonts, report_pdf  # noqa: PLC0415 - their folder is looked at anew

    report_pdf._register.cache_clear()
    monkeypatch.setattr(report_fonts, "FONTS", FONTS / "none")
    with pytest.raises(Refused, match=r"report\.no_font"):
        body_of(world, defined(world, form="pdf"), NOVEMBER, "900001")
    report_pdf._register.cache_clear()
    assert body_of(world, defined(world, name="b", form="docx"), NOVEMBER, "900001").startswith(b"PK")


async def test_a_name_that_is_a_formula_stays_a_text(world: World) -> None:
    body = body_of(world, defined(world, name="=HYPERLINK(1)"), NOVEMBER, "900001")
    assert load_workbook(io.BytesIO(body)).worksheets[0]["A1"].value == "'=HYPERLINK(1)"


async def test_each_period_is_made_once_at_its_first_working_minute(world: World) -> None:
    """It is Tuesday 24 November, noon. A week is over on Sunday night and made on Monday at 8:30."""
    report, now = defined(world, period="week", scheduled=True), world.clock()
    assert await make_due(world) == 0
    world.clock = lambda: now + 5 * DAY_MS + 20 * 3_600_000  # Monday, 8:00
    assert await make_due(world) == 0
    world.clock = lambda: now + 5 * DAY_MS + 20 * 3_600_000 + 30 * 60_000
    assert await asyncio.gather(make_due(world), make_due(world)) in ([1, 0], [0, 1])
    assert await make_due(world) == 0
    (kept,) = reports.files(world, report.id)
    assert (kept.span, kept.made_by) == (Span(date(2026, 11, 23), date(2026, 11, 29)), "system")
    assert told(world, "report_set", "report_made") == [("report_set", "c9"), ("report_made", "system")]


async def test_after_a_standstill_every_missed_period_is_made_and_none_twice(world: World) -> None:
    report, now = defined(world, period="day", scheduled=True), world.clock()
    world.clock = lambda: now + 30 * DAY_MS
    first = await make_due(world)
    rest = await make_due(world)
    assert (first, rest, await make_due(world)) == (20, 10, 0), "a turn at a time, then nothing is owed"
    days = [kept.span.first for kept in reversed(reports.files(world, report.id))]
    assert days == [date.fromordinal(date(2026, 11, 24).toordinal() + n) for n in range(30)]


async def test_one_that_fails_does_not_keep_the_others(
    world: World, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anlan.web import report_pdf  # noqa: PLC0415 - its maker is changed

    def broken(_: Any) -> bytes:
        raise Refused("report.no_font")

    monkeypatch.setattr(report_pdf, "pdf", broken)
    bad, good = (
        defined(world, name="a", period="day", form="pdf", scheduled=True),
        defined(world, name="b", period="day", scheduled=True),
    )
    now = world.clock()
    world.clock = lambda: now + DAY_MS
    assert await make_due(world) == 1
    monkeypatch.setattr("anlan.web.reports.has_font", lambda: False)
    await browser.role("overseer")
    assert (await browser.get("/reports")).text.count("缺PDF字体，没有生成") == 1, "the page says why"
    assert (len(reports.files(world, bad.id)), len(reports.files(world, good.id))) == (0, 1)
    assert len(reports.due(world, bad, 5)) == 1, "it is still owed"


async def test_a_stopped_report_owes_nothing_and_begins_anew_from_today(world: World) -> None:
    report, now = defined(world, period="day", scheduled=True), world.clock()
    world.store.writer.submit(reports.schedule(world, CHIEF, report, on=False))
    world.clock = lambda: now + 10 * DAY_MS
    assert reports.due(world, reports.one(world, report.id), 99) == []
    world.store.writer.submit(reports.schedule(world, CHIEF, report, on=True))
    assert reports.due(world, reports.one(world, report.id), 99) == []
    with pytest.raises(Refused, match=r"report\.not_yours"):
        reports.schedule(world, Actor("other", "", ("overseer",)), report, on=False)


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("day", "2026-11-24", "2026-11-24", "2026-11-24"),
        ("week", "2027-01-01", "2026-12-28", "2027-01-03"),
        ("month", "2028-02-29", "2028-02-01", "2028-02-29"),
        ("month", "2026-12-31", "2026-12-01", "2026-12-31"),
        ("quarter", "2026-05-31", "2026-04-01", "2026-06-30"),
        ("quarter", "2026-12-01", "2026-10-01", "2026-12-31"),
    ],
)
def test_periods(kind: str, day: str, first: str, last: str) -> None:
    assert period(kind, date.fromisoformat(day)) == Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": ""}, "report.name"),
        ({"name": "x" * 61}, "report.name"),
        ({"measures": ()}, "report.no_measure"),
        ({"measures": ("received", "nonsense")}, "field.not_an_option"),
        ({"period": "year"}, "field.not_an_option"),
        ({"form": "exe"}, "field.not_an_option"),
        ({"by": "officer"}, "field.not_an_option"),
        ({"domain": "none"}, "field.not_an_option"),
        ({"name": "taken"}, "report.name_taken"),
    ],
)
async def test_what_cannot_be_made_is_refused(world: World, change: dict[str, Any], code: str) -> None:
    defined(world, name="taken")
    with pytest.raises(Refused) as refused:
        reports.define(world, CHIEF, wanted(**change), scheduled=False)
    assert refused.value.code == code
    assert len(reports.all_of(world)) == 1


async def test_through_the_pages_it_is_defined_made_and_taken(world: World, browser: Any, received: Matter) -> None:
    await browser.role("operator")
    assert (await browser.get("/reports")).status_code == 403
    who = await browser.role("overseer")
    await browser.get("/reports")
    answer = await browser.post("/reports", name="周报", period="week", by="unit", form="docx", language="zh")
    assert (answer.status_code, "至少选一项指标" in answer.text, 'value="周报"' in answer.text) == (422, True, True)
    token = re.search(r'name="_csrf_token" value="([^"]*)"', browser.text)
    assert token
    form = {"name": "周报", "period": "week", "by": "unit", "form": "docx", "language": "zh", "scheduled": "yes",
            "measure": ["received", "closed"], "_csrf_token": token[1]}  # fmt: skip
    page = await browser.client.post("/reports", data=form, follow_redirects=True)
    assert "来件、办结" in page.text
    browser.text = page.text
    address = str(page.url.path)
    page = await browser.post(f"{address}/make", day="2026-11-24")
    assert "2026-11-23至2026-11-29 · DOCX" in page.text
    late = await browser.post(f"{address}/make", day="2026-11-25")
    assert (late.status_code, "还没到" in late.text) == (422, True)
    (href,) = re.findall(r'href="(/reports/files/\d+)"', page.text)
    got = await browser.client.get(href)
    assert got.content.startswith(b"PK")
    assert "%E5%91%A8%E6%8A%A5_2026-11-23" in got.headers["content-disposition"]
    assert told(world, "report_set", "report_made", "read")[-3:] == [
        ("report_set", who.id), ("report_made", who.id), ("read", who.id)
    ]  # fmt: skip
    await browser.role("operator")
    assert (await browser.client.get(href)).status_code == 403
    await browser.role("auditor")
    assert "报表文件" in (await browser.get("/readings")).text


async def test_a_file_that_was_changed_is_not_given_out(world: World, browser: Any) -> None:
    kept = await make(world, CHIEF, defined(world), NOVEMBER)
    assert kept
    path = next((world.store.home / "reports").rglob(kept.hash))
    path.write_bytes(path.read_bytes() + b" ")
    await browser.role("overseer")
    answer = await browser.get(f"/reports/files/{kept.no}")
    assert (answer.status_code, "已被改动" in answer.text) == (500, True)


async def test_the_server_makes_them_by_itself_while_it_answers(world: World) -> None:
    report, now = defined(world, period="day", scheduled=True), world.clock()
    world.clock = lambda: now + 3 * DAY_MS
    app = application(world)
    does_by_itself(app, world)
    async with AsyncTestClient(app=app) as client:
        for _ in range(2_000):
            assert (await client.get("/healthz")).status_code == 200
            if len(reports.files(world, report.id)) == 3:
                break
    assert [kept.made_by for kept in reports.files(world, report.id)] == ["system"] * 3
