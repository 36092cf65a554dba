"""A report as a PDF, A4 across, its font embedded: it looks the same wherever it is opened and needs nothing installed.

The font (Noto Sans SC) comes with `make assets`; without it a PDF is refused with a word, the other forms are made.
"""

from __future__ import annotations

import io
from functools import cache
from html import escape
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from anlan.loop.errors import Refused
from anlan.web import charts, report_fonts
from anlan.web.report_fonts import BOLD, FILES, REGULAR
from anlan.web.report_words import Paper, Told

INK, QUIET, LINE, NOW, THEN = (HexColor(c) for c in ("#12202A", "#56656E", "#DBE2E4", "#0A5872", "#8E9CA3"))
MARGIN = 15 * mm
PER_ROW = 4
NAME_WIDTH = 42 * mm


def pdf(paper: Paper) -> bytes:
    """The document's bytes. Raises Refused("report.no_font")."""
    _register()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=landscape(A4), leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
        title=paper.title, author=paper.installation, lang="en" if paper.language == "en" else "zh-CN",
    )  # fmt: skip
    document.build(_story(paper, document.width), canvasmaker=_numbered(paper))
    return target.getvalue()


@cache
def _register() -> None:
    for name, file in FILES.items():
        try:
            pdfmetrics.registerFont(TTFont(name, str(report_fonts.FONTS / file)))
        except (TTFError, OSError):
            raise Refused("report.no_font") from None


def _style(size: float, *, bold: bool = False, color: HexColor = INK, right: bool = False) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}{bold}{right}", fontName=BOLD if bold else REGULAR, fontSize=size, leading=size * 1.45, wordWrap="CJK",
        textColor=color, **({"alignment": TA_RIGHT} if right else {}),
    )  # fmt: skip


def _story(paper: Paper, width: float) -> list[Flowable]:
    story: list[Flowable] = [_p(paper.title, _style(18, bold=True)), _p(paper.installation, _style(10, color=QUIET))]
    story += [_p(line, _style(9, color=QUIET)) for line in paper.about]
    story += [Spacer(0, 4 * mm), _totals(paper, width)]
    for title, panel in paper.panels:
        story.append(KeepTogether([_head(title), _p(paper.key, _style(8, color=QUIET)), _Charts(panel, paper, width)]))
    story += [_head(paper.by), _p(paper.group_hint, _style(8, color=QUIET))]
    story.append(_groups(paper, width) if paper.groups else _p(paper.empty, _style(9, color=QUIET)))
    story.append(_head(paper.formulas))
    story += [_p(f"{one.name}  {one.formula}", _style(9)) for one in paper.totals]
    return story


def _head(text: str) -> Flowable:
    return _p(text, ParagraphStyle("head", parent=_style(12, bold=True), spaceBefore=5 * mm, spaceAfter=2 * mm))


def _p(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text), style)


def _totals(paper: Paper, width: float) -> Table:
    head = [_p(text, _style(8, color=QUIET, right=0 < i < 4)) for i, text in enumerate(paper.heads)]
    rows = [
        [
            _p(one.name, _style(10)), _p(one.now.text, _style(10, bold=True, right=True)),
            _p(one.then.text, _style(10, right=True)), _p(one.change, _style(9, right=True)),
            _p(one.parts, _style(9, color=QUIET)),
        ]
        for one in paper.totals
    ]  # fmt: skip
    return _table([head, *rows], [width * share for share in (0.3, 0.14, 0.16, 0.2, 0.2)], last_apart=True)


def _groups(paper: Paper, width: float) -> Table:
    column = (width - NAME_WIDTH) / max(1, len(paper.totals))
    small = 7 if len(paper.totals) > 6 else 8.5
    head = [_p(paper.by, _style(small, color=QUIET))]
    head += [_p(one.name, _style(small, color=QUIET, right=True)) for one in paper.totals]
    rows = [[_p(name, _style(8.5)), *(_beside(one, small) for one in figures)] for name, figures in paper.groups]
    return _table([head, *rows], [NAME_WIDTH, *[column] * len(paper.totals)])


