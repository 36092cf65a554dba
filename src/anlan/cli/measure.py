"""`anlan measure`: the figures of a period, with the year before beside them."""

from __future__ import annotations

from datetime import date, timedelta

import typer

from anlan import main
from anlan.app.measure import measure as measured
from anlan.app.world import utc_now_ms
from anlan.cli.show import refusals, result
from anlan.loop.working_calendar import DAY, minute_of


def measure(
    domain: str = typer.Argument("hotline"),
    first: str = typer.Option("", "--from", help="YYYY-MM-DD; by default a year ago."),
    last: str = typer.Option("", "--to", help="YYYY-MM-DD; by default today."),
    by: str = typer.Option("domain", help="unit, ledger, channel, category, month, day or domain."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Every figure of a line of work, grouped, with year on year."""
    with refusals():
        world = main.open_world(index=False)
        today = date(1970, 1, 1) + timedelta(days=minute_of(utc_now_ms()) // DAY)
        end = date.fromisoformat(last) if last else today
        begin = date.fromisoformat(first) if first else end - timedelta(days=364)
        figures = [
            {
                "group": f.group,
                "measure": f.measure,
                "whole": f.whole,
                "part": f.part,
                "share": f.share,
                "whole_before": f.whole_before,
                "share_before": f.share_before,
            }
            for f in measured(world, domain, begin, end, by)
        ]
        world.store.close()
    result(figures, as_json=as_json, title=f"{domain} {begin} – {end}")
