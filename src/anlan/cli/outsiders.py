"""`anlan ledger …`: the ledgers' heads published, printed, proved, exported, and witnessed by another party."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import typer

from anlan import main
from anlan.api.ledger import cosigned_by, witnesses
from anlan.app.witness import Fetch, Witness
from anlan.app.world import utc_now_ms
from anlan.cli.show import bar, refusals, result
from anlan.loop.errors import Refused
from anlan.loop.note import key_of
from anlan.store.export import export as exporting
from anlan.store.heads import grouped
from anlan.store.publish import publish as publishing
from anlan.store.store import heads_at

app = typer.Typer(no_args_is_help=True, help="The ledgers for outsiders: heads, proofs, exports, witnesses.")
JSON = typer.Option(False, "--json")
FETCH_SECONDS = 30


@app.command("publish")
def publish(
    folder: Path | None = typer.Argument(None, help="By default the setting `checkpoints`."), as_json: bool = JSON
) -> None:
    """Bring a folder up to the newest signed heads, with their tiles. Refused when it holds other than ours."""
    with refusals():
        heads, said = heads_at(main.place(main.home())), main.settings().checkpoints
        if folder is None and not said:
            raise Refused("settings.wrong", name="ANLAN_CHECKPOINTS", why="not set")
        new = publishing(heads, folder or Path(said))
    result([msgspec.to_builtins(head.checkpoint) for head in new], as_json=as_json, title="published")


@app.command("print")
def print_heads(as_json: bool = JSON) -> None:
    """Each ledger's newest head, to read out, print or write down: size, root in groups, moment, key."""
    with refusals():
        heads = heads_at(main.place(main.home()))
        rows = [
            {
                "ledger": head.checkpoint.ledger,
                "size": head.checkpoint.size,
                "root": grouped(head.checkpoint.root),
                "at": datetime.fromtimestamp(head.checkpoint.at / 1000, UTC).isoformat(timespec="seconds"),
                "key": heads.key(head.checkpoint.ledger).text(),
                "witnesses": ", ".join(one.name for one in head.note.signatures[1:]),
            }
            for head in heads.newest()
        ]
    result(rows, as_json=as_json, title="ledgers")


@app.command("prove")
def prove(ledger: str, seq: int, as_json: bool = JSON) -> None:
    """The proof that entry SEQ is on a ledger, up to its newest signed head (RFC 9162, 2.1.3)."""
    with refusals():
        found = heads_at(main.place(main.home())).proof_at(ledger, seq)
    result(msgspec.to_builtins(found), as_json=as_json, title="proof")


@app.command("export")
def export(folder: Path, as_json: bool = JSON) -> None:
    """Facts, tiles, checkpoints, co-signatures and keys for verify/anlan_verify.py. Stop the server, or let it run."""
    with refusals(), bar("export") as on_progress:
        facts = exporting(heads_at(main.place(main.home())), folder, on_progress)
    result({"facts": facts, "folder": str(folder)}, as_json=as_json, title="export")


@app.command("witness")
def witness(
    source: str = typer.Argument(..., help="Where the ledgers are published: an address or a folder."),
    name: str = typer.Option(..., help="The witness's own name, such as audit.example/anlan."),
    folder: Path = typer.Option(..., help="Its key and its memory."),
    key: str = typer.Option(..., help="The key of the installation's ledgers, as `anlan ledger print` says it."),
    as_json: bool = JSON,
) -> None:
    """As another party: check that every head continues the one signed before, and only then sign it.

    An address is sent the signature; for a folder the co-signed notes are left in the witness's own folder.
    """
    with refusals():
        fetch, by = _fetch(source), Witness(name, folder, key_of(key).public)
        signed, refused = [], []
        for ledger in _ledgers(source, fetch):
            try:
                head, note = by.look(ledger, fetch, utc_now_ms() // 1000)
                _send(source, note, folder / f"{ledger}.note")
                signed.append({"ledger": ledger, "size": head.size, "said": "signed"})
            except Refused as no:
                refused.append({"ledger": ledger, "size": no.params.get("size"), "said": no.code})
    typer.echo(by.key.text(), err=True)
    result(signed + refused, as_json=as_json, title="witness")
    raise typer.Exit(1 if refused else 0)


@app.command("cosign")
def cosign(note: Path, as_json: bool = JSON) -> None:
    """Take in a note that a witness signed elsewhere. Stop the server first, or post it to the address."""
    with refusals():
        world = main.open_world(index=False)
        known = witnesses(main.settings().witnesses)
        signed, rows = world.store.heads.cosignature(note.read_bytes(), known)
        world.store.writer.submit(cosigned_by(world, rows))
        world.store.close()
    result({"ledger": signed.ledger, "size": signed.size}, as_json=as_json, title="co-signed")


def _fetch(source: str) -> Fetch:
    if not source.startswith(("http://", "https://")):
        return lambda path: (Path(source) / path).read_bytes()

    def get(path: str) -> bytes:
        address = f"{source.rstrip('/')}/ledger/{path}"
        with urllib.request.urlopen(address, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - http and https only, above
            body: bytes = answer.read()
            return body

    return get


def _ledgers(source: str, fetch: Callable[[str], bytes]) -> list[str]:
    if source.startswith(("http://", "https://")):
        return [str(head["ledger"]) for head in msgspec.json.decode(fetch("heads"))]
    return sorted(path.parent.name for path in Path(source).glob("*/checkpoint"))


def _send(source: str, note: bytes, beside: Path) -> None:
    if not source.startswith(("http://", "https://")):
        beside.write_bytes(note)
        return
    address = f"{source.rstrip('/')}/api/v1/ledger/cosignatures"
    asked = urllib.request.Request(address, note, {"Content-Type": "text/plain"}, method="POST")  # noqa: S310 - as above
    with urllib.request.urlopen(asked, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - as above
        answer.read()
