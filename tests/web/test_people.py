"""People and rights: added with a password good once, changed, switched off at once; never oneself, never the last."""

from __future__ import annotations

import re
from typing import Any

import pytest

from anlan.app import accounts, people, second
from anlan.app.world import World
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor

pytestmark = pytest.mark.anyio

DAY_MS = 24 * 3_600_000


@pytest.fixture
def admin(world: World) -> Actor:
    officer = world.city.roster.with_role("security")[0]
    world.store.writer.submit(accounts.add(world, officer.number, officer.unit, officer.roles, "password-1"))
    return Actor(officer.number, officer.unit, officer.roles)


@pytest.fixture
def unit(world: World) -> str:
    return world.city.organisation.of_kind("station")[0].key


def hired(world: World, admin: Actor, unit: str, account: str = "77001", *roles: str) -> str:
    commit, once = people.add(world, admin, account, unit, roles or ("officer",))
    world.store.writer.submit(commit)
    return once


def refused(code: str) -> Any:
    return pytest.raises(Refused, match=re.escape(code))


async def test_a_new_person_logs_in_with_the_password_that_is_good_once_and_chooses_another(
    world: World, browser: Any, admin: Actor, unit: str
) -> None:
    await browser.log_in(admin.id)
    await browser.get("/people/new")
    name = world.city.organisation[unit].name
    page = await browser.post("/people/new", account="77001", unit=name, role="officer")
    once = re.search(r'id="once">([^<]+)<', page.text)
    assert once
    assert once[1] not in (await browser.get("/people/77001")).text, "shown once"
    await browser.get("/login")
    page = await browser.post("/login", account="77001", password=once[1], next="/account")
    assert (page.status_code, 'name="new"' in page.text) == (401, True)
    for new, words in (("short", "8位"), (once[1], "不能和一次性密码相同")):
        page = await browser.post("/login", account="77001", password=once[1], new=new, next="/account")
        assert (page.status_code, words in page.text) == (401, True)
    page = await browser.post("/login", account="77001", password=once[1], new="my own words", next="/account")
    assert page.url.path == "/account"
    with refused("account.wrong"):
        accounts.log_in(world, "77001", once[1])
    assert accounts.log_in(world, "77001", "my own words")


async def test_the_password_is_good_once_in_the_same_moment_and_only_for_a_week(
    world: World, admin: Actor, unit: str
) -> None:
    once, write = hired(world, admin, unit), world.store.writer.submit
    with refused("account.once"):
        accounts.log_in(world, "77001", once)
    (one, mine), (two, theirs) = (accounts.first_password(world, "77001", once, f"password {n}") for n in "12")
    write(one)
    with refused("account.wrong"):
        write(two)
    assert [accounts.actor_of(world, token) is not None for token in (mine, theirs)] == [True, False]
    commit, again = people.reset_password(world, admin, "77001")
    write(commit)
    assert accounts.actor_of(world, mine) is None, "a new password ends what was open"
    now = world.clock()
    world.clock = lambda: now + 7 * DAY_MS
    with refused("account.once_over"):
        accounts.first_password(world, "77001", again, "password 3")


async def test_a_change_counts_from_the_next_request_and_off_is_off(
    world: World, browser: Any, admin: Actor, unit: str
) -> None:
    once = hired(world, admin, unit)
    commit, token = accounts.first_password(world, "77001", once, "my own words")
    world.store.writer.submit(commit)
    await browser.log_in(admin.id)
    await browser.get("/people/77001")
    page = await browser.post("/people/77001/rights", unit="", role="overseer")
    assert "督办员" in page.text
    assert accounts.actor_of(world, token) == Actor("77001", "", ("overseer",))
    page = await browser.post("/people/77001/off")
    assert ("已停用" in page.text, accounts.actor_of(world, token)) == (True, None)
    with refused("account.wrong"):
        accounts.log_in(world, "77001", "my own words")
    page = await browser.post("/people/77001/on")
    assert accounts.actor_of(world, token) is None, "what ended stays ended"
    assert accounts.log_in(world, "77001", "my own words")
    told = re.findall(r'<th scope="row">([^<]+)</th><td class="nb">([^<]+)<', page.text)
    assert [what for what, _ in told][-4:] == [
        "停用", "不属单位；督办员", "本人改密码", f"{world.city.organisation[unit].name}；民警",
    ]  # fmt: skip
    assert {who for what, who in told if what != "本人改密码"} == {f"安全员{admin.id}"}


