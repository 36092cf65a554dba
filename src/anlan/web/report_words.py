"""A report in words: title, tables and formulas as they are printed, whatever the form. Draws nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from anlan.app.measure import Figure, Months, by_month
from anlan.app.reports import Definition, Sheet
from anlan.app.world import World
from anlan.loop.working_calendar import minute_of
from anlan.web import charts
from anlan.web.counted import group_named
from anlan.web.figures import LESS_IS_BETTER
from anlan.web.language import Strings, strings
from anlan.web.names import Names
from anlan.web.timing import Times


class Cell(msgspec.Struct, frozen=True):
    """A figure's words, and its number where there is one: a count, or a share from 0 to 1."""

    text: str
    number: float | None = None
    is_share: bool = False


class Told(msgspec.Struct, frozen=True):
    """A figure: now, the same period a year before, the change."""

    measure: str
    name: str
    formula: str
    now: Cell
    then: Cell
    change: str
    parts: str


class Paper(msgspec.Struct, frozen=True):
    """Everything a report says. `heads`: of the table of totals; `groups`: a name and its figures, in their order."""

    language: str
    installation: str
    title: str
    about: list[str]
    heads: list[str]
    totals: list[Told]
    by: str
    groups: list[tuple[str, list[Told]]]
    formulas: str
    panels: list[tuple[str, charts.Panel]]
    year: int
    key: str
    group_hint: str
    empty: str
    page: str
    foot: str


def paper(world: World, report: Definition, sheet: Sheet, made_by: str) -> Paper:
    """The report in its language."""
    t = strings(report.language, tuple(world.domains))
    names, now = Names(world, t), minute_of(world.clock())
    times = Times(now, t, world.calendar)
    about = world.city.about
    installation = about.name_en if report.language == "en" and about.name_en else about.name
    staff, stamp = names.staff(made_by), times.stamp(now)
    return Paper(
        language=report.language,
        installation=installation,
        title=report.name,
        about=[
            t("paper.domain", domain=t(f"{report.domain}.title")),
            t("paper.span", first=sheet.span.first, last=sheet.span.last, period=t(f"per.{report.period}")),
            t("paper.made", when=stamp, staff=staff),
        ],
        heads=[t(f"measure.{key}") for key in ("name", "value", "then", "yoy", "parts_head")],
        totals=[told(t, report, f, has_then=sheet.has_then) for f in sheet.totals],
        by=t(f"by.{report.by}"),
        groups=[
            (group_named(names, t, world, report.by, group), [told(t, report, f, has_then=sheet.has_then) for f in of])
            for group, of in sheet.groups
        ],
        formulas=t("paper.formulas"),
        panels=[(t(f"chart.{'shares' if p.is_share else 'counts'}"), p) for p in _panels(world, report, sheet)],
        year=sheet.span.last.year,
        key=t("paper.key", year=sheet.span.last.year, then=sheet.span.last.year - 1, day=sheet.span.last),
        group_hint=t("measure.group_hint"),
        empty=t("measure.empty"),
        page=t("paper.page", page="{page}", pages="{pages}"),
        foot=t("paper.foot", name=installation, when=stamp),
    )


def told(t: Strings, report: Definition, figure: Figure, *, has_then: bool) -> Told:
    """A figure in words, as the measures page has them."""
    name, formula = (t.word(report.domain, f"{what}.{figure.measure}") for what in ("measure", "formula"))
    if figure.part is None:
        now = Cell(f"{figure.whole:,}", figure.whole)
        then = Cell(f"{figure.whole_before:,}", figure.whole_before) if has_then else Cell(t("measure.none_then"))
        return Told(figure.measure, name, formula, now, then, changed(t, figure), "")
    now = _share(figure.share) if figure.share is not None else Cell(t("measure.none"))
    then = _share(figure.share_before) if figure.share_before is not None else Cell(t("measure.none_then"))
    return Told(figure.measure, name, formula, now, then, changed(t, figure), f"{figure.part:,} ÷ {figure.whole:,}")


def changed(t: Strings, figure: Figure) -> str:
    """The change on the year before: ▲ 4.2%, or for a share ▼ 1.3 points and whether that is better."""
    is_share = figure.part is not None
    now: Any = figure.share if is_share else figure.whole
    then: Any = figure.share_before if is_share else figure.whole_before
    if now is None or then is None or (not is_share and not then):
        return t("yoy.none") if now is not None else ""
    if now == then:
        return t("yoy.same")
    up = now > then
    amount = abs(now - then) * 100 if is_share else abs(now - then) / then * 100
    words = f"{'▲' if up else '▼'} {t('yoy.points' if is_share else 'yoy.percent', n=f'{amount:.1f}')}"
    if not is_share:
        return words
    better = up != (figure.measure in LESS_IS_BETTER)
    return f"{words} {t('yoy.better' if better else 'yoy.worse')}"


def _share(share: float) -> Cell:
    return Cell(f"{share * 100:.1f}%", share, is_share=True)


def _panels(world: World, report: Definition, sheet: Sheet) -> list[charts.Panel]:
    wanted = {f.measure: f for f in sheet.totals}
    months: list[Months] = [m for m in by_month(world, report.domain, sheet.span.last) if m.measure in wanted]
    return charts.panels(months)
