"""`anlan verify` and `anlan rebuild`: is the record whole, and does the state follow from it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import typer

from anlan import main
from anlan.cli.show import bar, result
from anlan.store import rebuild as replaying
from anlan.store import verify as checking


def verify(
    path: Path = typer.Argument(None, help="A database file; by default this installation's."),
    key: Path = typer.Option(None, help="The ledger's public key (hex); by default beside the database."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Recompute every hash, tile and checkpoint. Exit code 1 when anything is wrong; the first bad fact is named."""
    home = main.home()
    public = bytes.fromhex((key or home / "keys" / "ledger.pub").read_text("ascii").strip())
    with bar("verify") as on_progress:
        verdict = checking.verify(path or home / "anlan.db", public, on_progress)
    result(msgspec.to_builtins(verdict), as_json=as_json, title="verify")
    raise typer.Exit(1 if verdict.faults else 0)


def rebuild(
    check: bool = typer.Option(False, help="Only compare; change nothing."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Make the state tables anew from the facts, or with --check compare them byte for byte."""
    flows = {(d.key, f.key): f for d in main.discover().values() for f in d.flows}
    database = main.home() / "anlan.db"
    with bar("rebuild") as on_progress:
        done = (replaying.compare if check else replaying.rebuild)(database, flows, on_progress)
    found = {"facts": done.facts, "matters": done.matters, "different": done.different[:20]}
    result(found, as_json=as_json, title="rebuild")
    raise typer.Exit(1 if done.different else 0)
