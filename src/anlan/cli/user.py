"""`anlan user`: accounts and API tokens. Every change is on the ledger."""

from __future__ import annotations

import typer

from anlan import main
from anlan.app import accounts
from anlan.cli.show import refusals, result

app = typer.Typer(no_args_is_help=True, help="Accounts and tokens.")


@app.command("add")
def add(
    account: str,
    unit: str = typer.Option("", help="The unit's key."),
    role: list[str] = typer.Option([], help="May be given several times."),
    password: str = typer.Option(..., prompt=True, hide_input=True, confirmation_prompt=True),
) -> None:
    """Make or replace an account."""
    with refusals():
        world = main.open_world(index=False)
        world.store.writer.submit(accounts.add(world, account, unit, tuple(role), password))
        world.store.close()


@app.command("token")
def token(account: str, as_json: bool = typer.Option(False, "--json")) -> None:
    """Print a new API token for an account. It is shown once."""
    with refusals():
        world = main.open_world(index=False)
        commit, made = accounts.token_for(world, account)
        world.store.writer.submit(commit)
        world.store.close()
        result({"token": made}, as_json=as_json)
