"""Webhooks: who is told of facts over HTTP, as whom, and what becomes of what they could not be told.

A subscription acts as an account: only what that account may see leaves, as of the moment it is sent. It begins with
what happens after it was made. Each change is on the city's ledger; the secret is shown once and kept sealed.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from anlan.app.accounts import commit_of
from anlan.app.world import World
from anlan.links.webhook import SECRET_BYTES, secret_text
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.store.commit import Commit
from anlan.store.webhooks import INSERT, REMOVE, REMOVE_LETTERS, SET_LETTER, SET_STATE, Letter, Webhook

NAME_MAX, WORDS_MAX, WEBHOOKS_MAX = 60, 40, 100
WORD = re.compile(r"[a-z0-9_]{1,40}")
STATES = {"pause": "paused", "resume": "active"}
DEEDS = {"again": "again", "let_go": "let_go"}


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subscription that is asked for: `kinds` of facts and `ledgers` with blanks between, "" for all."""

    name: str
    account: str
    url: str
    kinds: str = ""
    ledgers: str = ""


def add(world: World, actor: Actor, asked: Asked) -> tuple[Commit, str, str]:
    """The commit of a subscription whose address was checked, its id, and its secret: shown once. Raises Refused."""
    name, kinds, ledgers = asked.name.strip(), _words("kinds", asked.kinds), _words("ledgers", asked.ledgers)
    if not 0 < len(name) <= NAME_MAX:
        raise Refused("webhook.name", length_max=NAME_MAX)
    if len(others := world.store.webhooks.all()) >= WEBHOOKS_MAX:
        raise Refused("webhook.too_many", count_max=WEBHOOKS_MAX)
    if any(one.name == name for one in others):
        raise Refused("webhook.name_taken", name=name)
    if world.store.read.account(asked.account) is None:
        raise Refused("people.unknown", account=asked.account)
    now, secret = world.clock(), world.random(SECRET_BYTES)
    made = world.store.vault.new_id("w", now)
    sealed = world.store.vault.sealed_by_master(f"webhook {made}", secret)
    row = Webhook(
        made, name, asked.account, asked.url, sealed, kinds, ledgers, "active", "", world.store.outbox.last(), 0, 0, 0,
        now,
    )  # fmt: skip
    commit = commit_of(world, actor.id, "webhook_added", _told(row), (INSERT, msgspec.structs.astuple(row)))
    free = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM webhooks WHERE name = ?)"
    commit.checks.append((free, (name,), Refused("webhook.name_taken", name=name)))
    return commit, made, secret_text(secret)


def change(world: World, actor: Actor, webhook: str, deed: str) -> Commit:
    """The commit that pauses, resumes or removes one; resumed, it goes on where it stood. Raises Refused."""
    one = named(world, webhook)
    if deed == "remove":
        commit = commit_of(world, actor.id, "webhook_removed", _told(one), (REMOVE, (one.id,)))
        commit.rows.append((REMOVE_LETTERS, (one.id,)))
        return commit
    if deed not in STATES:
        raise Refused("field.not_an_option", field="deed", options="pause, resume, remove")
    data = {"webhook": one.id, "state": STATES[deed]}
    return commit_of(world, actor.id, "webhook_changed", data, (SET_STATE, (STATES[deed], one.id)))


def settle(world: World, actor: Actor, letter: str, deed: str) -> Commit:
    """The commit that has a dead letter sent again, or lets it go. Raises Refused."""
    one = world.store.webhooks.letter(letter)
    if one is None or one.state != "dead":
        raise Refused("webhook.no_letter", letter=letter)
    if deed not in DEEDS:
        raise Refused("field.not_an_option", field="deed", options=", ".join(DEEDS))
    data = {"webhook": one.webhook, "letter": one.id, "state": DEEDS[deed]}
    row = (DEEDS[deed], one.why, world.clock(), one.id)
    return commit_of(world, actor.id, "letter_settled", data, (SET_LETTER, row))


def named(world: World, webhook: str) -> Webhook:
    """The subscription of that id. Raises Refused("webhook.unknown")."""
    if (one := world.store.webhooks.one(webhook)) is None:
        raise Refused("webhook.unknown", webhook=webhook)
    return one


def letters(world: World) -> list[Letter]:
    """The letters that wait for a decision, newest first."""
    return world.store.webhooks.letters("dead")


def _told(one: Webhook) -> dict[str, Any]:
    """What the ledger says of it: no address (it may hold a key), no name that somebody typed."""
    return {"webhook": one.id, "subscriber": one.account, "kinds": one.kinds, "ledgers": one.ledgers}


def _words(field: str, text: str) -> str:
    words = text.replace(",", " ").replace("，", " ").split()
    if len(words) > WORDS_MAX or not all(WORD.fullmatch(word) for word in words):
        raise Refused("webhook.words", field=field, count_max=WORDS_MAX)
    return " ".join(dict.fromkeys(words))
