"""Receive (受理): an intake becomes a matter, or joins one. Everything it takes happens here, in one transaction.

Order matters: what is known already is answered before any engine runs; duplicates are found before anything is saved;
personal data is sealed before the writer sees it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from anlan.app.attach import taken
from anlan.app.look import sees
from anlan.app.redact import phone_of, redacted
from anlan.app.route import Asked, Route, route
from anlan.app.words import Words, features_of, words
from anlan.app.world import World, year_of
from anlan.city.areas import Location
from anlan.city.errors import CityError
from anlan.engines.merge import Candidate
from anlan.engines.text import TEXT_MAX as ROW_TEXT_MAX
from anlan.engines.text import Features
from anlan.loop.case import as_data
from anlan.loop.deadlines import stop
from anlan.loop.domain import Domain, Intake
from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft, evolve, stamp
from anlan.loop.flow import Flow
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter, shown
from anlan.loop.receive import Opening, opening
from anlan.loop.working_calendar import minute_of
from anlan.store.commit import Change, Commit, Done, Receipt, Shown

TEXT_MAX = 20_000
TITLE_MAX = 200
PLACE_E6 = 1_000_000
OFFERS = 3


class Advice(msgspec.Struct, frozen=True):
    """What the engines say about an intake before it is saved."""

    features: Features
    offers: list[Candidate]
    categories: list[tuple[str, int]]
    category: str
    location: Location | None
    district: str
    route: Route | None


class Prepared(msgspec.Struct, frozen=True):
    """A commit ready for the writer, the code for its reporter, and the advice it was built on."""

    commit: Commit
    code: str
    advice: Advice | None


Answer = Callable[[Done, Prepared], bytes]


def prepare(
    world: World,
    domain: Domain,
    intake: Intake,
    actor: Actor,
    join: int = 0,
    *,
    said: Words | None = None,
    engines: bool = True,
) -> Prepared:
    """Build the commit for an intake; `join` names the open matter it belongs to. Raises Refused; writes nothing.

    `said` are its words where a bulk load has them already. Without `engines` (a load that says so) no duplicate is
    sought and no category guessed.
    """
    if domain.prepares is not None:
        intake = domain.prepares(world, intake)
    checked(intake)
    if intake.category and intake.category not in world.category_keys and not intake.foreign:
        raise Refused("category.unknown", category=intake.category)
    if join:
        return _joining(world, intake, actor, join)
    flow = domain.flow(intake.flow or domain.flows[0].key)
    said = said or words(intake.title, intake.text, intake.address)
    advice = advise(world, intake, said.features, engines=engines, explain=False)
    commit = Commit(at=world.clock(), actor=actor.id, year=year_of(intake.at), urgent=is_urgent(world, intake))
    code, party = _seal(world, commit, intake)
    ledger = advice.district if advice.district.isdigit() else world.ledger
    received = _received(intake, domain, advice, ledger, party)
    drafts = opening(flow, _opening(flow, received, intake, advice), minute_of(intake.at), world.calendar, world.target)
    if intake.closed_at:
        drafts.append(_closed(flow, drafts, intake, actor))
    commit.changes = [Change(flow, ledger, drafts)]
    commit.shown = Shown(said.title, said.terms, b"" if intake.closed_at else said.row)
    return Prepared(commit, code, advice)


def advise(
    world: World, intake: Intake, row: Features | None = None, *, engines: bool = True, explain: bool = True
) -> Advice:
    """Duplicates, category, place and route for an intake: what a page shows while it is typed."""
    row = row or features_of(intake.title, intake.text)
    location, district = locate(world, intake)
    engines = engines and intake.flow != "notice"
    guess = engines and (intake.by_hand or not intake.category)
    categories, certain = _classify(world, intake, row, explain=explain) if guess else ([], "")
    category = intake.category or certain
    offers = find_duplicates(world, intake, row, category, explain=explain) if engines and not intake.closed_at else []
    asked = Asked(category, intake.channel, district, location, intake.text)
    ruled = route(world.city, asked)
    return Advice(row, offers, categories, category, location, district, _human(intake, ruled) or ruled)


def offered(world: World, offers: list[Candidate], actor: Actor, *, beside: Done | None = None) -> list[Candidate]:
    """Those of the offers that the actor may be told of. Beside what the report has become, while it is being written:
    those on their way to disk too, and only what it can be merged into."""
    look = beside.look if beside and beside.look else world.store.read.matters
    known = look([c.key for c in offers if c.key > 0])
    fitting = {key for key, matter in known.items() if beside is None or matter.flow == beside.matters[0].flow}
    return [c for c in offers if c.key in fitting and _may_join(world, actor, known[c.key])]


def find_duplicates(
    world: World, intake: Intake, row: Features, category: str, *, explain: bool = True
) -> list[Candidate]:
    """Open matters that may be the same, best first. Without `explain`, those still arriving too (`Arriving.named`)."""
    category_no = world.category_no(category)
    found = world.merge.find(
        row, intake.lon, intake.lat, minute_of(intake.at), category_no, limit=OFFERS, explain=explain
    )
    likely = [offer for offer in found if offer.score >= world.offer_from]
    return world.arriving.named(likely) if explain else likely


def locate(world: World, intake: Intake) -> tuple[Location | None, str]:
    """Where it is and whose district: by coordinates, else by a named district, else unknown."""
    if intake.lon is not None and intake.lat is not None:
        try:
            location = world.city.areas.locate(intake.lon, intake.lat)
        except CityError as error:
            if not intake.foreign:
                raise Refused(error.code, **error.params) from None
        else:
            return location, location.district
    if not intake.district:
        return None, ""
    found = world.city.areas.by_name(intake.district)
    if not found and intake.district not in world.city.areas.by_key:
        raise Refused("place.unknown_district", district=intake.district)
    area = found[0] if found else world.city.areas.by_key[intake.district]
    return None, area.key if area.level == "district" else area.district


def is_urgent(world: World, intake: Intake) -> bool:
    """Whether it came by a channel whose reports go through on a full disk."""
    found = world.channels.get(intake.channel)
    return found is not None and found[1].urgent


def checked(intake: Intake) -> None:
    """Refuse what no channel may hand in: empty or over-long text, a number that is not one."""
    if not intake.text.strip():
        raise Refused("field.missing", field="text")
    for field, text, length_max in (("text", intake.text, TEXT_MAX), ("title", intake.title, TITLE_MAX)):
        if len(text) > length_max:
            raise Refused("field.too_long", field=field, length=len(text), length_max=length_max)
    if intake.phone and phone_of(intake.phone) is None:
        raise Refused("phone.malformed", digits=sum(c.isdigit() for c in intake.phone))


async def hand_in(
    world: World,
    domain: Domain,
    intake: Intake,
    actor: Actor,
    join: int = 0,
    request: tuple[bytes, bytes] | None = None,
    answer: Answer | None = None,
) -> tuple[Prepared, Done]:
    """Prepare, write and await. `request`: the marks of idempotency key and body; `answer`: what is kept for them."""
    prepared = prepare(world, domain, intake, actor, join)
    prepared.commit.request = request
    key = enter(world, prepared, intake, answer)
    done = None
    try:
        done = await world.store.writer.write(prepared.commit)
    finally:
        settle(world, key, done)
    return prepared, done


def enter(world: World, prepared: Prepared, intake: Intake, answer: Answer | None = None) -> int:
    """Let the next duplicate search see an open matter while it is still on its way to disk; 0 for anything else."""
    commit, advice, key = prepared.commit, prepared.advice, 0
    if advice and not intake.closed_at and intake.flow != "notice":
        place, category = (intake.lon, intake.lat), world.category_no(advice.category)
        key = world.arriving.enter(advice.features, place, minute_of(intake.at), category)

    def answered(done: Done) -> bytes:
        if key:
            world.arriving.numbered(key, done.matters[0].number)
        return answer(done, prepared) if answer else b""

    commit.answer = answered
    return key


def settle(world: World, key: int, done: Done | None) -> None:
    """What `enter` let in is on disk now, or is not."""
    if key:
        world.arriving.settle(key, done.matters[0].number if done and not done.replayed else 0)


def _received(intake: Intake, domain: Domain, advice: Advice, ledger: str, party: dict[str, Any]) -> dict[str, Any]:
    place = None
    if intake.lon is not None and intake.lat is not None:
        place = [round(intake.lon * PLACE_E6), round(intake.lat * PLACE_E6)]
    return {
        "domain": domain.key,
        "ledger": ledger,
        "channel": intake.channel,
        "opened_at": intake.at,
        "district": advice.district,
        "place": place,
        "text": party["text"],
        "party": party,
        "outcome": intake.outcome,
        "officer": intake.officer,
        "due_minute": minute_of(intake.due_at) if intake.due_at else 0,
        "urgency": intake.urgency,
    }


def _opening(flow: Flow, received: dict[str, Any], intake: Intake, advice: Advice) -> Opening:
    by = "engine" if not intake.category else "human" if intake.by_hand else "channel"
    classified: dict[str, Any] | None = None
    if advice.category or advice.categories:
        classified = {"category": advice.category, "by": by, "top": [list(c) for c in advice.categories]}
    routed = advice.route.as_data() if advice.route else None
    if routed and not flow.assigned:
        received["lead"] = routed["lead"]
    elif routed:
        received["routed_to"] = routed["lead"]
    return Opening(received, classified, routed, flow.assigned)


def _closed(flow: Flow, drafts: list[Draft], intake: Intake, actor: Actor) -> Draft:
    """An imported row that was closed elsewhere: its clocks stop when it was, to the second if it had a due time."""
    matter: Matter | None = None
    for fact in stamp(drafts, 1, 0, intake.at, actor.id):
        matter = evolve(matter, fact)
    assert matter is not None
    minute = minute_of(intake.closed_at)
    if intake.due_at and intake.closed_at > intake.due_at:
        minute = max(minute, minute_of(intake.due_at) + 1)
    clocks = {key: stop(clock, minute) for key, clock in matter.clocks.items()}
    return "closed", {"at": intake.closed_at, "stage": flow.closed, "clocks": as_data(clocks), "imported": True}


def _human(intake: Intake, ruled: Route | None) -> Route | None:
    suggested = ruled.lead if ruled and intake.by_hand else ""
    return Route(intake.unit, (), "human", False, (), suggested) if intake.unit else None


def _classify(world: World, intake: Intake, row: Features, *, explain: bool) -> tuple[list[tuple[str, int]], str]:
    if world.classifier is None:
        return [], ""
    message = row if len(intake.text) <= ROW_TEXT_MAX else (intake.title, redacted(intake.text))
    said = world.classifier.predict(message, explain=explain)
    top = [(guess.label, round(guess.probability * 1000)) for guess in said.guesses]
    return top, top[0][0] if said.sure else ""


def _joining(world: World, intake: Intake, actor: Actor, number: int) -> Prepared:
    matter = world.store.read.matter(number)
    flow = world.flow_of(matter)
    if not _may_join(world, actor, matter):
        raise Refused("matter.unknown", matter=number)
    if matter.stage == flow.closed or matter.merged_into:
        raise Refused("matter.closed", matter=number)
    if matter.parent:
        raise Refused("child.no_reporters", parent=shown(matter.parent))
    commit = Commit(at=world.clock(), actor=actor.id, year=year_of(intake.at), urgent=is_urgent(world, intake))
    code, party = _seal(world, commit, intake)
    assert commit.receipt is not None
    commit.receipt.joins = True
    commit.changes = [Change(flow, matter.ledger, [("joined", {"parties": [party]})], base=matter)]
    return Prepared(commit, code, None)


def _may_join(world: World, actor: Actor, matter: Matter) -> bool:
    """Who sees nothing (the public, a gateway) joins what the public may be offered: an ordinary matter that is open;
    others what they may see."""
    if not world.grants.relations(actor, "see"):
        is_open = matter.stage != world.flow_of(matter).closed and not matter.parent
        return is_open and world.level_of(matter) == "ordinary"
    return sees(world, actor, matter)


def _person(intake: Intake, phone: str) -> dict[str, str]:
    said = {"name": intake.name, "phone": phone}
    return {**said, "email": intake.email} if intake.email else said


def _seal(world: World, commit: Commit, intake: Intake) -> tuple[str, dict[str, Any]]:
    """Text and person into the vault; answers the follow code and the party's data for the fact."""
    vault, at = world.store.vault, commit.at
    text_id = vault.new_id("t", at)
    said = {"title": intake.title, "text": intake.text, "address": intake.address}
    vault.seal(commit, text_id, [(text_id, said)])
    phone = (phone_of(intake.phone) or "") if intake.phone else ""
    known_by = phone or intake.email
    blind = vault.blind(known_by) if known_by else b""
    party_id = vault.party_of(blind) if blind else None
    if party_id is None:
        party_id = vault.new_id("p", at)
        vault.seal(commit, party_id, [(party_id, _person(intake, phone))])
        if blind:
            commit.parties.append((party_id, blind))
    code = f"{int.from_bytes(world.random(4)) % 100_000_000:08d}"
    outside = intake.outside_id or f"{intake.channel}-{text_id}"
    commit.receipt = Receipt(intake.channel, outside, party_id, vault.code_mark(code))
    party: dict[str, Any] = {
        "party": party_id,
        "channel": intake.channel,
        "at": intake.at,
        "text": text_id,
        "wants_callback": intake.wants_callback,
        "confidential": intake.confidential,
    }
    if intake.closed_at:
        party["callback"] = "waived"
    if intake.files:
        party["files"] = taken(world, commit, intake.files)
    return code, party