def _beside(one: Told, size: float) -> list[Paragraph]:
    quiet = _style(size - 1, color=QUIET, right=True)
    return [_p(one.now.text, _style(size + 1, bold=True, right=True)), _p(one.then.text, quiet), _p(one.change, quiet)]


def _table(rows: list[list[Any]], widths: list[float], *, last_apart: bool = False) -> Table:
    lines = TableStyle([
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, THEN), ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        *([("LEFTPADDING", (-1, 0), (-1, -1), 12)] if last_apart else []),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ])  # fmt: skip
    return Table(rows, colWidths=widths, repeatRows=1, style=lines)


class _Charts(Flowable):  # type: ignore[misc] # reportlab has no types
    """The charts of a panel, four in a row, as the measures page draws them."""

    def __init__(self, panel: charts.Panel, paper: Paper, width: float) -> None:
        super().__init__()
        self._panel, self._year = panel, paper.year
        self._names = {one.measure: one.name for one in paper.totals}
        self._scale = width / PER_ROW / (charts.WIDTH + 24)
        self._row = (charts.HEIGHT + 30) * self._scale
        self.width, self.height = width, self._row * -(-len(panel.charts) // PER_ROW)

    def draw(self) -> None:
        for i, one in enumerate(self._panel.charts):
            x = i % PER_ROW * self.width / PER_ROW
            y = self.height - (i // PER_ROW + 1) * self._row
            self.canv.saveState()
            self.canv.translate(x, y)
            self.canv.scale(self._scale, self._scale)
            self._one(one)
            self.canv.restoreState()

    def _one(self, one: charts.Chart) -> None:
        canvas, top = self.canv, self._panel.top
        canvas.setFont(REGULAR, 11)
        canvas.setFillColor(INK)
        canvas.drawString(charts.LEFT, charts.HEIGHT + 6, self._names[one.measure])
        canvas.setFont(REGULAR, 8)
        canvas.setFillColor(QUIET)
        canvas.drawString(
            charts.LEFT, _up(charts.TOP) + 3, f"{top * 100:.0f}%" if self._panel.is_share else f"{top:,.0f}"
        )
        canvas.drawString(charts.LEFT, 2, f"{self._year}-01")
        canvas.drawRightString(charts.RIGHT, 2, f"{self._year}-12")
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.7)
        for height in (charts.TOP, self._panel.grid, charts.BASE):
            canvas.line(charts.LEFT, _up(height), charts.RIGHT, _up(height))
        for color, thick, runs in ((THEN, 1.2, one.then), (NOW, 2, one.now)):
            canvas.setStrokeColor(color)
            canvas.setLineWidth(thick)
            for run in runs:
                self._line(run)
        if one.dot and one.latest is not None:
            canvas.setFillColor(NOW)
            canvas.circle(one.dot[0], _up(one.dot[1]), 2.5, stroke=0, fill=1)
            canvas.setFont(BOLD, 9)
            words = f"{one.latest * 100:.1f}%" if self._panel.is_share else f"{one.latest:,.0f}"
            canvas.drawString(one.dot[0] + 5, _up(one.dot[1]) - 3, words)

    def _line(self, run: list[tuple[float, float]]) -> None:
        points = run if len(run) > 1 else [(run[0][0] - 2, run[0][1]), (run[0][0] + 2, run[0][1])]
        path = self.canv.beginPath()
        path.moveTo(points[0][0], _up(points[0][1]))
        for x, y in points[1:]:
            path.lineTo(x, _up(y))
        self.canv.drawPath(path)


def _up(y: float) -> float:
    return charts.HEIGHT - y


def _numbered(paper: Paper) -> type[Canvas]:
    """A canvas that writes at each page's foot which page it is of how many: known only at the end."""

    class Numbered(Canvas):  # type: ignore[misc] # reportlab has no types
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self.setFont(REGULAR, 8)
                self.setFillColor(QUIET)
                self.drawString(MARGIN, 8 * mm, paper.foot)
                words = paper.page.format(page=number, pages=len(self._pages))
                self.drawRightString(self._pagesize[0] - MARGIN, 8 * mm, words)
                super().showPage()
            super().save()

    return Numbered
