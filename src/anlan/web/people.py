"""People and rights: accounts, found and changed by who administers them; what each role may do, in words."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from anlan.app import accounts, people
from anlan.loop.errors import Refused
from anlan.loop.fact import Fact
from anlan.loop.grants import ANY, NO_MATTER, SENT
from anlan.loop.level import LEVELS, Level
from anlan.loop.working_calendar import minute_of
from anlan.store.commit import Commit
from anlan.web.account import program
from anlan.web.visit import Visit

SCOPES = {
    frozenset(ANY): "any",
    frozenset({"own"}): "own",
    frozenset({"own", "below"}): "own_below",
    frozenset({"assist"}): "assist",
}


class Change(msgspec.Struct, frozen=True):
    """A line of an account's history: when, what, by whom."""

    when: str
    what: str
    who: str


class Right(msgspec.Struct, frozen=True):
    """What a role may do to whose matters, and up to which level of them."""

    scope: str
    level: str
    actions: str


class Role(msgspec.Struct, frozen=True):
    """A role: its name, how many have it, its rights."""

    key: str
    name: str
    count: int
    rights: list[Right]


class Ticked(msgspec.Struct, frozen=True):
    """A form about an account: its fields, and the roles that are ticked."""

    values: dict[str, str]
    roles: tuple[str, ...]


@get("/people")
async def list_people(request: Request[Any, Any, Any]) -> Template:
    """Accounts by number; the address narrows them."""
    visit = Visit(request)
    query = request.query_params
    unit = visit.names.find_unit(query["unit"]) if query.get("unit", "").strip() else ""
    role, active = query.get("role", ""), query.get("active", "")
    if active not in {"", "yes", "no"} or (role and role not in people.roles(visit.world)):
        raise Refused("field.not_an_option", field="role", options=", ".join(people.roles(visit.world)))
    found = people.listed(
        visit.world, visit.actor, query.get("q", "").strip(), unit, role, active, query.get("after", "")
    )
    return visit.page(
        "people.html", people=found, q=query.get("q", ""), unit=visit.names.unit(unit) if unit else "", role=role,
        active=active, roles=people.roles(visit.world), units=list(visit.world.city.organisation), role_name=role_name,
        more=visit.with_query(after=found[-1].id) if len(found) == people.PAGE else "",
    )  # fmt: skip


@get("/people/new")
async def new_person(request: Request[Any, Any, Any]) -> Template:
    """The form of a new account."""
    visit = Visit(request)
    return _new(visit, Ticked({"unit": request.query_params.get("unit", "")}, ()))


@post("/people/new", status_code=200)
async def add_person(request: Request[Any, Any, Any]) -> Template:
    """A new account; its password is shown once, here."""
    visit, typed = Visit(request), await _ticked(request)
    world = visit.world
    account = typed.values.get("account", "").strip()
    try:
        unit = _unit(visit, typed)
        commit, once = people.add(world, visit.actor, account, unit, typed.roles)
        await world.store.writer.write(commit)
    except Refused as refused:
        return _new(visit, typed, visit.refusal(refused))
    return _one(visit, account, once=once)


@get("/people/{account:str}")
async def one_person(request: Request[Any, Any, Any], account: FromPath[str]) -> Template:
    """An account: unit and roles, sessions, history."""
    return _one(Visit(request), account)


@post("/people/{account:str}/{deed:str}", status_code=200)
async def change_person(request: Request[Any, Any, Any], account: FromPath[str], deed: FromPath[str]) -> Response[Any]:
    """A change: rights, off, on, password, second, session."""
    visit, typed = Visit(request), await _ticked(request)
    try:
        commit, once = _done(visit, account, deed, typed)
        await visit.world.store.writer.write(commit)
    except Refused as refused:
        if refused.code == "people.unknown":
            raise
        return _one(visit, account, visit.refusal(refused), typed=typed)
    if once:
        return _one(visit, account, once=once)
    return Redirect(f"/people/{account}", status_code=303)


@get("/rights")
async def rights(request: Request[Any, Any, Any]) -> Template:
    """What each role may do, in words."""
    visit = Visit(request)
    counts = people.count_by_role(visit.world)
    roles = [
        Role(role, role_name(visit, role), counts.get(role, 0), rights_of(visit, role))
        for role in visit.world.grants.roles()
    ]
    return visit.page("rights.html", roles=roles, given=people.roles(visit.world))


