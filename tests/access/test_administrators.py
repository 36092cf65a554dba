"""Three administrators, apart: nobody holds two of their roles, none of them touches a matter, and what they do is on
the record that the auditor reads and cannot change."""

from __future__ import annotations

import msgspec
import pytest
from tests.access.asking import Asking

from anlan.app import accounts, people
from anlan.app.world import World
from anlan.city import people as city_people
from anlan.city.errors import CityError
from anlan.city.people import Officer, Roster
from anlan.loop.errors import Broken, Refused
from anlan.loop.grants import ADMINISTRATORS, READING, Actor, Grant, check_administrators

pytestmark = pytest.mark.anyio
UNIT = "branch.370202"
SECURITY = Actor("900", UNIT, ("security",))


def hired(world: World, account: str, *roles: str) -> str:
    world.store.writer.submit(accounts.add(world, account, UNIT, roles, "long enough"))
    commit, token = accounts.token_for(world, account)
    world.store.writer.submit(commit)
    return token


def pairs() -> list[tuple[str, str]]:
    return [
        (one, other) for one in ADMINISTRATORS for other in (*ADMINISTRATORS, "officer", "overseer") if one != other
    ]


@pytest.mark.parametrize(("one", "other"), pairs())
def test_nobody_holds_an_administrators_role_and_another(world: World, one: str, other: str) -> None:
    hired(world, "77001", "officer")
    for refused in (
        lambda: accounts.add(world, "77002", UNIT, (one, other), "long enough"),
        lambda: people.add(world, SECURITY, "77002", UNIT, (one, other)),
        lambda: people.change(world, SECURITY, "77001", UNIT, (other, one)),
    ):
        with pytest.raises(Refused, match=r"people\.apart"):
            refused()
    with pytest.raises(CityError, match=r"officer\.apart"):
        Roster([Officer("77003", UNIT, (one, other))])


def test_whoever_came_to_hold_two_otherwise_gets_in_nowhere(world: World) -> None:
    """An account of an older version, or one that was written past Anlan: no session, none by single sign-on either."""
    token = hired(world, "77001", "auditor")
    row = msgspec.json.encode(("auditor", "security")).decode()
    writer = world.store.writer
    before = accounts.actor_of(world, token)
    writer.submit(accounts.commit_of(world, "x", "account_set", {}, ("UPDATE accounts SET roles = ?", (row,))))
    assert before is not None
    assert accounts.actor_of(world, token) is None
    for refused in (
        lambda: accounts.log_in(world, "77001", "long enough"),
        lambda: accounts.log_in_from_outside(world, "77001", "", b"once"),
    ):
        with pytest.raises(Refused, match=r"people\.apart"):
            refused()


def test_no_line_of_work_lets_an_administrator_touch_a_matter(world: World) -> None:
    for role in ADMINISTRATORS:
        may = {a for d in world.domains.values() for g in d.grants if g.role == role for a in g.actions}
        assert may <= (READING if role == "auditor" else set())
        with pytest.raises(Broken, match=role):
            check_administrators({"fraud": (Grant(role, ("act",)),)})
    with pytest.raises(Broken, match="see"):
        check_administrators({"fraud": (Grant("security", ("see",)),)})


def test_the_city_knows_the_same_administrators() -> None:
    assert set(city_people.ADMINISTRATORS) == set(ADMINISTRATORS)


def test_the_demo_city_has_each_of_them(world: World) -> None:
    for role in ADMINISTRATORS:
        held = world.city.roster.with_role(role)
        assert held
        assert all(officer.roles == (role,) for officer in held)


async def test_a_security_administrator_gives_themselves_nothing(world: World) -> None:
    asking, token = Asking(world), hired(world, "77001", "security")
    hired(world, "77002", "security")
    for deed, form in (("rights", {"unit": UNIT, "role": "overseer"}), ("password", {}), ("off", {})):
        answer = await asking.send("POST", f"/people/77001/{deed}", token, form=form)
        assert answer.status == 422
        assert b"their own account" in answer.text or b"your own" in answer.text
    assert people.one(world, SECURITY, "77001").roles == ("security",)


async def test_the_auditor_reads_what_administrators_did_and_who_was_refused(world: World) -> None:
    asking, auditor, security = Asking(world), hired(world, "77001", "auditor"), hired(world, "77002", "security")
    form = {"account": "77009", "unit": world.city.organisation[UNIT].name, "role": "officer"}
    assert (await asking.send("POST", "/people/new", security, form=form)).status == 200
    await asking.send("GET", "/queue", security)
    page = (await asking.send("GET", "/record", auditor)).text.decode()
    assert "77009" in page
    assert "GET /queue" in page
    assert "Security 77002" in page
    denied = (await asking.send("GET", "/record?part=denied", auditor)).text.decode()
    assert "GET /queue" in denied
    assert "77009" not in denied
    assert "77009" in (await asking.send("GET", "/record?who=77009", auditor)).text.decode()
    assert (await asking.send("GET", "/record?part=other", auditor)).status == 422
    assert (await asking.send("GET", "/rights", auditor)).status == 200


async def test_the_auditor_changes_nothing(world: World) -> None:
    """Every address that changes something and is not about the auditor's own account or views refuses them."""
    from tests.access.rules import addresses, may_call  # noqa: PLC0415 - only here

    own = {"POST /account/revoke", "POST /account/password", "POST /account/second", "POST /account/extension"}
    open_to = {at for at, about in addresses().items() if at.startswith("POST") and may_call("auditor", about)}
    public = {at for at, about in addresses().items() if "all" in about["who"]}
    by_the_loop = {at for at in open_to if addresses()[at].get("about") in {"move", "undo"}} | {"POST /bulk"}
    assert open_to - public - own - by_the_loop == {"POST /queue/read", "POST /views"}
    grants = world.grants.of_role("auditor")
    assert set(grants) == set(READING)
