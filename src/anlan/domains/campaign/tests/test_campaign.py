"""Campaigns: a plan that is sealed and proven, sweeps in which a place counts once, patrols against need."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.app import handle
from anlan.app.world import World
from anlan.domains.campaign import patrols, plan, sweep
from anlan.domains.campaign.patrols import HOUR_MS, Group, Segment, Turn
from anlan.domains.campaign.plan import DAY_MS, Draft
from anlan.domains.campaign.tests.conftest import NOON, refused, someone
from anlan.loop.case import Intent
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import minute_of

SECRET = "凌晨两点同时清查，先封后门"


def houses(world: World) -> list[str]:
    return [unit.key for unit in world.city.organisation.of_kind("station", "370202")]


def begun(world: World, **said: Any) -> Matter:
    """A campaign of two units with three places, beginning in a day, and its tasks."""
    first, second = houses(world)[:2]
    places = (("星海网吧", first), ("海天旅馆", first), ("星海网吧", second))
    usual: dict[str, Any] = {"name": "百日行动", "text": SECRET, "begins": NOON + DAY_MS, "waves": 2, "days": 7}
    draft = Draft(**usual | {"places": places} | said)
    lead = someone(world, "overseer")
    number = world.store.writer.submit(plan.begin(world, lead, draft)).matters[0].number
    asyncio.run(plan.give_out(world, lead, number, "百日行动：方案到时启封"))
    return world.store.read.matter(number)


def at(world: World, ms: int) -> None:
    world.clock = lambda: ms


def told(world: World, kind: str) -> list[dict[str, Any]]:
    facts = [json.loads(body) for (body,) in world.store.read.listed(("SELECT body FROM facts ORDER BY pos", ()))]
    return [fact["data"] for fact in facts if fact["kind"] == kind]


def test_given_a_campaign_when_it_is_made_then_its_hash_is_told_and_its_text_is_nowhere(
    world: World,
) -> None:
    matter = begun(world)
    campaign = plan.campaign_of(world, matter)
    assert [one["sha256"] for one in told(world, "plan_sealed")] == [campaign.sha256]
    rows = world.store.read.listed(("SELECT body FROM facts", ()))
    rows += world.store.read.listed(("SELECT body FROM registers", ()))
    rows += world.store.read.listed(("SELECT box FROM sealed", ()))
    assert rows
    assert all(SECRET not in json_of(body) and "凌晨" not in json_of(body) for (body,) in rows)
    author = someone(world, "overseer")
    assert refused(lambda: asyncio.run(plan.read(world, author, matter))) == "campaign.sealed"
    at(world, NOON + DAY_MS)
    officer = someone(world, "officer", houses(world)[0])
    assert asyncio.run(plan.read(world, officer, matter)) == (SECRET, True)
    reads = [f for f in world.store.read.facts(matter.number) if f.kind == "read"]
    assert [(f.actor, f.data["what"]) for f in reads] == [(officer.id, "plan")]


def json_of(body: bytes | str) -> str:
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except json.JSONDecodeError:
        return text


def test_given_another_text_in_the_vault_when_it_is_opened_then_it_is_told(world: World) -> None:
    matter = begun(world)
    campaign = plan.campaign_of(world, matter)
    version, _ = plan.register(world).one(campaign.key) or (0, None)
    other = begun(world, name="另一个", text="别的方案")
    forged = {**json.loads(body_of(world, campaign.key)), "plan": plan.campaign_of(world, other).plan}
    with world.store.database.connect() as connection:
        connection.execute(
            "UPDATE registers SET body = ?, version = ? WHERE key = ?", (json.dumps(forged), version + 1, campaign.key)
        )
    world.kept.pop("campaign.plans")
    at(world, NOON + DAY_MS)
    assert asyncio.run(plan.read(world, someone(world, "overseer"), matter)) == ("别的方案", False)


def body_of(world: World, key: str) -> str:
    ((body,),) = world.store.read.listed(("SELECT body FROM registers WHERE key = ?", (key,)))
    return str(body)


def test_given_a_campaign_when_it_is_given_out_then_each_unit_has_one_task_due_when_it_ends(world: World) -> None:
    matter = begun(world)
    campaign = plan.campaign_of(world, matter)
    tasks = plan.tasks(world, matter.number)
    assert [task.lead for task in tasks] == list(campaign.units) == houses(world)[:2]
    assert {task.clocks["matter"].due for task in tasks} == {minute_of(campaign.waves[-1].ends)}
    assert asyncio.run(plan.give_out(world, someone(world, "overseer"), matter.number, "再发一次")) == 0
    assert plan.sees(world, someone(world, "officer", houses(world)[1]), matter)
    assert not plan.sees(world, someone(world, "officer", houses(world)[3]), matter)


def test_given_tasks_when_all_are_closed_then_and_only_then_the_campaign_ends(world: World) -> None:
    matter = begun(world)
    lead = someone(world, "overseer")

    def move(number: int, who: Actor, key: str, **fields: Any) -> Matter:
        version = world.store.read.matter(number).version
        commit = handle.prepare(world, number, Intent(key, version, fields), who)
        return world.store.writer.submit(commit).matters[0]

    assert refused(lambda: move(matter.number, lead, "end", note="提前结束")) == "close.children_open"
    for task in plan.tasks(world, matter.number):
        officer = someone(world, "officer", task.lead)
        move(task.number, officer, "accept")
        move(task.number, officer, "report", note="已全部清查")
        move(task.number, lead, "verify")
    move(matter.number, lead, "end", note="全部完成")
    assert move(matter.number, lead, "verify").stage == "closed"


def test_given_a_place_that_is_checked_twice_when_it_is_counted_then_it_is_one(world: World) -> None:
    matter = begun(world)
    first, second = houses(world)[:2]
    officer, other = someone(world, "officer", first), someone(world, "officer", second)
    campaign = plan.campaign_of(world, matter)
    assert refused(lambda: sweep.check(world, officer, matter, "p0001", found=False)) == "campaign.sealed"
    at(world, NOON + DAY_MS + 1)
    for found in (True, False):
        world.store.writer.submit(sweep.check(world, officer, matter, "p0001", found=found))
    world.store.writer.submit(sweep.check(world, other, matter, "p0003", found=False))
    counts = sweep.roll_up(campaign, sweep.checks(world, campaign, 0))
    assert (counts[""].places, counts[""].checked, counts[""].found, counts[""].times) == (3, 2, 1, 3)
    assert (counts[first].checked, counts[second].checked) == (1, 1)
    assert [one["again"] for one in told(world, "place_checked")] == [False, True, False]
    assert refused(lambda: sweep.check(world, other, matter, "p0001", found=False)) == "access.denied"
    assert refused(lambda: sweep.check(world, officer, matter, "p9", found=False)) == "campaign.place"
    at(world, NOON + 8 * DAY_MS + 1)
    assert sweep.checks(world, campaign, campaign.wave_at(world.clock()) or 0) == {}
    at(world, campaign.waves[-1].ends)
    assert refused(lambda: sweep.check(world, officer, matter, "p0001", found=False)) == "campaign.no_wave"


def test_given_two_at_once_when_both_check_a_place_then_one_is_told_to_look_again(world: World) -> None:
    matter = begun(world)
    officer = someone(world, "officer", houses(world)[0])
    at(world, NOON + DAY_MS + 1)
    both = [sweep.check(world, officer, matter, "p0001", found=False) for _ in range(2)]
    done = world.store.writer.submit_many(both)
    assert [getattr(one, "code", "ok") for one in done] == ["ok", "campaign.moved_on"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"begins": NOON}, "campaign.begins"),
        ({"places": ()}, "campaign.places"),
        ({"places": (("a", "bureau"), ("a", "bureau"))}, "campaign.place_twice"),
        ({"places": (("a", "nowhere"),)}, "field.unknown_unit"),
        ({"text": ""}, "field.missing"),
        ({"name": "长" * 61}, "field.too_long"),
        ({"waves": 0}, "field.out_of_range"),
        ({"days": 61}, "field.out_of_range"),
    ],
)
def test_given_what_cannot_be_when_begun_then_it_is_refused(world: World, said: dict[str, Any], code: str) -> None:
    assert refused(lambda: begun(world, **said)) == code


def test_given_stretches_when_turns_are_logged_then_an_hour_that_two_walk_is_one(world: World) -> None:
    house = houses(world)[0]
    lead, officer = someone(world, "overseer"), someone(world, "officer", house)
    for row in (
        Segment("s1", "海边步道", house, 10), Group("g1", "红袖标一队", house, 6), Group("g2", "红袖标二队", house, 4),
    ):  # fmt: skip
        world.store.writer.submit(patrols.define(world, lead, row))
    monday = patrols.begins(patrols.week_of(NOON))

    def log(group: str, first: float, last: float, who: Actor = officer) -> Any:
        turn = Turn(group, monday + round(first * HOUR_MS), monday + round(last * HOUR_MS))
        return world.store.writer.submit(patrols.log(world, who, "s1", turn))

    log("g1", 8, 12)
    log("g2", 10, 14)
    log("g1", -1, 2)
    (this,) = patrols.covered(world, patrols.week_of(NOON))
    (last,) = patrols.covered(world, patrols.week_of(NOON) - 1)
    assert (this.hours, this.met, this.turns, last.hours) == (8.0, 8.0, 3, 1.0)
    assert refused(lambda: log("g1", 11, 13)) == "patrol.twice"
    assert refused(lambda: log("g1", 20, 33)) == "patrol.turn"
    assert refused(lambda: log("g1", 34, 40)) == "patrol.turn"
    assert refused(lambda: log("g9", 20, 21)) == "patrol.unknown"
    stranger = someone(world, "officer", houses(world)[3])
    assert refused(lambda: log("g2", 20, 21, stranger)) == "access.denied"
    assert refused(lambda: patrols.define(world, officer, Segment("s2", "x", house, 1))) == "access.denied"
    assert refused(lambda: patrols.define(world, lead, Segment("s 2", "x", house, 1))) == "patrol.key"
    assert refused(lambda: patrols.define(world, lead, Segment("s2", "x", house, 169))) == "field.out_of_range"


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)).map(lambda two: (min(two), max(two))), max_size=12))
def test_a_union_counts_each_moment_once(spans: list[tuple[int, int]]) -> None:
    assert patrols.union(spans) == len({moment for first, last in spans for moment in range(first, last)})
