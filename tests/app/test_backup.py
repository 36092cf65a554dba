"""Backup while the city works, restore into an empty home, whole or not at all; who was erased is in neither part."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.app.test_erase import OTHER, PHONE, SECRET, Desk
from tests.app.test_media import picture
from typer.testing import CliRunner

from anlan.app import attach, erase
from anlan.app.world import World
from anlan.cli import app
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.main import open_world
from anlan.store.backup import backup, chosen, keep, manifest_of, restore, sets
from anlan.store.publish import behind, publish
from anlan.store.rebuild import compare
from anlan.store.sqlite import Sqlite
from anlan.store.verify import verify

AT = 1_795_492_800_000
DAY_MS = 86_400_000


@pytest.fixture
def desk(world: World, somebody: Callable[..., Actor]) -> Desk:
    return Desk(world, somebody)


@pytest.fixture
def away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another disk than the home's."""
    return tmp_path_factory.mktemp("away")


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def whole(home: Path, world: World) -> int:
    """How many facts a restored home holds, when every check of it holds."""
    flows = {(d.key, f.key): f for d in world.domains.values() for f in d.flows}
    verdict = verify(Sqlite(home / "anlan.db"), world.store.public_key)
    assert verdict.faults == []
    assert compare(Sqlite(home / "anlan.db"), flows).different == []
    back = open_world(home)
    assert back.store.files.faults() == []
    back.store.close()
    return verdict.facts


def test_what_is_backed_up_while_reports_come_in_is_whole(world: World, desk: Desk, away: Path) -> None:
    opened = desk.report(SECRET, PHONE)
    stop, made = threading.Event(), list[int]()

    def report() -> None:
        while not stop.is_set():
            made.append(desk.report("夜间施工太吵", OTHER).number)

    working = threading.Thread(target=report)
    working.start()
    home, to, keys = world.store.home, away / "record", away / "keys"
    names = [backup(home, to, keys, None, AT + i * 1000) for i in range(5)]
    stop.set()
    working.join()
    assert sets(to) == names
    facts = []
    for i, name in enumerate(names):
        said = restore(to / name, keys, away / f"back{i}")
        assert said.heads == manifest_of(to / name).heads
        facts.append(whole(away / f"back{i}", world))
    assert facts == sorted(facts)
    assert len(made) > 5
    back = open_world(away / "back4")
    text = back.store.vault.open([back.store.read.matter(opened.number).text])
    assert next(iter(text.values()))["text"] == SECRET
    back.store.close()


@pytest.mark.anyio
async def test_files_and_the_city_come_along(world: World, desk: Desk, away: Path) -> None:
    photo = await attach.stage(world, picture(), "x.jpg", "citizen")
    desk.report("看图", PHONE, files=(photo.id,))
    (world.store.home / "mqtt_units.json").write_text('{"car.1": "00"}')
    name = backup(world.store.home, away / "record", away / "keys", None, AT)
    restore(away / "record" / name, away / "keys", away / "back")
    assert (away / "back" / "mqtt_units.json").read_text() == '{"car.1": "00"}'
    whole(away / "back", world)
    assert everything(away / "back" / "files") == everything(world.store.home / "files") != b""
    assert everything(away / "back" / "city") == everything(world.store.home / "city")


def test_record_and_keys_do_not_lie_together_unless_told(world: World, away: Path) -> None:
    home, to = world.store.home, away / "record"
    for target, keys, code in (
        (to, to, "one_place"),
        (to, to / "keys", "one_place"),
        (home / "backup", to, "inside"),
        (to, home / "keys", "inside"),
    ):
        with pytest.raises(Refused, match=f"backup.{code}"):
            backup(home, target, keys, None, AT)
    assert not to.exists()
    name = backup(home, to, to, None, AT, together=True)
    with pytest.raises(Refused, match=r"backup\.exists"):
        backup(home, to, to, None, AT, together=True)
    master = (home / "keys" / "master.key").read_bytes()
    assert master not in everything(to / name)
    assert master in everything(to / f"{name}-keys")


