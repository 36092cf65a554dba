"""Words to reporters: one for what happened, at a decent hour, to who wants it, once; and nothing personal in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from tests.conftest import NOON

from anlan.app import handle, messenger, opt_out, receive
from anlan.app.follow import follow
from anlan.app.messages import Quiet, texts
from anlan.app.messenger import PAUSES_MS, Messenger
from anlan.app.outward import Outward, outward
from anlan.app.world import World
from anlan.links.port import Message, Undelivered
from anlan.loop.case import Intent
from anlan.loop.domain import Intake
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import minute_of
from anlan.settings import Settings

pytestmark = pytest.mark.anyio
PHONE, MAIL = "13812345678", "wang@example.com"
HOUR = 3_600_000


class Fake:
    """A way out that keeps what it took, and fails as often as it is told to."""

    def __init__(self, fails: Iterable[Undelivered] = ()) -> None:
        self.taken, self.fails = list[Message](), list(fails)

    def send(self, message: Message) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.taken.append(message)


class City:
    """A world with a messenger that has begun, and a clock to move."""

    def __init__(self, world: World, somebody: Callable[..., Actor], **ports: Fake) -> None:
        self.world, self.somebody, self.made = world, somebody, 0
        self.messenger = Messenger(world, Outward(ports, "https://anlan.example"))

    async def begin(self) -> City:
        assert not await self.messenger.turn()
        return self

    def at(self, ms: int) -> None:
        self.world.clock = lambda: ms

    def report(self, phone: str = PHONE, join: int = 0, **more: Any) -> Matter:
        self.made += 1
        text = more.pop("text", "三单元楼道堆满旧家具，走不过去")
        said: dict[str, Any] = {"channel": "call_968110", "unit": "branch.370202", "name": "欧阳翠兰", **more}
        one = Intake(outside_id=f"c-{self.made}", title="", text=text, at=self.world.clock(), phone=phone, **said)
        prepared = receive.prepare(self.world, self.world.domains["hotline"], one, self.somebody("operator"), join)
        return self.world.store.writer.submit(prepared.commit).matters[0]

    def move(self, matter: Matter, role: str, key: str, **fields: object) -> Matter:
        who = self.somebody(role)
        who = Actor(who.id, matter.lead, ("officer", *who.roles)) if role == "officer" else who
        intent = Intent(key, self.world.store.read.matter(matter.number).version, fields)
        return self.world.store.writer.submit(handle.prepare(self.world, matter.number, intent, who)).matters[0]

    async def turns(self, n: int = 3) -> None:
        for _ in range(n):
            await self.messenger.turn()

    def states(self) -> list[tuple[str, str, str]]:
        found = self.world.store.messages.listed("", "", 100)[::-1]
        return [(one.template, one.state, one.why) for one in found]


async def test_a_reporter_is_told_in_one_message_and_nothing_personal_is_in_it(world: World, somebody: Any) -> None:
    sms = Fake()
    city = await City(world, somebody, sms=sms).begin()
    matter = city.report()
    await city.turns()
    (sent,) = sms.taken
    assert (sent.to, sent.text.count("已受理"), sent.text.count("前办结")) == (PHONE, 1, 1)
    assert not [word for word in ("欧阳", "家具", PHONE) if word in sent.text]
    link = re.search(r"https://anlan\.example/f/(\d+)-(\w+)", sent.text)
    assert link
    assert follow(world, int(link[1]), link[2])[0].number == matter.number
    with pytest.raises(Refused, match=r"follow\.unknown"):
        follow(world, int(link[1]), "a" * 10)
    kinds = [(f.kind, f.data.get("purpose") or f.data.get("state")) for f in world.store.read.facts(matter.number)][-2:]
    assert kinds == [("read", "message"), ("messaged", "sent")]
    await city.turns()
    assert len(sms.taken) == 1


async def test_what_happened_before_there_were_messages_is_not_told(world: World, somebody: Any) -> None:
    city = City(world, somebody, sms=Fake())
    city.report()
    await city.turns()
    assert city.states() == []


async def test_each_step_is_told_to_every_reporter(world: World, somebody: Any) -> None:
    sms, email = Fake(), Fake()
    city = await City(world, somebody, sms=sms, email=email).begin()
    matter = city.report()
    city.report(phone="", join=matter.number, email=MAIL)
    city.report(phone="053288001234", join=matter.number)
    await city.turns()
    matter = city.move(matter, "officer", "accept")
    matter = city.move(matter, "officer", "report", note="已清运")
    matter = city.move(matter, "overseer", "verify")
    await city.turns()
    assert len(sms.taken) == 1  # it can still be undone
    city.at(NOON + 5 * 60_000)
    await city.turns()
    matter = city.move(matter, "callback", "call_back", receipt=matter.number, outcome="unreachable")
    await city.turns()
    assert [one.text.partition("】")[2][:3] for one in sms.taken] == ["您反映", "您反映", "我们就"]
    assert [("请评价" in one.text, "没有接通" in one.text) for one in sms.taken[1:]] == [(True, False), (False, True)]
    assert [one.to for one in email.taken] == [MAIL, MAIL]
    assert ("joined", "dropped", "no_address") in city.states()


async def test_at_night_everything_waits_and_only_the_newest_is_told(world: World, somebody: Any) -> None:
    sms = Fake()
    city = await City(world, somebody, sms=sms).begin()
    night = NOON + 10 * HOUR
    city.at(night)
    matter = city.report()
    await city.turns()
    matter = city.move(matter, "officer", "accept")
    matter = city.move(matter, "officer", "report", note="已清运")
    city.move(matter, "overseer", "verify")
    await city.turns()
    assert sms.taken == []
    city.at(night + 9 * HOUR)
    await city.turns()
    assert sms.taken == []
    city.at(night + 10 * HOUR)
    await city.turns()
    assert ["请评价" in one.text for one in sms.taken] == [True]
    assert set(city.states()) == {("received", "dropped", "superseded"), ("rate", "sent", "")}


async def test_a_move_that_is_taken_back_is_not_told(world: World, somebody: Any) -> None:
    sms = Fake()
    city = await City(world, somebody, sms=sms).begin()
    matter = city.report()
    await city.turns()
    matter = city.move(matter, "officer", "accept")
    matter = city.move(matter, "officer", "report", note="已清运")
    matter = city.move(matter, "overseer", "verify")
    await city.turns()
    world.store.writer.submit(handle.undo(world, matter.number, matter.version, somebody("overseer")))
    await city.turns()
    city.at(NOON + 6 * 60_000)
    await city.turns()
    assert len(sms.taken) == 1
    assert ("rate", "dropped", "undone") in city.states()


async def test_what_waits_outlives_the_undoing_of_another_move(world: World, somebody: Any) -> None:
    sms = Fake()
    city = await City(world, somebody, sms=sms).begin()
    matter = city.report()
    await city.turns()
    city.at(NOON + 10 * HOUR)
    matter = city.move(matter, "officer", "accept")
    matter = city.move(matter, "overseer", "extend", days=1)
    await city.turns()
    city.at(NOON + 10 * HOUR + 60_000)
    matter = city.move(matter, "overseer", "classify", category="public_order.noise")
    world.store.writer.submit(handle.undo(world, matter.number, matter.version, somebody("overseer")))
    await city.turns()
    city.at(NOON + 21 * HOUR)
    await city.turns()
    assert ["时限有变" in one.text for one in sms.taken] == [False, True]


@pytest.mark.parametrize(
    ("quiet", "at", "goes"),
    [
        (Quiet(), NOON, NOON),
        (Quiet(), NOON + 9 * HOUR, NOON + 20 * HOUR),
        (Quiet(), NOON + 19 * HOUR + 59 * 60_000, NOON + 20 * HOUR),
        (Quiet(), NOON + 20 * HOUR, NOON + 20 * HOUR),
        (Quiet(12 * 60, 14 * 60), NOON, NOON + 2 * HOUR),
        (Quiet(0, 0), NOON, NOON),
    ],
)
async def test_quiet_hours(quiet: Quiet, at: int, goes: int) -> None:
    assert minute_of(quiet.after(at)) == minute_of(goes)


async def test_a_failure_that_may_pass_is_tried_again_with_the_same_id(world: World, somebody: Any) -> None:
    sms = Fake([Undelivered("gateway 503", final=False)] * 2)
    city = await City(world, somebody, sms=sms).begin()
    city.report()
    await city.turns()
    assert city.states() == [("received", "waiting", "gateway 503")]
    first = world.store.messages.listed("", "", 1)[0]
    city.at(NOON + PAUSES_MS[0])
    await city.turns()
    city.at(NOON + PAUSES_MS[0] + PAUSES_MS[1] - 1)
    await city.turns()
    assert sms.taken == []
    city.at(NOON + PAUSES_MS[0] + PAUSES_MS[1])
    await city.turns()
    assert [one.id for one in sms.taken] == [first.id]


async def test_a_message_that_cannot_arrive_fails_is_seen_and_may_be_tried_again(world: World, somebody: Any) -> None:
    sms = Fake([Undelivered("gateway 422", final=True)])
    city = await City(world, somebody, sms=sms).begin()
    matter = city.report()
    await city.turns()
    assert city.states() == [("received", "failed", "gateway 422")]
    assert world.store.read.facts(matter.number)[-1].data["state"] == "failed"
    one = world.store.messages.listed("failed", "", 1)[0]
    world.store.writer.submit(messenger.again(world, one.id, "900001"))
    await city.turns()
    assert city.states() == [("received", "sent", "")]
    for wrong in (one.id, "g0"):
        with pytest.raises(Refused, match=r"message\.unknown"):
            messenger.again(world, wrong, "900001")


async def test_after_the_last_pause_it_has_failed(world: World, somebody: Any) -> None:
    city = await City(world, somebody, sms=Fake([Undelivered("gateway 503", final=False)] * 9)).begin()
    city.report()
    now = NOON
    await city.turns()
    for _ in PAUSES_MS:
        now += 24 * HOUR
        city.at(now)
        await city.turns()
    assert city.states() == [("received", "failed", "gateway 503")]


async def test_a_process_that_died_while_sending_tries_again_with_the_same_id(world: World, somebody: Any) -> None:
    class Dies(Fake):
        def send(self, message: Message) -> None:
            super().send(message)
            raise RuntimeError("killed here")

    dying, sms = Dies(), Fake()
    city = await City(world, somebody, sms=dying).begin()
    city.report()
    with pytest.raises(RuntimeError, match="killed here"):
        await city.turns()
    restarted = City(world, somebody, sms=sms)
    await restarted.turns()
    assert sms.taken == []
    world.clock = lambda: NOON + messenger.LEASE_MS
    await restarted.turns()
    assert [one.id for one in sms.taken] == [one.id for one in dying.taken]


async def test_who_opted_out_is_sent_nothing_and_not_looked_up(world: World, somebody: Any) -> None:
    sms = Fake()
    city = await City(world, somebody, sms=sms).begin()
    matter = city.report()
    assert opt_out.answered(world, "13900000000", "TD", "900012") is None
    assert opt_out.answered(world, PHONE, "谢谢", "900012") is None
    stop = opt_out.answered(world, "138 1234 5678", " td ", "900012")
    assert stop
    world.store.writer.submit(stop)
    await city.turns()
    assert (sms.taken, city.states()) == ([], [("received", "dropped", "opted_out")])
    assert [f for f in world.store.read.facts(matter.number) if f.kind == "read"] == []
    back = opt_out.answered(world, PHONE, "恢复", "900012")
    assert back
    world.store.writer.submit(back)
    city.report()
    await city.turns()
    assert len(sms.taken) == 1


async def test_without_a_way_out_it_is_a_sandbox(world: World, somebody: Any) -> None:
    city = await City(world, somebody).begin()
    city.report()
    city.report(channel="import")
    await city.turns()
    assert city.states() == [("received", "sandbox", "")]


async def test_a_notice_of_a_case_is_not_messaged_but_a_missed_call_is(world: World, somebody: Any) -> None:
    sms = Fake()
    city = await City(world, somebody, sms=sms).begin()
    matter = city.report(channel="case_system", flow="notice", outcome="accepted")
    await city.turns()
    assert sms.taken == []
    city.move(matter, "callback", "call_back", receipt=matter.number, outcome="unreachable")
    await city.turns()
    assert len(sms.taken) == 1


def test_the_texts_say_the_same_in_both_languages() -> None:
    zh, en = texts("zh"), texts("en")
    assert zh.keys() == en.keys()
    for key in zh:
        assert set(re.findall(r"{\w+}", zh[key])) == set(re.findall(r"{\w+}", en[key])), key


def test_every_notice_of_every_line_of_work_has_its_text(world: World) -> None:
    asked = {notice.template for domain in world.domains.values() for notice in domain.notices}
    assert asked
    assert asked <= texts("zh").keys()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"sms_url": "ftp://gateway"}, "ANLAN_SMS_URL"),
        ({"smtp_url": "smtp://relay"}, "ANLAN_MAIL_FROM"),
        ({"smtp_url": "relay", "mail_from": "a@b.cn"}, "ANLAN_SMTP_URL"),
        ({"messages": "sandbox", "quiet_hours": "27:00-08:00"}, "ANLAN_QUIET_HOURS"),
    ],
)
def test_a_setting_that_cannot_be_is_named(said: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Refused, match=wrong):
        outward(Settings(**said))


def test_nothing_set_means_no_messages_at_all() -> None:
    assert outward(Settings()) is None
    sandbox = outward(Settings(messages="sandbox", quiet_hours="22:30-07:15"))
    assert sandbox
    assert (dict(sandbox.ports), sandbox.quiet) == ({}, Quiet(22 * 60 + 30, 7 * 60 + 15))
    full = outward(Settings(sms_url="https://g", smtp_url="smtps://u:p@h", mail_from="a@b.cn"))
    assert full
    assert full.ports.keys() == {"sms", "email"}


async def test_what_a_clock_makes_old_is_told_and_what_was_old_at_the_start_is_not(
    world: World, somebody: Callable[..., Actor]
) -> None:
    city = await City(world, somebody, sms=Fake()).begin()
    city.report()
    city.at(NOON + 10 * 24 * HOUR)
    await city.turns()
    assert city.states() == [("received", "sent", "")], "the clock was set while it waited to be planned"
    city.report()
    city.at(NOON + 20 * 24 * HOUR)
    city.messenger = Messenger(world, city.messenger.outward)
    await city.turns()
    assert city.states() == [("received", "sent", "")], "the city was down for ten days"


async def test_what_happened_at_once_is_told_once_however_many_facts_are_read_at_a_time(
    world: World, somebody: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    city = await City(world, somebody, sms=Fake()).begin()
    before = world.store.outbox.last()
    city.report()
    facts = world.store.outbox.last() - before
    assert facts > 1
    city.report(phone="13812345679")
    monkeypatch.setattr(messenger, "FACTS", facts + 1)
    await city.turns(6)
    assert city.states() == [("received", "sent", "")] * 2
