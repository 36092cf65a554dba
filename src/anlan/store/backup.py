"""Backup and restore of an installation: the record in one place, the keys that open it in another.

A set is a folder named by its moment (UTC), whole or not there. The record: `anlan.db`, `files/`, `reports/`, `city/`.
The keys: `keys.db`, `keys/`. Each has a manifest with the SHA-256 of every file, and the ledgers' heads of the moment.
The record is copied before the keys: what it names can then be opened, and what was erased meanwhile cannot.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from anlan.loop.errors import Refused
from anlan.store.blobs import sync_folder
from anlan.store.database import Readers, disk_errors
from anlan.store.heads import Heads
from anlan.store.publish import written
from anlan.store.sqlite import Sqlite, named_errors, opened

MANIFEST, STAMP = "manifest.json", "%Y%m%dT%H%M%SZ"
DATABASE, KEYS_DATABASE, KEYS = "anlan.db", "keys.db", "keys"
NAMED = "SELECT hash FROM files UNION SELECT small FROM files WHERE small != ''", "SELECT hash FROM report_files"
CHUNK = 1 << 20
Progress = Callable[[int, int], None]


class Manifest(msgspec.Struct, frozen=True):
    """What a set holds: which (`record`, `keys`), when (UTC ms), the files' hashes, the ledgers' heads as notes."""

    part: str
    at: int
    files: dict[str, str]
    heads: list[str] = []


def backup(home: Path, to: Path, keys_to: Path, master: Path | None, at: int, *, together: bool = False) -> str:
    """Copy the installation at `home`, which may be running; answers the set's name. Both parts are on disk then.

    Raises Refused: backup.one_place, backup.inside, backup.exists, store.full.
    """
    _check_places(home, to, keys_to, together=together)
    name = datetime.fromtimestamp(at / 1000, UTC).strftime(STAMP)
    record, keys = to / f"{name}.part", keys_to / f"{name}-keys.part"
    if any((folder.with_suffix("")).exists() for folder in (record, keys)):
        raise Refused("backup.exists", name=name)
    try:
        with disk_errors(), named_errors():
            _copy_record(home, record, at)
            _copy_keys(home, keys, master or home / KEYS / "master.key", at)
            for folder in (keys, record):
                folder.rename(folder.with_suffix(""))
                sync_folder(folder.parent)
    finally:
        for folder in (record, keys):
            shutil.rmtree(folder, ignore_errors=True)
    return name


def keep(to: Path, keys_to: Path, count: int) -> list[str]:
    """Let go of all but the newest `count` sets; answers the names of those that went. Keys go first."""
    gone = sets(to)[: -count or None]
    for name in gone:
        shutil.rmtree(keys_to / f"{name}-keys", ignore_errors=True)
        shutil.rmtree(to / name)
    return gone


def sets(folder: Path) -> list[str]:
    """The names of the whole sets in a folder, oldest first."""
    return sorted(path.parent.name for path in folder.glob(f"*Z/{MANIFEST}"))


def chosen(folder: Path, until: int | None) -> Path:
    """The set itself, or the newest of a folder of them made no later than `until` (UTC ms). Raises backup.none."""
    if (folder / MANIFEST).exists():
        return folder
    last = datetime.fromtimestamp(until / 1000, UTC).strftime(STAMP) if until is not None else "~"
    found = [name for name in sets(folder) if name <= last]
    if not found:
        raise Refused("backup.none", folder=str(folder))
    return folder / found[-1]


def restore(record: Path, keys_from: Path, home: Path, on_progress: Progress | None = None) -> Manifest:
    """Bring a set into an empty home: looked at file by file first, and there as a whole or not at all.

    Raises Refused: backup.home_not_empty, backup.none, backup.not_a_pair, backup.spoilt.
    """
    if home.exists() and any(home.iterdir()):
        raise Refused("backup.home_not_empty", folder=str(home))
    keys = keys_from if (keys_from / MANIFEST).exists() else keys_from / f"{record.name}-keys"
    said, opens = manifest_of(record), manifest_of(keys)
    if (said.part, opens.part) != ("record", "keys") or said.at != opens.at:
        raise Refused("backup.not_a_pair", record=str(record), keys=str(keys))
    files = [(record, name, mark) for name, mark in said.files.items()]
    files += [(keys, name, mark) for name, mark in opens.files.items()]
    part = home.with_name(f".{home.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with disk_errors():
            for done, (source, name, mark) in enumerate(files, 1):
                _brought(source / name, part / name, mark)
                if on_progress:
                    on_progress(done, len(files))
            if home.exists():
                home.rmdir()
            part.rename(home)
            sync_folder(home.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return said


def manifest_of(folder: Path) -> Manifest:
    """A set's manifest. Raises Refused: backup.none, backup.spoilt."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise Refused("backup.none", folder=str(folder)) from None
    except msgspec.DecodeError:
        raise Refused("backup.spoilt", file=str(folder / MANIFEST)) from None


