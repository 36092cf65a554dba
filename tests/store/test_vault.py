"""Personal data: sealed, bound to its id, findable by a keyed print only, and gone when it is erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anlan.app.redact import redacted
from anlan.engines.text import search_terms
from anlan.loop.errors import Broken, Conflict
from anlan.store.commit import Commit
from anlan.store.verify import verify

PHONE, NAME = "13812345678", "欧阳翠兰"
SECRET = "ZqxMarker"


def bytes_of(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file() and path.suffix != ".key")


def sealed(desk: Any, *values: Any) -> list[str]:
    commit = Commit(at=1, actor="system", year=2026)
    ids = [f"t{i}" for i in range(len(values))]
    for box_id, value in zip(ids, values, strict=True):
        desk.store.vault.seal(commit, box_id, [(box_id, value)])
    desk.write(commit)
    return ids


def run(desk: Any, sql: str, *values: bytes) -> None:
    desk.write(Commit(at=1, actor="system", year=2026, rows=[(sql, values)]))


def test_what_is_sealed_opens_again(desk: Any) -> None:
    ids = sealed(desk, {"text": "你好"}, ["a", 1])
    assert desk.store.vault.open([*ids, "", "unknown"]) == {"t0": {"text": "你好"}, "t1": ["a", 1]}
    assert desk.store.vault.open([]) == {}
    desk.reopen()
    assert desk.store.vault.open(ids)["t0"] == {"text": "你好"}


def test_the_parts_of_a_file_open_each_as_itself(desk: Any) -> None:
    commit = Commit(at=1, actor="system", year=2026)
    parts = desk.store.vault.seal_file(commit, "f0", {"name": "x.jpg"}, {"full": b"large", "small": b"s"})
    desk.write(commit)
    assert desk.store.vault.open(["f0"]) == {"f0": {"name": "x.jpg"}}
    assert desk.store.vault.open_file("f0", "full", parts["full"]) == b"large"
    assert desk.store.vault.open_file("f1", "full", parts["full"]) is None
    with pytest.raises(Broken):
        desk.store.vault.open_file("f0", "small", parts["full"])


def test_boxes_cannot_be_swapped(desk: Any) -> None:
    commit = Commit(at=1, actor="system", year=2026)
    desk.store.vault.seal(commit, "k", [("a", "one"), ("b", "two")])
    desk.write(commit)
    run(desk, "UPDATE sealed SET box = (SELECT s.box FROM sealed s WHERE s.id != sealed.id)")
    with pytest.raises(Broken, match="does not open"):
        desk.store.vault.open(["a"])


@pytest.mark.parametrize("change", ["key = 't1'", "box = zeroblob(60)", "box = ?"])
def test_a_tampered_box_is_broken(desk: Any, change: str) -> None:
    sealed(desk, "one", "two")
    run(desk, f"UPDATE sealed SET {change} WHERE id = 't0'", *[b"\x01" + bytes(60)] * change.count("?"))
    with pytest.raises(Broken):
        desk.store.vault.open(["t0"])


def test_an_erased_key_leaves_nothing_to_open(desk: Any) -> None:
    ids = sealed(desk, "one", "two")
    desk.write(Commit(at=1, actor="system", year=2026, destroys=["t0"]))
    assert desk.store.vault.open(ids) == {"t1": "two"}


def test_a_refused_commit_destroys_no_key(desk: Any) -> None:
    matter = desk.opened()
    desk.noted(1, matter)
    with pytest.raises(Conflict):
        desk.write(desk.change(matter, ("noted", {}), destroys=[matter.text]))
    assert matter.text in desk.store.vault.open([matter.text])


def test_a_person_is_found_by_telephone_and_only_with_the_key(desk: Any, tmp_path: Path) -> None:
    matter = desk.opened(phone=PHONE)
    assert desk.store.vault.party_of(desk.store.vault.blind(PHONE)) == matter.parties[0].party
    assert desk.store.vault.party_of(desk.store.vault.blind("13800000000")) is None
    other = type(desk)(tmp_path / "other")
    assert other.store.vault.blind(PHONE) != desk.store.vault.blind(PHONE)
    other.store.close()


def test_no_plain_text_reaches_the_files(disk: Any) -> None:
    title, text = redacted("夜间噪声"), f"请回电{PHONE}，{SECRET}"
    commit = disk.create(phone=PHONE, name=NAME, title=title, text=text)
    commit.shown.terms = " ".join(search_terms(redacted(title)))
    matter = disk.write(commit).matters[0]
    assert disk.store.vault.open([matter.text])[matter.text]["text"] == text
    for _ in range(2):
        raw = bytes_of(disk.home)
        assert b"matters_by_lead" in raw, "the files are read"
        for plain in (PHONE, PHONE[2:], NAME, SECRET):
            assert plain.encode() not in raw, plain
        disk.reopen()


def test_an_erased_text_leaves_no_byte_in_the_files(disk: Any) -> None:
    keep = disk.opened(title="别的事", text="别的内容")
    matter = disk.opened(title=f"标题{SECRET}", text=f"正文{SECRET}", features=SECRET.encode())
    box = disk.store.readers.connection().execute("SELECT box FROM sealed WHERE id = ?", (matter.text,)).fetchone()[0]
    terms = [t for t in search_terms(SECRET) if len(t) > 3]
    before = bytes_of(disk.home)
    assert all(part in before for part in (SECRET.encode(), box, terms[0].encode()))
    erase = [("DELETE FROM sealed WHERE id = ?", (matter.text,))]
    gone = {"rows": erase, "forgets": [matter.number], "destroys": [matter.text]}
    disk.write(disk.change(matter, ("noted", {}), **gone))
    raw = bytes_of(disk.home)
    assert box not in raw
    assert SECRET.encode() not in raw
    assert not [term for term in terms if term.encode() in raw]
    assert disk.store.vault.open([matter.text, keep.text]).keys() == {keep.text}
    disk.store.close()
    assert verify(disk.store.database, disk.store.public_key).faults == []


def test_a_reader_in_the_way_only_delays_the_emptying_of_the_logs(disk: Any) -> None:
    ids = sealed(disk, "one", "two")
    log = disk.home / "anlan.db-wal"
    reader = disk.store.database.connect(read_only=True)
    reading = reader.execute("SELECT * FROM sealed")
    next(reading)
    assert not disk.write(Commit(at=1, actor="system", year=2026, destroys=["t0"])).replayed
    assert disk.store.vault.open(ids) == {"t1": "two"}
    assert log.stat().st_size > 0
    reading.close()
    reader.close()
    disk.opened()
    assert log.stat().st_size == 0, "the next batch emptied it"