def test_a_restore_is_whole_or_not_there(world: World, desk: Desk, away: Path) -> None:
    desk.report(SECRET, PHONE)
    to, keys, home = away / "record", away / "keys", away / "back"
    name, other = (backup(world.store.home, to, keys, None, AT + i * 1000) for i in (0, 1))

    class Pulled(Exception):
        """The plug."""

    def pulled(done: int, _total: int) -> None:
        if done == 5:
            raise Pulled

    with pytest.raises(Pulled):
        restore(to / name, keys, home, pulled)
    assert not home.exists()
    with pytest.raises(Refused, match=r"backup\.not_a_pair"):
        restore(to / name, keys / f"{other}-keys", home)
    for file in ("anlan.db", "city/areas.geojson", "manifest.json"):
        spoilt = away / "spoilt"
        shutil.copytree(to / name, spoilt / name)
        victim = spoilt / name / file
        victim = victim if victim.exists() else next((spoilt / name / "city").iterdir())
        raw = bytearray(victim.read_bytes())
        raw[len(raw) // 2] ^= 1
        victim.write_bytes(raw if file != "manifest.json" else raw[:40])
        with pytest.raises(Refused, match=r"backup\.spoilt"):
            restore(spoilt / name, keys, home)
        assert not home.exists()
        shutil.rmtree(spoilt)
    home.mkdir()
    restore(to / name, keys, home)
    with pytest.raises(Refused, match=r"backup\.home_not_empty"):
        restore(to / name, keys, home)
    whole(home, world)


def test_a_point_of_a_series_is_chosen_and_old_sets_are_let_go(world: World, away: Path) -> None:
    to, keys = away / "record", away / "keys"
    names = [backup(world.store.home, to, keys, None, AT + i * DAY_MS) for i in range(4)]
    assert chosen(to, None).name == names[3]
    assert chosen(to, AT + 2 * DAY_MS + 5).name == names[2]
    assert chosen(to / names[1], None).name == names[1]
    with pytest.raises(Refused, match=r"backup\.none"):
        chosen(to, AT - 1)
    (to / "20991231T000000Z.part").mkdir()
    assert keep(to, keys, 2) == names[:2]
    assert sets(to) == names[2:]
    assert [path.name for path in sorted(keys.iterdir())] == [f"{name}-keys" for name in names[2:]]


def test_who_was_erased_is_in_no_backup_made_since(world: World, desk: Desk, away: Path) -> None:
    gone, stays = desk.close(desk.report(SECRET, PHONE)), desk.report("夜间施工太吵", OTHER)
    before = backup(world.store.home, away / "record", away / "keys", None, AT)
    party, text = gone.parties[0].party, gone.text
    world.store.writer.submit(erase.person(world, gone.number, "asked", "system"))
    since = backup(world.store.home, away / "record", away / "keys", None, AT + 1000)
    restore(away / "record" / since, away / "keys", away / "back")
    back = open_world(away / "back")
    assert back.store.vault.open([party, text]) == {}
    assert back.store.vault.open([stays.text]) != {}
    blind = back.store.vault.blind(PHONE)
    back.store.close()
    whole(away / "back", world)
    for folder in (away / "record" / since, away / "keys" / f"{since}-keys", away / "back"):
        raw = everything(folder)
        assert not any(word.encode() in raw for word in (PHONE, SECRET, SECRET[:10], "欧阳翠兰"))
        assert blind not in raw
    assert blind in everything(away / "record" / before)
    assert party.encode() not in everything(away / "keys" / f"{since}-keys" / "keys.db")


def test_a_restore_older_than_what_was_published_is_said(
    world: World, desk: Desk, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.report(SECRET, PHONE)
    world.store.writer.sign(AT)
    to, keys, kept = away / "record", away / "keys", away / "kept"
    backup(world.store.home, to, keys, None, AT)
    desk.report(SECRET, OTHER)
    world.store.writer.sign(AT + 1)
    publish(world.store.heads, kept)
    assert behind(world.store.heads, kept) == []
    monkeypatch.setenv("ANLAN_HOME", str(away / "back"))
    said = CliRunner().invoke(app, ["restore", str(to), "--keys", str(keys), "--remembered", str(kept), "--json"])
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout.splitlines()[-1])
    assert [one["code"] for one in told["behind"]] == ["ledger.behind"]
    assert told["faults"] == 0
    assert "published" in said.stderr
