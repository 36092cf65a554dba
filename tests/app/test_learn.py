"""Learning from the record: what was merged and joined teaches the duplicate finder, which is kept and used."""

from __future__ import annotations

import random
from collections.abc import Callable

from anlan.app import handle, receive
from anlan.app.learn import joined_matters, keep_scorer
from anlan.app.world import World
from anlan.cli.train import offered
from anlan.engines.merge_learn import Additive, learn
from anlan.loop.domain import Intake
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter

STREETS = ["香港中路", "延吉路", "人民路", "长江路", "黑龙江路", "重庆南路", "福州路", "敦化路"]
TROUBLES = [
    "路灯不亮",
    "井盖丢失",
    "夜间施工噪音",
    "垃圾无人清运",
    "污水外溢",
    "占道经营",
    "树枝遮挡信号灯",
    "路面塌陷",
]


def put(world: World, n: int, text: str, who: Actor, join: int = 0, *, placed: bool = True) -> Matter:
    lon, lat = world.city.about.centre if placed else (None, None)
    one = Intake("call_968110", f"l-{n}", text[:20], text, world.clock(), lon=lon, lat=lat, name="某", phone="")
    prepared = receive.prepare(world, world.domains["hotline"], one, who, join)
    key = receive.enter(world, prepared, one)
    done = world.store.writer.submit(prepared.commit)
    receive.settle(world, key, done)
    return done.matters[0]


def merged(world: World, gone: Matter, into: Matter, who: Actor) -> None:
    kept = world.store.read.matter(into.number)
    handle.after(world, world.store.writer.submit(handle.merge(world, gone.number, kept.number, gone.version, who)))


def test_the_record_names_each_report_once_and_what_it_was_the_same_as(
    world: World, somebody: Callable[..., Actor]
) -> None:
    who = somebody("operator")
    first, second, third = (put(world, n, f"人民路路灯不亮，第{n}次反映", who, placed=n != 2) for n in range(3))
    put(world, 8, "三号楼前也是这样", who, join=first.number)  # has no place of an own in the record: left out
    put(world, 9, "我也反映同样的问题", who, join=third.number)
    merged(world, second, first, who)
    joined = joined_matters(world)
    assert joined.reports.duplicates.tolist().count(True) == 2
    assert len(joined.whole) == 4
    at = {row: joined.whole[row] for row in range(4)}
    assert sorted(list(at.values()).count(row) for row in set(at.values())) == [2, 2]


def many_merged(world: World, who: Actor) -> tuple[Matter, str]:
    """A record with enough in it to learn from; its last matter and what that said."""
    draw, now = random.Random(1), world.clock()
    for n in range(150):
        world.clock = lambda n=n: now + n * 60_000  # type: ignore[misc]
        text = f"{draw.choice(STREETS)}{n}号{draw.choice(TROUBLES)}，请尽快处理"
        matter = put(world, 2 * n, text, who)
        if n % 2:
            merged(world, put(world, 2 * n + 1, text.replace("请", "希望"), who), matter, who)
    return matter, text


def test_what_was_merged_teaches_a_scorer_that_is_kept_and_used(world: World, somebody: Callable[..., Actor]) -> None:
    matter, text = many_merged(world, somebody("operator"))
    scorer, report = learn(*offered(joined_matters(world)), seed=1)
    assert report.same > 50
    keep_scorer(world, scorer, "test")
    assert world.offer_from == scorer.flag_from
    kept = world.store.read.model("merge")
    assert kept is not None
    assert Additive.from_bytes(kept).to_bytes() == scorer.to_bytes()
    offers = receive.advise(world, Intake("call_968110", "new", text[:20], text, world.clock())).offers
    assert offers[0].key == matter.number
