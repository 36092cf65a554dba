"""`anlan copy`: a whole installation from SQLite into PostgreSQL, back, or from one server to another."""

from __future__ import annotations

import shutil
from pathlib import Path

import typer

from anlan import main
from anlan.app.reindex import Finding, finding
from anlan.cli.show import bar, refusals, result
from anlan.loop.errors import Refused
from anlan.store import rebuild as replaying
from anlan.store.copy import KEY_TABLES, TABLES
from anlan.store.copy import copy as copied
from anlan.store.secrets import signer
from anlan.store.store import Place
from anlan.store.verify import verify

FOLDERS = ("keys", "city", "files", "reports")
"""What lies in a home beside its databases."""
WHERE = "`sqlite:FOLDER`, or `postgresql://…` (then keys and files are those of ANLAN_HOME)."


def copy(
    source: str = typer.Option(..., "--from", help=WHERE),
    target: str = typer.Option(..., "--to", help=f"{WHERE} Must be empty."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Copy record, state, wrapped keys and files; then verify both ends. Stop the server first. Exit code 1 when the
    ends differ."""
    flows = {(d.key, f.key): f for d in main.discover().values() for f in d.flows}
    with refusals():
        here, there = _place(source), _place(target)
        if here == there:
            raise Refused("copy.same")
        if not here.url and not (here.home / "anlan.db").exists():
            raise Refused("copy.where", url=source)
        there.home.mkdir(parents=True, exist_ok=True)
        with bar("keys") as on_progress:
            keys = copied(here.keys, there.keys, KEY_TABLES, on_progress)
        with bar("rows") as on_progress:
            rows = copied(here.database, there.database, TABLES, on_progress)
        _folders(here.home, there.home)
        with bar("search") as on_progress:
            replaying.rebuild(there.database, flows, on_progress, _finding(there))
    public = signer(there.secrets()[1])[1]
    ends = [verify(place.database, public) for place in (here, there)]
    replayed = replaying.compare(there.database, flows)
    said = {
        "facts": ends[1].facts,
        "matters": replayed.matters,
        "keys": keys.rows["keys"],
        "rows": sum(rows.rows.values()),
        "faults_from": len(ends[0].faults),
        "faults_to": len(ends[1].faults),
        "different": keys.different + rows.different + [str(number) for number in replayed.different[:20]],
    }
    result(said, as_json=as_json, title="copy")
    raise typer.Exit(1 if said["different"] or said["faults_from"] or said["faults_to"] else 0)


def _place(named: str) -> Place:
    if named.startswith(("postgresql://", "postgres://")):
        return Place(main.home(), main.place(main.home()).master, named)
    if named.startswith("sqlite:"):
        return Place(Path(named.removeprefix("sqlite:")).absolute())
    raise Refused("copy.where", url=named.partition(":")[0])


def _finding(there: Place) -> Finding:
    world = main.open_world(there, index=False)
    allowed = finding(world)
    world.store.close()
    return allowed


def _folders(here: Path, there: Path) -> None:
    """What lies beside the database, unless both have it in one home."""
    if here != there:
        for name in FOLDERS:
            if (here / name).exists():
                shutil.copytree(here / name, there / name, dirs_exist_ok=True)
