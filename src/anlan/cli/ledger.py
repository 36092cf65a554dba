"""`anlan verify` and `anlan rebuild`: is the record whole, and does the state follow from it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import typer

from anlan import main
from anlan.app.reindex import Finding, finding
from anlan.cli.show import bar, result
from anlan.store import rebuild as replaying
from anlan.store import verify as checking
from anlan.store.database import Readers
from anlan.store.files import Files
from anlan.store.sqlite import Sqlite


def verify(
    path: Path = typer.Argument(None, help="A database file; by default this installation's."),
    key: Path = typer.Option(None, help="The ledger's public key (hex); by default beside the database."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Recompute every hash, tile and checkpoint, and this installation's files. Exit code 1 when anything is wrong;
    the first bad fact is named."""
    home = main.home()
    database = main.place(home).database
    public = bytes.fromhex((key or home / "keys" / "ledger.pub").read_text("ascii").strip())
    with bar("verify") as on_progress:
        verdict = checking.verify(Sqlite(path) if path else database, public, on_progress)
    spoilt: list[str] = Files(home, Readers(database)).faults() if path is None else []
    result(msgspec.to_builtins(verdict) | {"files": spoilt}, as_json=as_json, title="verify")
    raise typer.Exit(1 if verdict.faults or spoilt else 0)


def rebuild(
    check: bool = typer.Option(False, help="Only compare; change nothing."),
    search: bool = typer.Option(False, help="Titles, search terms and duplicate features too, from the vault."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Make the state tables anew from the facts, or with --check compare them byte for byte. Stop the server first."""
    flows = {(d.key, f.key): f for d in main.discover().values() for f in d.flows}
    home = main.home()
    database = main.place(home).database
    found = _finding(home) if search and not check else None
    with bar("rebuild") as on_progress:
        if check:
            done = replaying.compare(database, flows, on_progress)
        else:
            done = replaying.rebuild(database, flows, on_progress, found)
    said = {"facts": done.facts, "matters": done.matters, "different": done.different[:20]}
    result(said, as_json=as_json, title="rebuild")
    raise typer.Exit(1 if done.different else 0)


def _finding(home: Path) -> Finding:
    world = main.open_world(home, index=False)
    allowed = finding(world)
    world.store.close()
    return allowed
