"""After an erasure nothing of the person is left in any file of the installation, in any spelling; nor behind any key
that is still there; nor in what is made of it since (backups, exports, reports); nor in the models that had
learnt from what they said. The life before it goes through the real faces."""

from __future__ import annotations

import base64
import io
import logging
import zipfile
from collections.abc import Callable, Iterator
from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.access.asking import Asking
from tests.app.test_learn import many_merged
from tests.app.test_media import picture
from tests.web.test_reports import NOVEMBER, defined

from anlan.app import accounts, erase, handle
from anlan.app.learn import closed_texts, joined_matters, keep_model, keep_scorer
from anlan.app.world import World
from anlan.cli.train import offered
from anlan.domains.hotline.seed import labelled
from anlan.engines.classify import train
from anlan.engines.merge_learn import learn
from anlan.engines.text import features
from anlan.loop.case import Intent
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.store.backup import backup
from anlan.store.export import export
from anlan.store.sqlite import Sqlite
from anlan.store.verify import verify
from anlan.telemetry import logs
from anlan.web.report_make import body_of

pytestmark = pytest.mark.anyio
NAME, PHONE, EMAIL = "欧阳貔貅", "13800138077", "pixiu.ouyang@example.cn"
PLACE, TEXT = "饕餮巷七号", "饕餮巷七号的魑魅石像夜里被人挪走，请尽快找回，联系人欧阳貔貅"
NOTE = "已电话联系欧阳貔貅，约在魍魉亭见面"
RARE = ("貔貅", "饕餮", "魑魅", "魍魉", "欧阳")
EVERYTHING = ("overseer", "operator", "officer", "chief", "exchange", "partner")
UNIT = "branch.370202"


def spellings() -> Iterator[tuple[str, bytes]]:
    """The person in every spelling that a file might keep."""
    for word in (NAME, PHONE, EMAIL, PLACE, TEXT, NOTE, "ouyang", *RARE):
        for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be"):
            yield f"{word} {encoding}", word.encode(encoding)
        yield f"{word} escaped", word.encode("unicode_escape")
    for word in (NAME, PHONE, EMAIL, TEXT[:12]):
        raw = word.encode()
        yield f"{word} hex", raw.hex().encode()
        for shift in range(3):
            packed = base64.b64encode(b"\x00" * shift + raw)
            yield f"{word} base64 {shift}", packed[4 if shift else 0 : len(packed) - 4]
        for digest in (md5, sha1, sha256):
            yield f"{word} {digest.__name__}", digest(raw).digest()
            yield f"{word} {digest.__name__} hex", digest(raw).hexdigest().encode()
    three = (PHONE[:3], PHONE[3:7], PHONE[7:])
    for text in (" ".join(three), "-".join(three), PHONE[::-1], PHONE[:7]):
        yield f"{text} grouped", text.encode()
    yield "number little", int(PHONE).to_bytes(8, "little")[:6]
    yield "number big", int(PHONE).to_bytes(8, "big")[2:]
    yield "bcd", bytes.fromhex(f"0{PHONE}")


