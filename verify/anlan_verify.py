#!/usr/bin/env python3
"""anlan-verify: is a ledger of Anlan what it was? The independent referee: one file, no part of Anlan.

    python3 anlan_verify.py EXPORT [--remembered FOLDER] [--witness KEY]
    python3 anlan_verify.py anlan.db --key FILE_OR_HEX

Reads an export (`anlan ledger export`), or the SQLite file itself, read-only. Needs Python 3.11 and `cryptography`.
--remembered: heads kept earlier (a file, or a folder as `anlan ledger publish` leaves it); only they can show that the
key's owner rewrote history, or that an older state was restored. Exit code 0 only when nothing is wrong.

Kinds: changed (bit flip, or other content), deleted, inserted, moved, truncated, fork, clock (rolled back), signature,
tiles (the kept hashes, where the facts are right). `seq` is the first bad entry; `to`: or one up to here.
Formats: RFC 6962 hashing, C2SP signed notes and tiles.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, WITNESS, TILE = 1, 4, 256
COSIGNED = "SELECT line FROM cosignatures WHERE ledger = ? AND size = ?"
CLOCK_MS = 60_000  # heads may be signed so much before the last one: clocks are set right by little steps


@dataclass(frozen=True)
class Head:  # a signed head: which ledger, its size and root, when, the text that was signed, and the signatures
    ledger: str
    size: int
    root: bytes
    at: int
    text: bytes
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:  # what is wrong, and the first entry concerned (`to`: or one up to here)
    ledger: str
    seq: int
    kind: str
    to: int | None = None


@dataclass
class Ledger:  # one ledger as it lies there: entries by seq, kept leaf hashes, heads as they were read
    name: str
    size: int
    entries: dict[int, bytes]
    kept: list[bytes]
    heads: list[Head]
    keys: list[bytes]
    bad_notes: int = 0


def leaf(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


def roots_at(leaves: Sequence[bytes], sizes: Sequence[int]) -> dict[int, bytes]:
    """The root of the tree at each of these sizes."""
    wanted, found, peaks = set(sizes), dict[int, bytes](), list[bytes]()
    for count, bottom in enumerate(leaves, 1):
        node, rest = bottom, count - 1
        while rest & 1:
            node, rest = sha256(b"\x01" + peaks.pop() + node).digest(), rest >> 1
        peaks.append(node)
        if count in wanted:
            top = peaks[-1]
            for left in peaks[-2::-1]:
                top = sha256(b"\x01" + left + top).digest()
            found[count] = top
    return found


def mark(name: str, kind: int, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def head_of(note: bytes) -> Head:
    """A signed note as a head. Raises ValueError."""
    text, _, under = note.partition(b"\n\n")
    origin, size, root, at = text.decode("ascii").split("\n")
    lines = tuple(under.decode().splitlines())
    return Head(
        origin.removeprefix("anlan/"), int(size), b64decode(root), int(at.removeprefix("at ")), text + b"\n", lines
    )


def signed_by(head: Head, name: str, kind: int, public: bytes) -> bool:
    """Whether a log key (LOG) or a witness (WITNESS) signed a head."""
    for line in head.lines:
        try:
            _, who, coded = line.split(" ")
            raw = b64decode(coded, validate=True)
            moment = b"cosignature/v1\ntime %d\n" % int.from_bytes(raw[4:12], "big")
            text, signature = (moment + head.text, raw[12:]) if kind == WITNESS else (head.text, raw[4:])
            if (who, raw[:4]) == (name, mark(name, kind, public)):
                Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
                return True
        except (ValueError, InvalidSignature):
            continue
    return False


def is_ours(head: Head, keys: Sequence[bytes]) -> bool:
    return any(signed_by(head, f"anlan/{head.ledger}", LOG, key) for key in keys)


def key_of(text: str) -> tuple[str, int, bytes]:
    """name+mark+key → name, kind, public key. Raises ValueError."""
    name, _, coded = text.strip().split("+", 2)
    raw = b64decode(coded, validate=True)
    return name, raw[0], raw[1:]


def difference(entries: dict[int, bytes], kept: Sequence[bytes], size: int) -> tuple[int, str] | None:
    """The first entry that is not the one whose hash was kept, and how it came about; None where all agree."""
    count = max(entries, default=-1) + 1
    for at in range(max(count, len(kept))):
        if at not in entries:
            return at, "deleted" if count > at else "truncated"
        if at >= len(kept):
            return at, "inserted"
        if (here := leaf(entries[at])) == kept[at]:
            continue
        if count < len(kept) and here in kept[at + 1 :]:
            return at, "deleted"
        if count > len(kept) and any(leaf(entries[seq]) == kept[at] for seq in entries if seq > at):
            return at, "inserted"
        return at, "moved" if here in kept else "changed"
    return None if size == count else (count, "truncated") if size > count else (size, "inserted")


def judge(ledger: Ledger, remembered: Sequence[Head] = (), before: Sequence[bytes] = ()) -> list[Fault]:
    """Everything that is wrong with one ledger, the first bad entry first. `before`: leaf hashes kept elsewhere."""
    good, faults = checked_heads(ledger)
    now = [leaf(ledger.entries[seq]) for seq in sorted(ledger.entries)]
    sizes = [head.size for head in (*good, *remembered)]
    ours, theirs = roots_at(now, sizes), roots_at(ledger.kept, sizes)
    found = difference(ledger.entries, ledger.kept, ledger.size)
    wrong = [head for head in good if ours.get(head.size) != head.root]
    if found and all(theirs.get(head.size) == head.root for head in good):
        faults.append(Fault(ledger.name, *found))
    elif found and not wrong and found[1] != "inserted":
        faults.append(Fault(ledger.name, found[0], "tiles"))
    elif found or wrong:
        held = max((head.size for head in good if ours.get(head.size) == head.root), default=0)
        broken = min((head.size for head in wrong), default=ledger.size)
        faults.append(between(ledger.name, held, broken, now, before, "changed"))
    for head in remembered:
        if not is_ours(head, ledger.keys):
            faults.append(Fault(ledger.name, 0, "signature"))
        elif ours.get(head.size) != head.root:
            faults.append(between(ledger.name, 0, head.size, now, before, "fork"))
    return sorted(set(faults), key=lambda one: (one.seq, one.to or one.seq, one.kind))


def checked_heads(ledger: Ledger) -> tuple[list[Head], list[Fault]]:
    """The heads that the ledger's key signed, by size, and what is wrong with heads by themselves."""
    good, faults, last_at = list[Head](), list[Fault](), 0
    for head in sorted(ledger.heads, key=lambda one: one.size):
        if head.ledger != ledger.name or not is_ours(head, ledger.keys):
            faults.append(Fault(ledger.name, max(0, head.size - 1), "signature"))
            continue
        if good and good[-1].size == head.size and good[-1].root != head.root:
            faults.append(Fault(ledger.name, head.size - 1, "fork"))
        if head.at < last_at - CLOCK_MS:
            faults.append(Fault(ledger.name, head.size - 1, "clock"))
        good.append(head)
        last_at = max(last_at, head.at)
    if ledger.bad_notes or (ledger.size and not good):
        faults.append(Fault(ledger.name, max(0, ledger.size - 1), "signature"))
    return good, faults


