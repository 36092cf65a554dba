"""Calls: what rings at a person's place, who that is as far as it is known, and dialling for the call-back desk.

The number is sealed the moment the exchange tells it. Whose open matters the caller has is looked up on the record; the
number itself is shown masked, and goes into the report, or to the exchange, without passing through a page.
"""

from __future__ import annotations

import msgspec

from anlan.app import look
from anlan.app.redact import masked_phone, phone_of
from anlan.app.world import World, year_of
from anlan.links.asterisk import EXTENSION, Asterisk, CallEvent, Undialled
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.store.calls import FORGET_CALL, INSERT_CALL, SET_CALL_MATTER, SET_CALL_STATE, SIT, STAND_UP, Call
from anlan.store.commit import Commit

STATES = ("ringing", "answered", "ended")
FACT_KINDS = frozenset({"call_ringing", "call_answered", "call_ended", "call_missed", "call_became"})
CURRENT_MS = 10 * 60_000
KEPT_MS = 30 * 24 * 3_600_000
MATTERS_MAX = 5
PREFIX = "c"


class Caller(msgspec.Struct, frozen=True):
    """Who calls, as far as a page may say: the masked number and the caller's open matters, newest first."""

    call: Call
    phone: str
    matters: list[tuple[Matter, str]]


def took(world: World, event: CallEvent, actor: str) -> Commit | None:
    """The commit for what the exchange told; None when it changes nothing. Raises Refused for what it cannot mean."""
    if event.state not in STATES:
        raise Refused("field.not_an_option", field="state", options=", ".join(STATES))
    if not EXTENSION.fullmatch(event.extension):
        raise Refused("call.bad_extension")
    outside = f"{event.call_id}/{event.extension}"
    known = world.store.calls.outside(outside)
    if known is None:
        return _ringing(world, event, outside, actor) if event.state == "ringing" else None
    state = "missed" if event.state == "ended" and known.state == "ringing" else event.state
    if known.state in {"ended", "missed", state} or state == "ringing":
        return None
    return _told(world, actor, f"call_{state}", known, [(SET_CALL_STATE, (state, known.id))])


def sit(world: World, account: str, extension: str) -> Commit:
    """The commit of who sits where: one person at an extension, one extension a person; "" is nowhere."""
    if extension and not EXTENSION.fullmatch(extension):
        raise Refused("call.bad_extension")
    now = world.clock()
    rows: list[tuple[str, tuple[str, ...]]] = [(STAND_UP, (account,))]
    if extension:
        rows.append((SIT, (extension, account)))
    fact = (int(world.ledger), world.ledger, ("sits_at", {"account": account, "extension": extension}))
    return Commit(at=now, actor=account, year=year_of(now), readings=[fact], rows=list(rows))


def current(world: World, account: str) -> Call | None:
    """The call at a person's place that nothing has come of yet."""
    return world.store.calls.current(account, world.clock() - CURRENT_MS)


async def caller(world: World, actor: Actor, call_id: str) -> Caller:
    """Who calls. The reading is on the ledger before the number is opened. Raises Refused("call.unknown")."""
    world.require(actor, "receive")
    call = _own(world, actor, call_id)
    await _record(world, actor, call)
    numbers = world.store.read.of_party(call.party) if call.party else []
    matters = [world.store.read.matter(number) for number in numbers]
    seen = [m for m in matters if not m.closed_at and not m.merged_into and _sees(world, actor, m)][:MATTERS_MAX]
    titles = world.store.read.titles([m.number for m in seen]) if seen else {}
    phone = _phone(world, call)
    return Caller(call, masked_phone(phone) if phone else "", [(m, titles.get(m.number, "")) for m in seen])


def phone_for(world: World, actor: Actor, call_id: str) -> str:
    """The number of a call that `caller` has shown (masked, on the record), for the report made of it."""
    return _phone(world, _own(world, actor, call_id))


def became(world: World, actor: Actor, call_id: str, matter: int) -> Commit:
    """The commit that ties a call to what was received from it."""
    call = _own(world, actor, call_id)
    return _told(world, actor.id, "call_became", call, [(SET_CALL_MATTER, (matter, call.id))], matter=matter)


async def dial(world: World, exchange: Asterisk | None, actor: Actor, number: int, receipt: int) -> str:
    """Call a reporter from the actor's extension, without showing the number; answers the extension. The reading and,
    once it was put through, the call are on the ledger. Raises Refused: call.no_link, call.no_extension …"""
    if exchange is None or not exchange.connected:
        raise Refused("call.no_link")
    extension = world.store.calls.extension_of(actor.id)
    if not extension:
        raise Refused("call.no_extension")
    contact = await look.unmask(world, actor, number, receipt, "call_back")
    try:
        await exchange.dial(extension, contact.phone)
    except Undialled as undialled:
        raise Refused(undialled.why) from None
    now, matter = world.clock(), world.store.read.matter(number)
    fact = (number, matter.ledger, ("dialled", {"receipt": receipt, "extension": extension}))
    await world.store.writer.write(Commit(at=now, actor=actor.id, year=year_of(now), readings=[fact], urgent=True))
    return extension


def forget_old(world: World) -> Commit | None:
    """The commit that forgets calls of more than thirty days ago, numbers and all."""
    now = world.clock()
    old = world.store.calls.before(now - KEPT_MS)
    if not old:
        return None
    rows = [(sql, (call,)) for call in old for sql in (FORGET_CALL, "DELETE FROM sealed WHERE id = ?")]
    return Commit(at=now, actor="system", year=year_of(now), rows=list(rows), destroys=old)


def _ringing(world: World, event: CallEvent, outside: str, actor: str) -> Commit | None:
    account = world.store.calls.account_at(event.extension)
    if not account:
        return None
    now = world.clock()
    phone = phone_of(event.caller) or "" if event.caller else ""
    party = (world.store.vault.party_of(world.store.vault.blind(phone)) or "") if phone else ""
    call = Call(world.store.vault.new_id(PREFIX, now), outside, event.extension, account, party, "ringing", now, 0)
    commit = _told(world, actor, "call_ringing", call, [(INSERT_CALL, msgspec.structs.astuple(call))])
    world.store.vault.seal(commit, call.id, [(call.id, {"phone": phone})])
    return commit


def _own(world: World, actor: Actor, call_id: str) -> Call:
    call = world.store.calls.one(call_id)
    if call is None or call.account != actor.id:
        raise Refused("call.unknown")
    return call


def _phone(world: World, call: Call) -> str:
    return str(world.store.vault.open([call.id]).get(call.id, {}).get("phone", ""))


def _sees(world: World, actor: Actor, matter: Matter) -> bool:
    return world.grants.allows(actor, "see", matter, world.relation)


async def _record(world: World, actor: Actor, call: Call) -> None:
    now = world.clock()
    data = {"purpose": "receive", "what": "caller", "call": call.id, **({"party": call.party} if call.party else {})}
    fact = (int(world.ledger), world.ledger, ("read", data))
    await world.store.writer.write(Commit(at=now, actor=actor.id, year=year_of(now), readings=[fact], urgent=True))


def _told(
    world: World, actor: str, kind: str, call: Call, rows: list[tuple[str, tuple[object, ...]]], **more: int
) -> Commit:
    now = world.clock()
    data = {"call": call.id, "extension": call.extension, "account": call.account, **more}
    fact = (int(world.ledger), world.ledger, (kind, data))
    return Commit(at=now, actor=actor, year=year_of(now), readings=[fact], rows=list(rows), urgent=True)
