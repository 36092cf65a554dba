"""Words to reporters: which facts call for one, whom it goes to, when, and how it reads. Sending is the messenger's.

A reporter gets one message for what happened, not five: what still waits (in the quiet hours, say) gives way to what is
newer. What can still be undone is told when it no longer can. The text names the receipt, the unit and the due time,
never a person and nothing of what was reported.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources

import msgspec

from anlan.app.follow import link_mark
from anlan.app.world import World, year_of
from anlan.loop.domain import Notice
from anlan.loop.fact import Fact
from anlan.loop.flow import CAN_BE_UNDONE
from anlan.loop.matter import Matter, Party, shown
from anlan.loop.undo import MINUTE_MS
from anlan.loop.working_calendar import DAY, EPOCH, minute_of, ms_of
from anlan.store.commit import Commit
from anlan.store.messages import INSERT_MESSAGE, SET_CURSOR, UPDATE_MESSAGE, Kept
from anlan.store.outbox import Entry

CURSOR = "messages"
STALE_MS = 48 * 3600 * 1000
"""What happened longer ago than this, and stood there already when the messenger began, is not told: a city that was
down for a week does not wake everybody up. What came since is told whatever the clock says: it may have been set."""
FIRST_WORDS = frozenset({"received", "joined"})
"""They say whose it is and until when themselves."""
PREFIX = "g"


class Quiet(msgspec.Struct, frozen=True):
    """The hours (minutes of the city's day) in which nobody is sent anything; they may run over midnight."""

    start: int = 21 * 60
    end: int = 8 * 60

    def after(self, at: int) -> int:
        """The moment (UTC ms) from which a message made at `at` may go."""
        minute = minute_of(at)
        of_day = minute % DAY
        asleep = self.start <= of_day or of_day < self.end if self.start > self.end else self.start <= of_day < self.end
        if not asleep:
            return at
        today = minute - of_day + self.end
        return ms_of(today if of_day < self.end else today + DAY)


def planned(world: World, quiet: Quiet, after: int, limit: int, stood: int) -> Commit | None:
    """The commit that notes what is to be said about the facts after a position; None when there are none. Of the facts
    up to `stood` those that are too old are not told."""
    entries = world.store.outbox.after(after, limit)
    if not entries:
        return None
    if len(entries) == limit:
        entries = _whole(entries)
    now = world.clock()
    commit = Commit(at=now, actor="system", year=year_of(now), rows=[(SET_CURSOR, (CURSOR, entries[-1].pos))])
    told: dict[int, Kept] = {}
    for entry in entries:
        if entry.fact.kind == "undone":
            _take_back(world, commit, told, entry)
        is_stale = entry.pos <= stood and entry.fact.at < now - STALE_MS
        for notice, matter, party in () if is_stale else _called_for(world, entry):
            _tell(world, commit, told, entry, notice, matter, party, quiet)
    commit.rows += [(INSERT_MESSAGE, msgspec.structs.astuple(one)) for one in told.values()]
    return commit


def text_of(world: World, template: str, receipt: int, matter: Matter, link: str, language: str) -> tuple[str, str]:
    """Subject and text of a message, as the matter stands now."""
    words = texts(language)
    city = world.city.about.name if language == "zh" else world.city.about.name_en
    clock = matter.clocks.get("matter")
    due = ""
    if clock and clock.due is not None and clock.stopped is None:
        due = words["due_when"].format(when=_when(clock.due, words))
    units, name = world.city.organisation, ""
    if matter.lead in units:
        name = units[matter.lead].name if language == "zh" else units[matter.lead].name_en
    said = {
        "sign": words["sign"].format(city=city), "number": shown(receipt), "link": link, "due": due,
        "unit": words["received_unit"].format(unit=name) if template == "received" and name else name,
    }  # fmt: skip
    return words["subject"].format(number=shown(receipt)), words[template].format(**said)


def link_of(world: World, public_url: str, receipt: int) -> str:
    """The address under which the reporter of this receipt, and nobody who guesses, sees where it stands."""
    return f"{public_url.rstrip('/')}/f/{receipt}-{link_mark(world, receipt)}"


@cache
def texts(language: str) -> dict[str, str]:
    """The texts in a language."""
    source = resources.files("anlan.app").joinpath(f"messages.{language}.toml").read_text("utf-8")
    return {key: str(value) for key, value in tomllib.loads(source).items()}


def _whole(entries: list[Entry]) -> list[Entry]:
    """Without the last matter's facts, if there are others: more of what happened to it at once may follow."""
    last = entries[-1].fact.matter
    end = next((n for n in range(len(entries), 0, -1) if entries[n - 1].fact.matter != last), len(entries))
    return entries[:end]


def _called_for(world: World, entry: Entry) -> Iterable[tuple[Notice, Matter, Party]]:
    fact = entry.fact
    if not fact.version or fact.kind not in _kinds(world):
        return
    matter = world.store.read.matter(fact.matter)
    for notice in world.domains[matter.domain].notices:
        if notice.kind != fact.kind or matter.flow not in notice.flows or matter.merged_into:
            continue
        if notice.outcome and fact.data.get("outcome") != notice.outcome:
            continue
        named = _named(fact)
        for party in matter.parties:
            if (not named or party.receipt in named) and not world.channels[party.channel][1].silent:
                yield notice, matter, party


def _tell(
    world: World, commit: Commit, told: dict[int, Kept], entry: Entry, notice: Notice, matter: Matter, party: Party,
    quiet: Quiet,
) -> None:  # fmt: skip
    before = [told[party.receipt]] if party.receipt in told else world.store.messages.waiting([party.receipt])
    if notice.template == "moved" and any(one.template in FIRST_WORDS for one in before):
        return
    if notice.template == "closed" and party.callback == "satisfied":
        return  # they have just said so, or been told, in person
    for one in before:
        if party.receipt not in told:
            commit.rows.append((UPDATE_MESSAGE, ("dropped", "", one.due_at, one.attempts, "superseded", one.id)))
    now, flow = commit.at, world.flow_of(matter)
    undoable = any(move.undo and CAN_BE_UNDONE[move.effect] == notice.kind for move in flow.moves)
    goes = max(now, entry.fact.at + flow.limits.undo_minutes * MINUTE_MS) if undoable else now
    told[party.receipt] = Kept(
        world.store.vault.new_id(PREFIX, now), entry.pos, matter.number, party.receipt, party.party, notice.template,
        "", "waiting", now, quiet.after(goes), 0, "",
    )  # fmt: skip


def _take_back(world: World, commit: Commit, told: dict[int, Kept], entry: Entry) -> None:
    """A move that was undone is not told of; what else waits still is."""
    matter, kind = world.store.read.matter(entry.fact.matter), entry.fact.data["kind"]
    of_it = {notice.template for notice in world.domains[matter.domain].notices if notice.kind == kind}
    receipts = [party.receipt for party in matter.parties]
    for receipt in receipts:
        if receipt in told and told[receipt].template in of_it:
            del told[receipt]
    for one in world.store.messages.waiting(receipts):
        if one.template in of_it:
            commit.rows.append((UPDATE_MESSAGE, ("dropped", "", one.due_at, one.attempts, "undone", one.id)))


def _named(fact: Fact) -> frozenset[int]:
    """The receipts a fact is about; none when it is about all of its matter's."""
    if fact.kind == "received":
        return frozenset({fact.matter})
    if fact.kind == "joined":
        return frozenset(party["receipt"] for party in fact.data["parties"])
    return frozenset({fact.data["receipt"]} if "receipt" in fact.data else ())


@cache
def _kinds_of(notices: tuple[Notice, ...]) -> frozenset[str]:
    return frozenset(notice.kind for notice in notices)


def _kinds(world: World) -> frozenset[str]:
    return frozenset().union(*(_kinds_of(domain.notices) for domain in world.domains.values()))


def _when(minute: int, words: dict[str, str]) -> str:
    day = EPOCH.fromordinal(EPOCH.toordinal() + minute // DAY)
    clock = f"{minute % DAY // 60:02d}:{minute % 60:02d}"
    return words["when"].format(month=day.month, day=day.day, clock=clock)
