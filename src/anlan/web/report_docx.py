"""A report as a text document, for those who write on from it: A4 across, heading rows repeat, pages are numbered."""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from anlan.web.report_words import Paper, Told

FONT = "微软雅黑"
"""Named, not embedded: Word and WPS have it or put another in its place."""
A4 = (Mm(297), Mm(210))


def docx(paper: Paper) -> bytes:
    """The document's bytes."""
    document = Document()
    _page(document, paper)
    document.core_properties.title, document.core_properties.author = paper.title, paper.installation
    document.add_heading(paper.title, level=1)
    for line in (paper.installation, *paper.about):
        document.add_paragraph(line)
    rows = [[one.name, one.now.text, one.then.text, one.change, one.parts] for one in paper.totals]
    _table(document, paper.heads, rows)
    document.add_heading(paper.by, level=2)
    if paper.groups:
        _table(
            document,
            [paper.by, *(one.name for one in paper.totals)],
            [[name, *(_beside(paper, one) for one in figures)] for name, figures in paper.groups],
        )
    else:
        document.add_paragraph(paper.empty)
    document.add_heading(paper.formulas, level=2)
    for one in paper.totals:
        paragraph = document.add_paragraph()
        paragraph.add_run(one.name).bold = True
        paragraph.add_run(f"  {one.formula}")
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _beside(paper: Paper, one: Told) -> str:
    return f"{one.now.text}\n{paper.heads[2]} {one.then.text}\n{one.change}"


def _page(document: Any, paper: Paper) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = A4
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(15))
    for style in ("Normal", "Heading 1", "Heading 2"):
        font = document.styles[style].font
        font.name = FONT
        document.styles[style].element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    document.styles["Normal"].font.size = Pt(10)
    foot = section.footer.paragraphs[0]
    before, between, after = paper.page.replace("{pages}", "{page}").split("{page}")
    foot.add_run(f"{paper.foot}    {before}")
    _field(foot, "PAGE")
    foot.add_run(between)
    _field(foot, "NUMPAGES")
    foot.add_run(after)


def _field(paragraph: Any, name: str) -> None:
    """A number that Word fills in: which page, of how many."""
    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", name), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        part.text = text or None
        run._r.append(part)


def _table(document: Any, heads: list[str], rows: list[list[str]]) -> None:
    table = document.add_table(rows=1, cols=len(heads), style="Light Grid Accent 1")
    _fill(table.rows[0], heads, bold=True)
    repeat = OxmlElement("w:tblHeader")
    repeat.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)
    for row in rows:
        _fill(table.add_row(), row)


def _fill(row: Any, texts: list[str], *, bold: bool = False) -> None:
    for i, text in enumerate(texts):
        paragraph = row.cells[i].paragraphs[0]
        run = paragraph.add_run(text)
        run.bold, run.font.size = bold, Pt(8 if len(texts) > 6 else 10)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if i else WD_ALIGN_PARAGRAPH.LEFT
