"""`anlan erase`: a person, or what is older than its term. The ledger stands; the history says that it was done."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from anlan import main
from anlan.app import erase
from anlan.cli.show import bar, refusals, result
from anlan.loop.errors import Refused
from anlan.loop.working_calendar import ms_of

app = typer.Typer(no_args_is_help=True, help="Make personal data unreadable for ever. Stop the server first.")
BY = typer.Option("system", help="Who does it: an account.")


@app.command("person")
def person(
    receipt: int = typer.Argument(..., help="Any receipt number of theirs, without dashes."),
    reason: str = typer.Option(..., help=", ".join(erase.REASONS)),
    by: str = BY,
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Erase a reporter: name, telephone and all they said. Refused while a matter of theirs is open."""
    with refusals():
        world = main.open_world(index=False)
        commit = erase.person(world, receipt, reason, by)
        world.store.writer.submit(commit)
        world.store.close()
    result({"matters": len(commit.readings), "keys": len(set(commit.destroys))}, as_json=as_json, title="erased")


@app.command("old")
def old(
    closed_before: datetime = typer.Argument(..., formats=["%Y-%m-%d"], help="The city day."),
    by: str = BY,
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Erase what was said in matters closed before a day, and the people who are in no other matter."""
    with refusals(), bar("erase") as on_progress:
        world = main.open_world(index=False)
        edge = ms_of(int(closed_before.replace(tzinfo=UTC).timestamp()) // 60)
        if edge > world.clock():
            raise Refused("erase.future")
        matters = keys = 0
        for commit in erase.term_over(world, edge, by):
            world.store.writer.submit(commit)
            matters, keys = matters + len(commit.readings), keys + len(set(commit.destroys))
            on_progress(matters, matters)
        world.store.close()
    result({"matters": matters, "keys": keys}, as_json=as_json, title="erased")
