"""`anlan settings`: what holds, and where it is from. Secrets are masked."""

from __future__ import annotations

import typer

from anlan import main
from anlan.cli.show import errors, refusals, result


def settings(as_json: bool = typer.Option(False, "--json")) -> None:
    """Every setting, its value, where the value is from, and which command reads it."""
    with refusals():
        held = main.held()
        main.checked(held.settings)
    errors.print(f"{held.home}, {held.file or 'no file'}")
    rows = [
        {"setting": one.variable, "value": value, "from": source, "by": one.by, "what": one.said}
        for one, value, source in held.shown()
    ]
    result(rows, as_json=as_json, title="settings")
