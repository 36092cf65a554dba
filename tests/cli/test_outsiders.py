"""`anlan ledger …` from a fresh record to a co-signed one, as an operator and another party would type it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import anlan_verify
from anlan.app import accounts
from anlan.app.world import World
from anlan.cli import app
from anlan.loop.ledger import included
from anlan.loop.note import checkpoint_of, note_of


@pytest.fixture
def home(world: World, somebody: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose server was stopped: its ledger is signed."""
    who = somebody("operator")
    for n in range(5):
        world.store.writer.submit(accounts.add(world, f"9{n}", who.unit, who.roles, "long enough"))
    world.store.close()
    monkeypatch.setenv("ANLAN_HOME", str(world.store.home))
    return world.store.home


def said(*words: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, ["ledger", *words, "--json"])
    assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
    return json.loads(done.stdout) if code != 2 else done.stderr


def test_published_witnessed_co_signed_proved_exported_and_checked(
    home: Path, world: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path_factory.mktemp("away")
    kept, witness = away / "kept", away / "witness"
    (printed,) = said("print")
    (head,) = said("publish", str(kept))
    assert (printed["size"], printed["root"].replace(" ", "")) == (head["size"], head["root"])
    assert said("publish", str(kept)) == []
    asked = ("witness", str(kept), "--name", "audit.example", "--folder", str(witness), "--key", printed["key"])
    assert said(*asked) == [{"ledger": world.ledger, "size": head["size"], "said": "signed"}]
    key = CliRunner().invoke(app, ["ledger", *asked]).stderr.strip().splitlines()[0]
    note = witness / f"{world.ledger}.note"
    assert "ledger.no_witness" in said("cosign", str(note), code=2)
    monkeypatch.setenv("ANLAN_WITNESSES", key)
    assert said("cosign", str(note)) == {"ledger": world.ledger, "size": head["size"]}
    assert said("print")[0]["witnesses"] == "audit.example"
    proof = said("prove", world.ledger, "3")
    path, root = [bytes.fromhex(step) for step in proof["path"]], bytes.fromhex(proof["root"])
    assert included(bytes.fromhex(proof["leaf"]), 3, proof["size"], path, root)
    assert checkpoint_of(note_of(proof["checkpoint"].encode()).text).root == proof["root"]
    assert "ledger.no_entry" in said("prove", world.ledger, "99", code=2)
    assert said("export", str(away / "export"))["facts"] == head["size"]
    assert "ledger.folder_not_empty" in said("export", str(away / "export"), code=2)
    verdict = anlan_verify.verify(away / "export", "", kept, [key])
    assert (verdict["faults"], verdict["cosigned"]) == ([], {"audit.example": 1})


def test_a_witness_says_no_to_another_key_and_a_folder_is_needed(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    away = tmp_path_factory.mktemp("away")
    said("publish", str(away / "kept"))
    other = "anlan/370200+" + anlan_verify.mark("anlan/370200", 1, bytes(32)).hex() + "+AQ" + "A" * 42
    asked = ("witness", str(away / "kept"), "--name", "x", "--folder", str(away / "w"), "--key", other)
    assert [row["said"] for row in said(*asked, code=1)] == ["ledger.not_ours"]
    assert "ANLAN_CHECKPOINTS" in said("publish", code=2)
    assert "ledger.not_a_key" in said(*asked[:-1], "nonsense", code=2)
