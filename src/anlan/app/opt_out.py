"""Opt out: who wants no more messages, by the link in one, on the follow page, or by answering TD. And back in again.

It is kept by person, without opening who that is.
"""

from __future__ import annotations

from anlan.app.redact import phone_of
from anlan.app.world import World, year_of
from anlan.store.commit import Commit
from anlan.store.messages import OPT_IN, OPT_OUT

STOP_WORDS = frozenset({"TD", "T", "退订", "拒收", "STOP"})
BACK_WORDS = frozenset({"HF", "恢复", "START"})


def set_for(world: World, party: str, *, out: bool, actor: str) -> Commit:
    """The commit that takes a person out of messages, or back in; on the city's ledger by the person's id."""
    now = world.clock()
    row = (OPT_OUT, (party, now)) if out else (OPT_IN, (party,))
    told = ("messages_stopped" if out else "messages_wanted", {"party": party})
    fact = (int(world.ledger), world.ledger, told)
    return Commit(at=now, actor=actor, year=year_of(now), readings=[fact], rows=[row])


def answered(world: World, phone: str, text: str, actor: str) -> Commit | None:
    """The commit for a text message that came back: TD stops, HF resumes. None for other words or an unknown number."""
    word = text.strip().upper()
    if word not in STOP_WORDS | BACK_WORDS:
        return None
    number = phone_of(phone)
    party = world.store.vault.party_of(world.store.vault.blind(number)) if number else None
    return set_for(world, party, out=word in STOP_WORDS, actor=actor) if party else None
