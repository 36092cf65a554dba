"""`anlan mqtt`: the passwords of units at the broker inside (`ANLAN_MQTT_URL=embedded`)."""

from __future__ import annotations

import typer

from anlan import main
from anlan.cli.show import refusals, result
from anlan.links.broker import Passwords

app = typer.Typer(no_args_is_help=True, help="Devices of units.")


@app.command("password")
def password(unit: str, as_json: bool = typer.Option(False, "--json")) -> None:
    """Print a new password for a unit's device; the old one is no longer good. It is shown once."""
    with refusals():
        made = Passwords(main.home()).new(unit)
    result({"user": unit, "password": made}, as_json=as_json)


@app.command("remove")
def remove(unit: str) -> None:
    """A unit's device may no longer connect. One that is connected stays until the server starts again."""
    with refusals():
        Passwords(main.home()).remove(unit)
