"""A witness signs what continues, refuses a fork and a shrink, and does not forget; so does a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from anlan.app.witness import Witness
from anlan.loop.errors import Refused
from anlan.loop.note import checkpoint_of, key_of, note_of
from anlan.store.heads import cosigners
from anlan.store.publish import behind, publish
from anlan.store.store import Place, Store

LEDGER, SECRETS = "370202", (b"m" * 32, b"s" * 32)


def store_at(home: Path) -> Store:
    home.mkdir()
    return Store(Place(home), secrets=SECRETS)


def grown(store: Store, bodies: list[bytes], at: int = 1) -> None:
    """More facts on the ledger, signed."""
    trees, connection = store.writer.trees, store.writer.connection
    with connection:
        trees.begin()
        tree = trees.of(LEDGER)
        for body in bodies:
            row = (tree.no, tree.append(body), 1, 1, body)
            connection.execute("INSERT INTO facts (ledger, seq, matter, version, body) VALUES (?, ?, ?, ?, ?)", row)
        trees.write(at, checkpoint=True)


def facts(first: int, count: int) -> list[bytes]:
    return [b"fact %d" % i for i in range(first, first + count)]


def looking(witness: Witness, kept: Path) -> bytes:
    return witness.look(LEDGER, lambda path: (kept / path).read_bytes(), 1_790_000_000)[1]


def test_a_witness_signs_what_continues(tmp_path: Path) -> None:
    store, kept = store_at(tmp_path / "home"), tmp_path / "kept"
    witness = Witness("audit.example", tmp_path / "witness", store.public_key)
    for size in (3, 256, 1, 511, 700):
        grown(store, facts(0, size))
        assert len(publish(store.heads, kept)) == 1
        note = note_of(looking(witness, kept))
        assert list(cosigners(note, [witness.key])) == ["audit.example"]
        assert witness.remembered(LEDGER) == checkpoint_of(note.text)
    assert publish(store.heads, kept) == []
    again = Witness("audit.example", tmp_path / "witness", store.public_key)
    assert again.key == witness.key == key_of(witness.key.text())
    store.close()


def test_a_witness_and_a_folder_refuse_a_fork_and_a_shrink(tmp_path: Path) -> None:
    store, kept = store_at(tmp_path / "home"), tmp_path / "kept"
    witness = Witness("audit.example", tmp_path / "witness", store.public_key)
    grown(store, facts(0, 300))
    publish(store.heads, kept)
    looking(witness, kept)
    for name, bodies, code in (("fork", facts(1, 400), "forked"), ("shrink", facts(0, 200), "behind")):
        other, theirs = store_at(tmp_path / name), tmp_path / f"{name} kept"
        grown(other, bodies)
        publish(other.heads, theirs)
        with pytest.raises(Refused, match=f"ledger.{code}"):
            looking(witness, theirs)
        with pytest.raises(Refused, match=f"ledger.{code}"):
            publish(other.heads, kept)
        assert [refused.code for refused in behind(other.heads, kept)] == [f"ledger.{code}"]
        other.close()
    assert (witness.remembered(LEDGER) or checkpoint_of(b"")).size == 300
    assert behind(store.heads, kept) == []
    store.close()


def test_a_witness_refuses_another_key_wrong_tiles_and_what_is_no_note(tmp_path: Path) -> None:
    store, kept = store_at(tmp_path / "home"), tmp_path / "kept"
    grown(store, facts(0, 300))
    publish(store.heads, kept)
    store.close()
    with pytest.raises(Refused, match=r"ledger\.not_ours"):
        looking(Witness("a", tmp_path / "a", bytes(32)), kept)
    witness = Witness("b", tmp_path / "b", store.public_key)
    tile = kept / LEDGER / "tile" / "1" / "000.p" / "1"
    whole = tile.read_bytes()
    tile.write_bytes(bytes(len(whole)))
    with pytest.raises(Refused, match=r"ledger\.forked"):
        looking(witness, kept)
    tile.write_bytes(whole[:-32])
    with pytest.raises(Refused, match=r"ledger\.tiles_missing"):
        looking(witness, kept)
    tile.unlink()
    with pytest.raises(Refused, match=r"ledger\.tiles_missing"):
        looking(witness, kept)
    (kept / LEDGER / "checkpoint").write_bytes(b"hello")
    with pytest.raises(Refused, match=r"ledger\.not_a_note"):
        looking(witness, kept)
    assert witness.remembered(LEDGER) is None


def test_an_older_state_that_was_restored_is_said(tmp_path: Path) -> None:
    store, kept = store_at(tmp_path / "home"), tmp_path / "kept"
    grown(store, facts(0, 20))
    store.writer.connection.execute("VACUUM INTO ?", (str(tmp_path / "old.db"),))
    grown(store, facts(20, 20))
    publish(store.heads, kept)
    store.close()
    (tmp_path / "restored").mkdir()
    shutil.copy(tmp_path / "old.db", tmp_path / "restored" / "anlan.db")
    older = Store(Place(tmp_path / "restored"), secrets=SECRETS)
    assert [(no.code, no.params["size"], no.params["published"]) for no in behind(older.heads, kept)] == [
        ("ledger.behind", 20, 40)
    ]
    older.close()
