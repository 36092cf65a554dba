"""What leaves the house: the whole filtered list, nothing its reader may not see, no formulas; the ledger says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook

from anlan.app import receive
from anlan.app.world import World
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.web.export import as_csv, as_xlsx

pytestmark = pytest.mark.anyio
TEXTS = ("路灯不亮，请回电13812345678", '=HYPERLINK("http://x","点我")', "下水道堵了")


@pytest.fixture
def reported(world: World, somebody: Callable[..., Actor]) -> None:
    for n, text in enumerate(TEXTS * 70):
        unit = "branch.370202" if n % 2 else "branch.370203"
        one = Intake("call_968110", f"c-{n}", text, text, world.clock() + n, district="370202", unit=unit)
        prepared = receive.prepare(world, world.domains["hotline"], one, somebody("operator"))
        world.store.writer.submit(prepared.commit)


async def test_every_page_of_the_list_is_in_the_table(reported: None, browser: Any, world: World) -> None:
    await browser.role("overseer")
    answer = await browser.get("/queue/export/csv", view="open", district="370202")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 1 + len(TEXTS) * 70
    assert rows[0][:2] == ["编号", "标题"]
    text = answer.content.decode("utf-8-sig")
    assert "13812345678" not in text
    assert all(not cell.startswith("=") for row in rows for cell in row)
    last = world.store.read.facts(int(world.ledger))[-1]
    assert (last.kind, last.data["purpose"], last.data["rows"]) == ("read", "export", len(rows) - 1)
    assert 'filename="anlan-open-' in answer.headers["content-disposition"]


async def test_an_officer_takes_out_the_own_units_only(reported: None, browser: Any, world: World) -> None:
    await browser.log_in(world.city.roster.of_unit("branch.370202", "officer")[0].number)
    answer = await browser.get("/queue/export/xlsx", view="open")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert {row[3] for row in rows[1:]} == {"市南区分局"}
    assert len(rows) == 1 + len(TEXTS) * 35


async def test_too_much_or_an_unknown_form_is_refused(
    reported: None, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.role("overseer")
    monkeypatch.setattr("anlan.web.export.ROWS_MAX", 100)
    answer = await browser.get("/queue/export/csv", view="open")
    assert (answer.status_code, "超过100行" in answer.text) == (422, True)
    assert (await browser.get("/queue/export/exe")).status_code == 422


def test_cells_that_a_spreadsheet_would_run_are_text() -> None:
    lines = [["a", "b"], ["=1+1", "@x"], ["-5", "+86"]]
    assert as_csv(lines).decode("utf-8-sig").splitlines()[1:] == ["'=1+1,'@x", "'-5,'+86"]
    sheet = load_workbook(io.BytesIO(as_xlsx(lines))).active
    assert sheet is not None
    assert [cell.data_type for cell in next(sheet.iter_rows(min_row=2))] == ["s", "s"]