async def test_sessions_are_seen_and_ended_and_a_lost_second_factor_is_taken_away(
    world: World, browser: Any, admin: Actor, unit: str
) -> None:
    hired(world, admin, unit)
    commit, token = accounts.token_for(world, "77001", "session", accounts.SESSION_MS, "Lost phone")
    world.store.writer.submit(commit)
    secret = b"12345678901234567890"
    code = second.code_at(secret, world.clock() // second.STEP_MS)
    world.store.writer.submit(accounts.set_second(world, "77001", secret, code))
    await browser.log_in(admin.id)
    page = await browser.get("/people/77001")
    assert "Lost phone" in page.text
    page = await browser.post("/people/77001/session", mark=accounts.token_hash(token).hex())
    assert ("Lost phone" in page.text, accounts.actor_of(world, token)) == (False, None)
    page = await browser.post("/people/77001/second")
    assert (world.store.read.second("77001"), "解除动态口令" in page.text) == (None, True)
    page = await browser.post("/people/77001/second")
    assert page.status_code == 422


async def test_nobody_changes_themselves_and_the_last_administrator_stays(
    world: World, browser: Any, admin: Actor, unit: str
) -> None:
    write = world.store.writer.submit
    for deed in (
        lambda: people.change(world, admin, admin.id, "", ("officer", "security")),
        lambda: people.switch(world, admin, admin.id, on=False),
        lambda: people.reset_password(world, admin, admin.id),
        lambda: people.end_session(world, admin, admin.id, "00"),
    ):
        with refused("people.own"):
            deed()
    hired(world, admin, unit, "77002", "security")
    other = Actor("77002", unit, ("security",))
    one, two = people.switch(world, other, admin.id, on=False), people.switch(world, admin, "77002", on=False)
    write(one)
    with refused("people.last_administrator"):
        write(two)
    with refused("people.last_administrator"):
        people.change(world, Actor("x", "", ("security",)), "77002", unit, ("officer",))
    with refused("people.apart"):
        people.change(world, Actor("x", "", ("security",)), "77002", unit, ("officer", "security"))
    assert people.one(world, other, "77002").active


@pytest.mark.parametrize(
    ("account", "where", "roles", "code"),
    [
        ("1", "", ("officer",), "people.number"),
        ("a b", "", ("officer",), "people.number"),
        ("77001", "nowhere", ("officer",), "field.unknown_unit"),
        ("77001", "", (), "people.no_role"),
        ("77001", "", ("citizen",), "field.not_an_option"),
        ("77001", "", ("king",), "field.not_an_option"),
        ("77001", "", ("officer", "officer"), "field.not_an_option"),
        ("77000", "", ("officer",), "people.taken"),
    ],
)
def test_what_is_no_account_is_refused(
    world: World, admin: Actor, unit: str, account: str, where: str, roles: tuple[str, ...], code: str
) -> None:
    hired(world, admin, unit, "77000")
    with refused(code):
        people.add(world, admin, account, where, roles)


async def test_the_list_is_narrowed_and_none_but_administrators_see_it(
    world: World, browser: Any, admin: Actor, unit: str
) -> None:
    for n in range(3):
        hired(world, admin, unit, f"7700{n}")
    world.store.writer.submit(people.switch(world, admin, "77001", on=False))
    await browser.role("operator")
    for address in ("/people", "/people/77001", "/people/new", "/rights"):
        assert (await browser.get(address)).status_code == 403
    assert (await browser.post("/people/77001/on")).status_code == 403
    await browser.log_in(admin.id)

    async def numbers(**query: str) -> list[str]:
        return re.findall(r'<a href="/people/(\w+)">\w+</a></th>', (await browser.get("/people", **query)).text)

    assert await numbers(q="7700") == ["77000", "77001", "77002"]
    assert await numbers(unit=world.city.organisation[unit].name) == ["77000", "77001", "77002"]
    assert await numbers(role="officer", active="no") == ["77001"]
    assert await numbers(q="7700", after="77001") == ["77002"]
    parent = world.city.organisation[unit].parent
    assert await numbers(unit=parent, active="yes") == ["77000", "77002"], "with the units below"
    assert (await browser.get("/people/none")).status_code == 404
    page = (await browser.get("/rights")).text
    assert re.search(
        r"负责人<.*?<th scope=\"row\">本单位和下级</th><td class=\"nb\"></td><td>[^<]*排值班表", page, re.S
    )


def test_every_right_and_role_that_is_granted_has_words(world: World) -> None:
    from anlan.web.language import LANGUAGES, strings  # noqa: PLC0415 - only here

    for language in LANGUAGES:
        t = strings(language, tuple(world.domains))
        granted = {f"role.{role}" for role in world.grants.roles()}
        granted |= {f"action.{a}" for role in world.grants.roles() for a in world.grants.of_role(role)}
        assert (
            sorted(key for key in granted if key not in t and not any(f"{d}.{key}" in t for d in world.domains)) == []
        )