def between(name: str, held: int, broken: int, now: Sequence[bytes], before: Sequence[bytes], kind: str) -> Fault:
    """The first `held` entries stand and the first `broken` do not: exactly where, when hashes were kept elsewhere."""
    other = next((at for at in range(min(len(now), len(before))) if now[at] != before[at]), None)
    if other is not None:
        return Fault(name, other, kind)
    if broken > len(now):
        return Fault(name, len(now), "truncated")
    return Fault(name, held, kind, broken - 1 if broken > held + 1 else None)


def from_export(folder: Path, public: bytes | None) -> Ledger:
    """One ledger's folder of an export; with its own key unless another is given."""
    bodies = (folder / "facts.ndjson").read_bytes().split(b"\n")
    entries = dict(enumerate(bodies[:-1] if bodies[-1] == b"" else bodies))
    heads, bad = notes((folder / "checkpoints").read_bytes())
    newest, bad_too = notes((folder / "checkpoint").read_bytes() + b"\n")
    heads += [head for head in newest if head not in heads]
    size = max((head.size for head in heads), default=len(entries))
    key = public or key_of((folder / "key").read_text("utf-8"))[2]
    return Ledger(folder.name, size, entries, tiles(folder / "tile"), heads, [key], bad + bad_too)


def tiles(folder: Path) -> list[bytes]:
    """The leaf hashes in a folder of tiles, as far as they follow each other; of a partial tile the longest."""
    found = list[bytes]()
    while True:
        *above, last = [f"{int(part):03d}" for part in f"{len(found) // TILE:,}".split(",")]
        path = folder.joinpath("0", *(f"x{part}" for part in above), last)
        partial = sorted(path.parent.glob(f"{path.name}.p/[0-9]*"), key=lambda one: int(one.name))
        full = path if path.is_file() else partial[-1] if partial else None
        hashes = full.read_bytes() if full else b""
        found += [hashes[i : i + 32] for i in range(0, len(hashes), 32)]
        if len(hashes) != TILE * 32:
            return found


