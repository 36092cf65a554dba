"""`anlan new-domain NAME`: a skeleton of a line of work that passes every test as it stands."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import typer

from anlan.cli.show import errors

NAME = re.compile(r"[a-z][a-z_]{2,30}")


def new_domain(
    name: str = typer.Argument(..., help="Lower case, such as `hazards`: the folder and the key."),
    under: Path = typer.Option(Path("src/anlan/domains"), help="Where the domains live."),
) -> None:
    """Make a folder under `domains` from the template. Nothing else needs an edit."""
    target = under / name
    if not NAME.fullmatch(name):
        errors.print(f"{name!r} is not a name: lower-case letters and _, 3 to 31 of them.")
        raise typer.Exit(2)
    if target.exists():
        errors.print(f"{target} exists already.")
        raise typer.Exit(2)
    template = resources.files("anlan.cli").joinpath("new_domain")
    for file in sorted(f.name for f in template.iterdir() if f.name.endswith(".tmpl")):
        path = target / file.removesuffix(".tmpl").replace("tests__", "tests/")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = template.joinpath(file).read_text("utf-8")
        path.write_text(text.replace("@NAME@", name).replace("@TITLE@", name.replace("_", " ").capitalize()), "utf-8")
    errors.print(f"Made {target}. Run `make test`, then read src/anlan/domains/hotline and go on.")