def left(home: Path) -> list[str]:
    """Which spelling stands in which file, or in what is packed into it."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_file() and "city" not in path.relative_to(home).parts:
            found += [f"{path.name}: {name}" for raw in opened(path) for name, spelt in spellings() if spelt in raw]
    return found


def opened(path: Path) -> Iterator[bytes]:
    """A file's bytes; those of a packed one's parts too (XLSX, DOCX), and those of the models in a record."""
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        yield from parts(path.read_bytes())
    if path.name == "anlan.db":
        rows = Sqlite(path).connect(read_only=True).execute("SELECT body FROM models").fetchall()
        assert len(rows) == 2, "the classifier and the scorer"
        for (body,) in rows:
            yield from parts(body)


def parts(packed: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        yield from (file.read(name) for name in file.namelist())


def behind_keys(world: World) -> str:
    """Everything that can still be opened."""
    ids = [row[0] for row in world.store.read.listed(("SELECT id FROM sealed", ()))]
    return repr(world.store.vault.open(ids)) + repr(world.store.vault.open([i for i in ids if i.startswith("c")]))


async def lived(world: World, asking: Asking, token: str) -> Matter:
    """A report with a picture by the public, a call, a message, searches, notes, an export, a close."""
    photo = await asking.send("POST", "/api/v1/files?name=pixiu.jpg", token, body=picture())
    body: dict[str, Any] = {
        "text": TEXT, "name": NAME, "phone": PHONE, "email": EMAIL, "address": PLACE, "outside_id": "w-1",
        "category": next(iter(world.city.catalogue)).key,
        "files": [msgspec.json.decode(photo.text)["id"]], "lon": 120.38, "lat": 36.07,
    }  # fmt: skip
    answer = await asking.send("POST", "/api/v1/intakes/partner", token, body=msgspec.json.encode(body))
    assert answer.status == 201, answer.text
    number = msgspec.json.decode(answer.text)["matter"]
    await asking.send("POST", "/account/extension", token, form={"extension": "8001"})
    call = {"call_id": "1", "state": "ringing", "extension": "8001", "caller": PHONE}
    assert (await asking.send("POST", "/api/v1/calls", token, body=msgspec.json.encode(call))).status == 200
    await asking.send("GET", "/calls/now", token)
    said = {"id": "s1", "sender": PHONE, "text": "TD"}
    assert (await asking.send("POST", "/api/v1/messages/answers", token, body=msgspec.json.encode(said))).status == 200
    for query in (PHONE, NAME, "饕餮", "魑魅石像"):
        await asking.send("GET", f"/queue?view=all&q={query}", token)
        await asking.send("GET", f"/api/v1/matters?q={query}", token)
    await given_out(asking, token, world.store.home.parent / "before")
    await asking.send("POST", "/views", token, form={"do": "save", "name": "a", "query": f"q={PHONE}"})
    contact = msgspec.json.encode({"receipt": number, "purpose": "handle"})
    assert PHONE.encode() in (await asking.send("POST", f"/api/v1/matters/{number}/contact", token, body=contact)).text
    await asking.send("GET", f"/nowhere/{PHONE}?name={NAME}", token)
    return closed(world, world.store.read.matter(number))


def closed(world: World, matter: Matter) -> Matter:
    lead, caller = Actor("p0", matter.lead, ("officer", "chief")), Actor("b0", "bureau", ("callback", "overseer"))
    steps: list[tuple[Actor, str, dict[str, Any]]] = [
        (lead, "accept", {}), (lead, "report", {"note": NOTE}), (caller, "verify", {}),
        (caller, "call_back", {"receipt": matter.number, "outcome": "satisfied", "note": NOTE}),
    ]  # fmt: skip
    for who, move, fields in steps:
        commit = handle.prepare(world, matter.number, Intent(move, matter.version, fields), who)
        done = world.store.writer.submit(commit)
        handle.after(world, done)
        matter = done.matters[0]
    return matter


async def given_out(asking: Asking, token: str, folder: Path) -> None:
    """What the faces give out to be kept elsewhere, as files."""
    folder.mkdir()
    paths = ("/queue/export/csv?view=all", "/queue/export/xlsx?view=all", "/api/v1/matters")
    for n, path in enumerate(paths):
        answer = await asking.send("GET", path, token)
        assert answer.status == 200, (path, answer.text)
        (folder / f"{n}").write_bytes(answer.text)


async def made_since(world: World, asking: Asking, token: str) -> Path:
    """Backups, exports and reports of the installation as it is now, in a folder beside it."""
    away = world.store.home.parent / "since"
    await given_out(asking, token, away)
    backup(world.store.home, away / "record", away / "keys", None, world.clock())
    world.store.writer.sign(world.clock())
    assert export(world.store.heads, away / "ledger")
    for form in ("xlsx", "docx"):
        report = defined(world, name=form, form=form)
        (away / form).write_bytes(body_of(world, report, NOVEMBER, "77001"))
    return away


async def test_nothing_of_an_erased_person_is_left(
    world: World, somebody: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anlan.app.learn.CLASS_MIN", 1)
    before = logging.getLogger().handlers[:]
    with (world.store.home / "server.log").open("w", encoding="utf-8") as log:
        logs.configure("debug", log)
        try:
            away = await _erased(world, somebody)
        finally:
            logging.getLogger().handlers = before
    assert left(world.store.home) == []
    assert left(away) == []
    assert verify(world.store.database, world.store.public_key).faults == []


async def _erased(world: World, somebody: Callable[..., Actor]) -> Path:
    world.store.writer.submit(accounts.add(world, "77001", UNIT, EVERYTHING, "long enough"))
    commit, token = accounts.token_for(world, "77001")
    world.store.writer.submit(commit)
    asking = Asking(world)
    matter = await lived(world, asking, token)
    before = world.store.home.parent / "before"
    assert any("饕餮 utf-8" in name for name in left(before)), "the scan finds what was given out before"
    learnt(world, somebody("operator"))
    raw = b"".join(path.read_bytes() for path in world.store.home.glob("*.db*"))
    assert "魑魅".encode() in raw, "the scan finds what is there: the search index knew the word"
    assert NAME in behind_keys(world)
    backup(world.store.home, before / "record", before / "keys", None, world.clock())
    assert any("魑魅 utf-8" in name for name in left(before / "record")), "a backup made before still knows"
    world.store.writer.submit(erase.person(world, matter.number, "asked", "77001"))
    opened = behind_keys(world)
    assert [word for word in (NAME, PHONE, EMAIL, TEXT, NOTE, PLACE) if word in opened] == []
    assert matter.number not in world.merge
    assert world.store.read.listed(("SELECT 1 FROM features WHERE matter = ?", (matter.number,))) == []
    away = await made_since(world, asking, token)
    world.store.close()
    return away


def learnt(world: World, who: Actor) -> None:
    """Both models, of a record in which the person is; what they keep of it cannot spell them."""
    many_merged(world, who)
    demo, labels = labelled(world.city)
    theirs, said = closed_texts(world)
    assert any(TEXT in text for _, text in theirs)
    model = train([*demo, *theirs], [*labels, *said], seed=1)
    keep_model(world, model, "test")
    scorer, _ = learn(*offered(joined_matters(world)), seed=1)
    keep_scorer(world, scorer, "test")
    known = set(model.linear.vocabulary.tolist())
    spelt = {word: set(features("", word).wide.tolist()) for word in RARE}
    assert [word for word, grams in spelt.items() if grams & known] == []
