"""Making a report: its figures, its words, its bytes, kept; and making by itself what has come due.

The heavy part runs in a thread beside the server's loop. A scheduled report is kept once for its period, whatever else
happens: the writer refuses nothing and writes nothing the second time.
"""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module

from anlan.app import reports
from anlan.app.reports import Definition, File, Span
from anlan.app.world import SYSTEM, World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.web.report_words import paper

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
AT_ONCE = 20
"""So many periods of one report are made in one turn; the rest in the next."""
_log = logging.getLogger("anlan")


def body_of(world: World, report: Definition, span: Span, made_by: str) -> bytes:
    """The report's bytes. Raises Refused("report.no_font") for a PDF where the font is missing."""
    maker = import_module(f"anlan.web.report_{report.form}")  # its library is not waited for at every start
    made: bytes = getattr(maker, report.form)(paper(world, report, reports.sheet(world, report, span), made_by))
    return made


async def make(world: World, actor: Actor, report: Definition, span: Span, *, scheduled: bool = False) -> File | None:
    """Make and keep one; answers what is kept, None when a scheduled one had been made before."""
    if actor.id != SYSTEM.id:
        world.require(actor, "measure")
    body = await asyncio.to_thread(body_of, world, report, span, actor.id)
    commit = reports.made(world, actor, report, span, body, scheduled=scheduled)
    done = await world.store.writer.write(commit)
    return None if done.replayed else reports.files(world, report.id)[0]


async def make_due(world: World) -> int:
    """Make what has come due since it was last looked; answers how many. One that fails is told in the log and tried
    again at the next turn; the others are made."""
    made = 0
    for report in reports.all_of(world):
        for span in reports.due(world, report, AT_ONCE):
            try:
                made += await make(world, SYSTEM, report, span, scheduled=True) is not None
            except Refused as refused:
                _log.error("report %s of %s was not made: %s", report.id, span.first, refused)
                break
    return made


def file_name(report: Definition, kept: File) -> str:
    """What a browser should call it: name, days, form."""
    span = kept.span
    days = f"{span.first}" if span.first == span.last else f"{span.first}_{span.last}"
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in report.name)
    return f"{name}_{days}.{kept.form}"
