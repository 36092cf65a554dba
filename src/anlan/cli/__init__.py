"""The command line: `anlan …`. Results on standard output (JSON with --json), progress and words on standard error.

A command is imported when it is called for: a server that starts again after a crash does not wait for the engines.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "serve": "serve:serve",
    "settings": "settings:settings",
    "load": "load:app",
    "verify": "ledger:verify",
    "rebuild": "ledger:rebuild",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "ledger": "outsiders:app",
    "copy": "copy:copy",
    "train": "train:app",
    "measure": "measure:measure",
    "report": "report:report",
    "city": "city:app",
    "user": "user:app",
    "units": "units:units",
    "mqtt": "mqtt:app",
    "erase": "erase:app",
    "new-domain": "domain:new_domain",
    "engine": "engines:app",
    "simulate": "simulate:simulate",
    "bench": "bench.run:bench",
    "docs": "docs:docs",
}
"""Every command, and where it is: a function, or the group of its own commands."""


class Called(TyperGroup):
    """The commands by name."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's own signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the same
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        gc.disable()  # an import makes many objects and no garbage
        found = getattr(import_module(f"{__name__}.{module}"), name)
        gc.enable()
        group = found if isinstance(found, typer.Typer) else typer.Typer(add_completion=False)
        if group is not found:
            group.command(cmd_name)(found)
        command = typer.main.get_command(group)
        command.name = cmd_name
        return command


app = typer.Typer(cls=Called, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def anlan() -> None:
    """Anlan 安澜: a city's one closed loop."""
