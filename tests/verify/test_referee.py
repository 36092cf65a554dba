"""anlan-verify: one file that stands alone, reads exports and databases, and agrees with `anlan verify`."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

import anlan_verify
from anlan.app.witness import Witness
from anlan.store.export import export
from anlan.store.publish import publish
from anlan.store.sqlite import Sqlite, opened
from anlan.store.store import Place, Store
from anlan.store.verify import verify as own_verify
from anlan_verify import Fault

from .conftest import AT, NAME, PUBLIC, appended, bodies

SCRIPT = Path(anlan_verify.__file__)


def test_it_is_one_short_file_that_imports_nothing_of_the_application() -> None:
    text = SCRIPT.read_text("utf-8")
    assert text.count("\n") <= 300
    names = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert all(name.split(".")[0] in {*sys.stdlib_module_names, "cryptography"} for name in names)


def test_copied_elsewhere_it_judges_an_export_and_a_database(store: Store, tmp_path: Path) -> None:
    appended(store, bodies(700))
    export(store.heads, tmp_path / "export")
    store.close()
    alone = tmp_path / "elsewhere" / "check.py"
    alone.parent.mkdir()
    alone.write_bytes(SCRIPT.read_bytes())

    def run(*said: str) -> tuple[int, Any]:
        done = subprocess.run([sys.executable, "-I", str(alone), *said], capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    assert run(str(tmp_path / "export")) == (0, {"entries": 700, "heads": 3, "cosigned": {}, "faults": []})
    assert run(str(store.home / "anlan.db"), "--key", PUBLIC.hex())[0] == 0
    assert run(str(tmp_path / "nothing"))[0] == 2
    facts = tmp_path / "export" / NAME / "facts.ndjson"
    facts.write_bytes(facts.read_bytes().replace(b'"version":650}', b'"version":651}'))
    code, said = run(str(tmp_path / "export"))
    assert (code, said["faults"]) == (1, [{"ledger": NAME, "seq": 650, "kind": "changed", "to": None}])


def changed(connection: apsw.Connection) -> None:
    connection.execute("UPDATE facts SET body = CAST('{}' AS BLOB) WHERE seq = 599")


def deleted(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM facts WHERE seq = 300")


def closed_up(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM facts WHERE seq = 610")
    connection.execute("UPDATE facts SET seq = -1 - seq WHERE seq > 610")
    connection.execute("UPDATE facts SET seq = -2 - seq WHERE seq < 0")


def swapped(connection: apsw.Connection) -> None:
    connection.execute("UPDATE facts SET seq = -1 WHERE seq = 640")
    connection.execute("UPDATE facts SET seq = 640 WHERE seq = 641")
    connection.execute("UPDATE facts SET seq = 641 WHERE seq = -1")


def cut(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM facts WHERE seq >= 620")


def beyond(connection: apsw.Connection) -> None:
    columns = "ledger, 700, matter, 701, body"
    connection.execute(
        f"INSERT INTO facts (ledger, seq, matter, version, body) SELECT {columns} FROM facts WHERE seq = 9"
    )


def resigned(connection: apsw.Connection) -> None:
    connection.execute("UPDATE checkpoints SET signature = zeroblob(64) WHERE size = 700")


def tile(connection: apsw.Connection) -> None:
    connection.execute("UPDATE tiles SET hashes = zeroblob(8192) WHERE idx = 1")


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (changed, Fault(NAME, 599, "changed")),
        (deleted, Fault(NAME, 300, "deleted")),
        (closed_up, Fault(NAME, 610, "deleted")),
        (swapped, Fault(NAME, 640, "moved")),
        (cut, Fault(NAME, 620, "truncated")),
        (beyond, Fault(NAME, 700, "inserted")),
        (resigned, Fault(NAME, 699, "signature")),
        (tile, Fault(NAME, 256, "tiles")),
    ],
)
def test_referee_and_installation_find_the_same_entry(
    store: Store, tamper: Callable[[apsw.Connection], None], expected: Fault
) -> None:
    appended(store, bodies(700))
    store.close()
    connection = opened(store.home / "anlan.db")
    with connection:
        tamper(connection)
    connection.close()
    assert anlan_verify.verify(store.home / "anlan.db", PUBLIC.hex())["faults"] == [expected]
    assert [(one.ledger, one.seq) for one in own_verify(Sqlite(store.home / "anlan.db"), PUBLIC).faults] == [
        (NAME, expected.seq)
    ]


def test_an_older_state_and_a_rewrite_show_against_what_was_published(store: Store, tmp_path: Path) -> None:
    facts = bodies(900)
    appended(store, facts[:600])
    old = tmp_path / "old.db"
    store.writer.connection.execute("VACUUM INTO ?", (str(old),))
    appended(store, facts[600:])
    publish(store.heads, tmp_path / "kept")
    store.close()
    assert anlan_verify.verify(old, PUBLIC.hex())["faults"] == []
    assert anlan_verify.verify(old, PUBLIC.hex(), tmp_path / "kept")["faults"] == [Fault(NAME, 600, "truncated")]
    (tmp_path / "again").mkdir()
    again = Store(Place(tmp_path / "again"), secrets=(b"m" * 32, b"s" * 32))
    appended(again, [*facts[:444], b"{}", *facts[445:]])
    again.close()
    assert anlan_verify.verify(again.home / "anlan.db", PUBLIC.hex())["faults"] == []
    found = anlan_verify.verify(again.home / "anlan.db", PUBLIC.hex(), tmp_path / "kept")["faults"]
    assert found == [Fault(NAME, 444, "fork")]
    only_head = tmp_path / "kept" / NAME / "checkpoint"
    assert anlan_verify.verify(again.home / "anlan.db", PUBLIC.hex(), only_head)["faults"] == [
        Fault(NAME, 0, "fork", 899)
    ]


def test_another_key_and_a_ledger_that_is_gone_show(store: Store, tmp_path: Path) -> None:
    appended(store, bodies(20))
    publish(store.heads, tmp_path / "kept")
    store.close()
    (tmp_path / "other").mkdir()
    other = Store(Place(tmp_path / "other"), secrets=(b"m" * 32, b"o" * 32))
    appended(other, bodies(20))
    appended(other, bodies(3), name="370203")
    export(other.heads, tmp_path / "export")
    found = anlan_verify.verify(tmp_path / "export", "", tmp_path / "kept")["faults"]
    assert [one.kind for one in found if one.ledger == NAME] == ["signature"]
    publish(other.heads, tmp_path / "theirs")
    found = anlan_verify.verify(store.home / "anlan.db", PUBLIC.hex(), tmp_path / "theirs")["faults"]
    assert Fault("370203", 0, "truncated") in found
    other.close()


def test_co_signatures_are_counted_for_a_witness_that_is_known(store: Store, tmp_path: Path) -> None:
    appended(store, bodies(300))
    publish(store.heads, tmp_path / "kept")
    witness = Witness("audit.example", tmp_path / "witness", PUBLIC)
    _, note = witness.look(NAME, lambda path: (tmp_path / "kept" / path).read_bytes(), AT // 1000)
    _, rows = store.heads.cosignature(note, [witness.key])
    for sql, values in rows:
        store.writer.connection.execute(sql, values)
    export(store.heads, tmp_path / "export")
    store.close()
    for path in (store.home / "anlan.db", tmp_path / "export"):
        said = anlan_verify.verify(path, PUBLIC.hex(), witnesses=[witness.key.text()])
        assert (said["faults"], said["cosigned"]) == ([], {"audit.example": 1})
    stranger = Witness("audit.example", tmp_path / "stranger", PUBLIC).key.text()
    assert anlan_verify.verify(store.home / "anlan.db", PUBLIC.hex(), witnesses=[stranger])["cosigned"] == {
        "audit.example": 0
    }