def notes(raw: bytes) -> tuple[list[Head], int]:
    """The heads in notes that follow each other, each with an empty line after it; and how many cannot be read."""
    parts, heads = raw.split(b"\n\n"), list[Head]()
    bad = int(len(parts) % 2 == 0 or parts[-1] != b"")
    for text, under in zip(parts[::2], parts[1::2], strict=False):
        try:
            heads.append(head_of(text + b"\n\n" + under + b"\n"))
        except ValueError:
            bad += 1
    return heads, bad


def from_database(path: Path, public: bytes) -> list[Ledger]:
    """Every ledger of an SQLite file, read-only."""
    found, run = list[Ledger](), sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute
    for no, name, size in run("SELECT no, key, size FROM ledgers ORDER BY key").fetchall():
        entries = dict(run("SELECT seq, body FROM facts WHERE ledger = ? ORDER BY seq", (no,)))
        rows = run("SELECT hashes FROM tiles WHERE ledger = ? AND level = 0 ORDER BY idx", (no,)).fetchall()
        sql = "SELECT hashes FROM tails WHERE ledger = ? AND size / ? = ?"
        rows += run(sql, (no, TILE, len(rows))).fetchall()
        kept = [raw[i : i + 32] for (raw,) in rows for i in range(0, len(raw), 32)]
        beyond = [leaf(entries[seq]) for seq in range(len(kept), size) if seq in entries]  # not signed yet
        heads, sql = [], "SELECT size, root, at, signature FROM checkpoints WHERE ledger = ? ORDER BY size"
        for count, root, at, signature in run(sql, (no,)).fetchall():
            text = f"anlan/{name}\n{count}\n{b64encode(root).decode()}\nat {at}\n".encode()
            lines = [f"— anlan/{name} {b64encode(mark(f'anlan/{name}', LOG, public) + signature).decode()}"]
            lines += [line.strip() for (line,) in run(COSIGNED, (no, count))]
            heads.append(Head(name, count, root, at, text, tuple(lines)))
        found.append(Ledger(name, size, entries, kept + beyond, heads, [public]))
    return found


def remembered_in(path: Path) -> list[Head]:
    """Every head in a file, or in a folder and below it."""
    files = [one for one in path.rglob("*") if one.is_file() and "tile" not in one.parts] if path.is_dir() else [path]
    return [head for one in files if one.name != "facts.ndjson" for head in notes(one.read_bytes() + b"\n")[0]]


def verify(path: Path, key: str = "", remembered: Path | None = None, witnesses: Sequence[str] = ()) -> dict[str, Any]:
    """Judge everything at `path`: entries, heads, co-signatures by witness, faults. Raises ValueError, OSError."""
    text = Path(key).read_text("ascii") if key and Path(key).is_file() else key
    public = bytes.fromhex(text.strip()) if text else None
    if path.is_dir():
        ledgers = [from_export(one.parent, public) for one in sorted(path.glob("*/facts.ndjson"))]
    else:
        ledgers = from_database(path, public or b"")
    heads = remembered_in(remembered) if remembered else []
    faults, cosigned = list[Fault](), dict[str, int]()
    for one in ledgers:
        mine = [head for head in heads if head.ledger == one.name]
        faults += judge(one, mine, tiles(remembered / one.name / "tile") if remembered else [])
        for name, kind, public in map(key_of, witnesses):
            cosigned[name] = cosigned.get(name, 0) + sum(signed_by(head, name, kind, public) for head in one.heads)
    gone = {head.ledger for head in heads} - {one.name for one in ledgers}
    faults += [Fault(name, 0, "truncated") for name in sorted(gone)]
    counts = {"entries": sum(len(one.entries) for one in ledgers), "heads": sum(len(one.heads) for one in ledgers)}
    return {**counts, "cosigned": cosigned, "faults": faults}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Is a ledger of Anlan what it was?")
    parser.add_argument("path", type=Path, help="an export's folder, or anlan.db")
    parser.add_argument("--key", default="", help="the ledger's public key, hex, or its file; a database needs it")
    parser.add_argument("--remembered", type=Path, help="heads kept earlier: a file or a folder")
    parser.add_argument("--witness", action="append", default=[], help="a witness's key: count what it signed")
    asked = parser.parse_args()
    try:
        verdict = verify(asked.path, asked.key, asked.remembered, asked.witness)
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    print(json.dumps({**verdict, "faults": [vars(fault) for fault in verdict["faults"]]}, ensure_ascii=False))
    return 1 if verdict["faults"] or not verdict["entries"] else 0


if __name__ == "__main__":
    sys.exit(main())