def rights_of(visit: Visit, role: str) -> list[Right]:
    """A role's rights by whose matters they touch and how sensitive those may be. What reaches fewer of the graver ones
    stands in a line for each reach."""
    reach: dict[str, list[tuple[Level, frozenset[str]]]] = {}
    for level in LEVELS:
        for action, relations in visit.world.grants.of_role(role, level).items():
            of_action = reach.setdefault(action, [])
            if of_action and of_action[-1][1] == relations:
                of_action.pop()
            of_action.append((level, relations))
    lines: dict[tuple[str, str], list[str]] = {}
    for action, parts in reach.items():
        for level, relations in parts:
            key = (_scope(visit, relations), "" if action in NO_MATTER else visit.t(f"sensitivity.{level}"))
            lines.setdefault(key, []).append(action_name(visit, action))
    return [Right(scope, level, visit.t("rights.and").join(actions)) for (scope, level), actions in lines.items()]


def action_name(visit: Visit, action: str) -> str:
    """An action in words, the interface's own or those of the line of work that knows it."""
    lines = (visit.t.word(domain, f"action.{action}") for domain in visit.world.domains)
    return next((words for words in lines if words != action), action)


def role_name(visit: Visit, role: str) -> str:
    """A role in words."""
    lines = (visit.t.word(domain, f"role.{role}") for domain in visit.world.domains)
    return next((words for words in lines if words != role), role)


def _scope(visit: Visit, relations: frozenset[str]) -> str:
    key = SCOPES.get(relations)
    if key:
        return visit.t(f"scope.{key}")
    return visit.t("rights.and").join(
        visit.t(f"scope.{relation}") for relation in (*ANY, SENT) if relation in relations
    )


def _done(visit: Visit, account: str, deed: str, typed: Ticked) -> tuple[Commit, str]:
    """The commit of a change, and the password to show, if any."""
    world, actor = visit.world, visit.actor
    match deed:
        case "rights":
            return people.change(world, actor, account, _unit(visit, typed), typed.roles), ""
        case "on" | "off":
            return people.switch(world, actor, account, on=deed == "on"), ""
        case "password":
            return people.reset_password(world, actor, account)
        case "second":
            return people.reset_second(world, actor, account), ""
        case "session":
            return people.end_session(world, actor, account, typed.values.get("mark", "")), ""
    raise Refused("field.not_an_option", field="deed", options="rights, on, off, password, second, session")


async def _ticked(request: Request[Any, Any, Any]) -> Ticked:
    sent = await request.form()
    values = {key: value for key, value in sent.multi_items() if isinstance(value, str)}
    return Ticked(values, tuple(str(role) for role in sent.getall("role", [])))


def _unit(visit: Visit, typed: Ticked) -> str:
    text = typed.values.get("unit", "")
    return visit.names.find_unit(text) if text.strip() else ""


def _new(visit: Visit, typed: Ticked, error: str = "") -> Template:
    return visit.page(
        "person_new.html", 422 if error else 200, typed=typed, error=error, roles=people.roles(visit.world),
        units=list(visit.world.city.organisation), role_name=role_name,
    )  # fmt: skip


def _one(visit: Visit, account: str, error: str = "", *, once: str = "", typed: Ticked | None = None) -> Template:
    world = visit.world
    person = people.one(world, visit.actor, account)
    unit = visit.names.unit(person.unit) if person.unit else ""
    shown = typed if typed and "unit" in typed.values else Ticked({"unit": unit}, person.roles)
    return visit.page(
        "person.html", 422 if error else 200, person=person, typed=shown, error=error, once=once,
        once_until=visit.times.of(person.once_until) if person.once_until else "", own=account == visit.actor.id,
        sessions=accounts.sessions(world, account), program=program, role_name=role_name,
        roles=people.roles(world), units=list(world.city.organisation),
        history=[_change(visit, fact) for fact in people.history(world, visit.actor, account)],
    )  # fmt: skip


def _change(visit: Visit, fact: Fact) -> Change:
    t, data = visit.t, fact.data
    what = t(f"history.{fact.kind}")
    if fact.kind == "account_set":
        unit = visit.names.unit(data["unit"]) if data["unit"] else t("people.no_unit")
        named = t("rights.and").join(role_name(visit, role) for role in data["roles"])
        what = t("history.set", unit=unit, roles=named)
    return Change(visit.times.entry(minute_of(fact.at)), what, visit.names.staff(fact.actor))
