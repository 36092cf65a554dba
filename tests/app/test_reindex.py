"""Titles, search terms and feature rows come back from the vault as they were; what was erased does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anlan.app import receive
from anlan.app.reindex import finding
from anlan.app.world import World
from anlan.engines.text import query_terms
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.main import open_world
from anlan.store.read import Shape
from anlan.store.rebuild import rebuild
from anlan.store.sqlite import opened as connect

SAID = ("楼下烧烤店油烟很大", "小学门口车辆乱停，电话13812345678", "路灯三天不亮")


def kept(world: World) -> list[Any]:
    connection = world.store.database.connect(read_only=True)
    rows = [connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in ("titles", "features")]
    words = [
        [r.matter.number for r in world.store.read.rows(Shape(terms=tuple(query_terms(w))))] for w in ("油烟", "门口")
    ]
    return [*rows, words]


def test_what_finds_a_matter_is_made_again_from_the_vault(world: World, somebody: Callable[..., Actor]) -> None:
    matters = []
    for n, text in enumerate(SAID):
        one = Intake("call_968110", f"c-{n}", text[:10], text, world.clock(), district="370202")
        prepared = receive.prepare(world, world.domains["hotline"], one, somebody("operator"))
        matters.append(world.store.writer.submit(prepared.commit).matters[0])
    before = kept(world)
    assert [len(rows) for rows in before[2]] == [1, 1]
    allowed = finding(world)
    assert world.store.read.facts(int(world.ledger))[-1].data["purpose"] == "reindex"
    world.store.close()
    connection = world.store.database.connect()
    connection.execute(
        "DELETE FROM titles; DELETE FROM features WHERE matter % 2; INSERT INTO search (search) VALUES ('delete-all')"
    )
    connect(world.store.home / "keys.db").execute("DELETE FROM keys WHERE id = ?", (matters[2].text,))
    flows = {(d.key, f.key): f for d in world.domains.values() for f in d.flows}
    assert rebuild(world.store.database, flows, finding=allowed).matters == 3
    again = open_world(world.store.home)
    after = kept(again)
    again.store.close()
    assert after[0] == before[0][:2]
    assert after[1][:2] == before[1][:2]
    assert after[2] == before[2]
