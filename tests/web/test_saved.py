"""Views under a name: whose they are, what they hold now, and that a stale one says so."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.app import saved
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter

pytestmark = pytest.mark.anyio


async def test_a_view_is_saved_counted_opened_first_renamed_and_deleted(
    browser: Any, world: World, received: Matter
) -> None:
    who = await browser.role("overseer")
    await browser.get("/queue", view="open")
    answer = await browser.post("/views", do="save", name="市南在手", query="view=open&district=370202&after=1.2")
    assert str(answer.url).endswith("/queue?view=open&district=370202")
    (view,) = saved.of(world, who)
    assert 'data-key="1" aria-current="page"><span class="name">市南在手</span>' in answer.text
    await browser.post("/views", do="first", id=view.id)
    assert str((await browser.get("/")).url).endswith("/queue?view=open&district=370202")
    await browser.post("/views", do="rename", id=view.id, name="市南")
    assert "市南</span>" in (await browser.get("/map")).text, "the rail is on every page"
    await browser.post("/views", do="delete", id=view.id)
    assert saved.of(world, who) == []
    assert str((await browser.get("/")).url).endswith("/queue")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "query": "view=open"}, "name"),
        ({"name": "某人", "query": "q=13812345678"}, "个人号码"),
        ({"name": "长" * 41, "query": "view=open"}, "41"),
        ({"name": "旧", "query": "view=open&channel=telex"}, "telex"),
        ({"name": "旧", "query": "view=open&district=999999"}, "999999"),
        ({"name": "旧", "query": "view=open&category=no.such"}, "no.such"),
        ({"name": "<script>alert(1)</script>", "query": "view=nonsense"}, "view"),
    ],
)
async def test_what_makes_no_view_is_refused_and_the_name_kept(
    browser: Any, world: World, form: dict[str, str], words: str
) -> None:
    who = await browser.role("overseer")
    await browser.get("/queue")
    answer = await browser.post("/views", do="save", **form)
    assert answer.status_code in {404, 422}
    assert words in answer.text
    assert "<script>alert" not in answer.text
    assert saved.of(world, who) == []


async def test_a_view_whose_filter_is_gone_says_so_instead_of_showing_nothing(browser: Any, world: World) -> None:
    who = await browser.role("overseer")
    commit = saved.save(world, who, "旧渠道", "view=open&channel=telex")
    await world.store.writer.write(commit)
    await world.store.writer.write(saved.open_first(world, who, saved.of(world, who)[0].id))
    page = await browser.get("/")
    assert str(page.url).endswith("/views")
    assert "没有这个渠道：telex" in page.text
    assert "失效" in page.text
    assert (await browser.get("/queue", view="open", channel="telex")).status_code == 404


def test_who_may_share_shares_with_the_own_units_and_others_open_but_do_not_change_it(world: World) -> None:
    chief = next(o for o in world.city.roster.with_role("chief") if world.city.organisation[o.unit].kind == "branch")
    boss = Actor(chief.number, chief.unit, chief.roles)
    below = next(iter(world.city.organisation.below(boss.unit))).key
    mate, stranger = Actor("p-1", below, ("officer",)), Actor("p-2", "branch.370203", ("officer",))
    world.store.writer.submit(saved.save(world, boss, "本所在手", "view=open", below))
    (view,) = saved.of(world, mate)
    assert saved.of(world, stranger) == []
    for act in (saved.delete, lambda w, a, v: saved.rename(w, a, v, "我的"), lambda w, a, v: saved.share(w, a, v, "")):
        with pytest.raises(Refused, match=r"view\.unknown"):
            act(world, mate, view.id)
    for who, unit in ((mate, below), (boss, "branch.370203")):
        with pytest.raises(Refused, match=r"access\.denied"):
            saved.save(world, who, "越权", "view=open", unit)
    with pytest.raises(Refused, match=r"view\.name_taken"):
        saved.save(world, boss, "本所在手", "view=late")
    world.store.writer.submit(saved.delete(world, boss, view.id))
    assert saved.of(world, mate) == []


def test_views_are_bounded(world: World) -> None:
    who = Actor("p-1", "branch.370202", ("officer",))
    for n in range(saved.VIEWS_MAX):
        world.store.writer.submit(saved.save(world, who, f"视图{n}", "view=open"))
    with pytest.raises(Refused, match=r"view\.too_many"):
        saved.save(world, who, "再来一个", "view=open")