def _check_places(home: Path, to: Path, keys_to: Path, *, together: bool) -> None:
    here, there, inside = to.resolve(), keys_to.resolve(), home.resolve()
    if inside in {*here.parents, here, *there.parents, there}:
        raise Refused("backup.inside", folder=str(home))
    if not together and (here == there or here in there.parents or there in here.parents):
        raise Refused("backup.one_place", folder=str(to))


def _copy_record(home: Path, folder: Path, at: int) -> None:
    folder.mkdir(parents=True)
    copy = folder / DATABASE
    connection = opened(home / DATABASE, read_only=True)
    connection.execute("VACUUM INTO ?", (str(copy),))
    connection.close()
    snapshot = Readers(Sqlite(copy))
    for sql, where in zip(NAMED, ("files", "reports"), strict=True):
        for (name,) in snapshot.connection().execute(sql).fetchall():
            source = home / where / name[:2] / name
            if source.exists():  # else it was erased since: the live record does not name it either
                _copied(source, folder / where / name[:2] / name)
    for source in _below(home / "city"):
        _copied(source, folder / source.relative_to(home))
    public = home / KEYS / "ledger.pub"
    _copied(public, folder / KEYS / public.name)
    kept = Heads(snapshot, bytes.fromhex(public.read_text("ascii").strip()))
    notes = [head.note.to_bytes().decode() for head in kept.newest()]
    snapshot.connection().close()
    _finish(folder, Manifest("record", at, {}, notes))


def _copy_keys(home: Path, folder: Path, master: Path, at: int) -> None:
    folder.mkdir(parents=True, mode=0o700)
    connection = opened(home / KEYS_DATABASE, read_only=True)
    connection.execute("VACUUM INTO ?", (str(folder / KEYS_DATABASE),))
    connection.close()
    _copied(master, folder / KEYS / "master.key")
    _copied(home / KEYS / "ledger.key", folder / KEYS / "ledger.key")
    for secret in ("anlan.toml", "mqtt_units.json"):
        if (home / secret).exists():
            _copied(home / secret, folder / secret)
    _finish(folder, Manifest("keys", at, {}))


def _finish(folder: Path, said: Manifest) -> None:
    """Put every file on disk, and the manifest after them."""
    files = {}
    for path in sorted(_below(folder)):
        with path.open("rb") as file:
            os.fsync(file.fileno())
        files[str(path.relative_to(folder))] = _mark(path)
    written(folder / MANIFEST, msgspec.json.encode(msgspec.structs.replace(said, files=files)))
    sync_folder(folder)


def _brought(source: Path, target: Path, mark: str) -> None:
    if not source.is_file():
        raise Refused("backup.spoilt", file=str(source))
    _copied(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    if _mark(target) != mark:
        raise Refused("backup.spoilt", file=str(source))


def _copied(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _mark(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()
