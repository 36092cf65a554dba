"""`anlan backup` and `anlan restore`: the record in one place, its keys in another; verified when it is back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from anlan import main
from anlan.api.problems import text_of
from anlan.app.world import utc_now_ms
from anlan.cli.show import bar, errors, refusals, result
from anlan.loop.errors import Refused
from anlan.store import backup as sets
from anlan.store import verify as checking
from anlan.store.database import Readers
from anlan.store.files import Files
from anlan.store.publish import behind
from anlan.store.sqlite import Sqlite
from anlan.store.store import Place, heads_at

JSON = typer.Option(False, "--json")


def backup(
    to: Path = typer.Argument(..., help="Where the sets of the record go: another disk or machine."),
    keys: Path = typer.Option(..., help="Where the keys go: somewhere else."),
    together: bool = typer.Option(False, help="Let record and keys lie in one place all the same."),
    keep: int = typer.Option(0, min=0, help="Let go of all but so many sets; 0 keeps every one."),
    as_json: bool = JSON,
) -> None:
    """Copy the whole installation while it runs: database, files, reports, city; and, apart, what opens it."""
    with refusals():
        said, home = main.settings(), main.home()
        if main.place(home).url:
            raise Refused("backup.elsewhere")
        master = Path(said.master_key_file) if said.master_key_file else None
        name = sets.backup(home, to, keys, master, utc_now_ms(), together=together)
        gone = sets.keep(to, keys, keep) if keep else []
        made = sets.manifest_of(to / name)
    result({"set": name, "files": len(made.files), "heads": len(made.heads), "gone": gone}, as_json=as_json)


def restore(
    source: Path = typer.Argument(..., help="A set, or the folder of many: the newest is taken."),
    keys: Path = typer.Option(..., help="Where its keys are."),
    to: Path | None = typer.Option(None, help="The home, empty; by default ANLAN_HOME."),
    at: datetime | None = typer.Option(None, help="Of many sets the newest made by then (UTC)."),
    remembered: Path | None = typer.Option(None, help="Published heads to compare with; by default `checkpoints`."),
    as_json: bool = JSON,
) -> None:
    """Bring a set into an empty home and verify it. Says so when more had been published than it holds."""
    with refusals(), bar("restore") as on_progress:
        home, said = (to or main.home()).absolute(), main.settings()
        until = None if at is None else int(at.replace(tzinfo=UTC).timestamp() * 1000)
        record = sets.chosen(source, until)
        made = sets.restore(record, keys, home, on_progress)
    public = bytes.fromhex((home / "keys" / "ledger.pub").read_text("ascii").strip())
    verdict = checking.verify(Sqlite(home / "anlan.db"), public)
    spoilt = Files(home, Readers(Sqlite(home / "anlan.db"))).faults()
    kept = str(remembered or said.checkpoints)
    short = behind(heads_at(Place(home)), Path(kept)) if kept else []
    for refused in short:
        for language in ("zh", "en"):
            errors.print(text_of(refused.code, dict(refused.params), language), style="yellow")
    told = {
        "set": record.name,
        "at": made.at,
        "facts": verdict.facts,
        "faults": len(verdict.faults) + len(spoilt),
        "behind": [dict(refused.params) | {"code": refused.code} for refused in short],
    }
    result(told, as_json=as_json, title="restore")
    raise typer.Exit(1 if verdict.faults or spoilt else 0)
