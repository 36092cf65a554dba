"""The dispatch screen in words: lines of the list, columns of the unit board, the decision pane."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from anlan.app.look import View
from anlan.domains.command import units as board
from anlan.domains.command.advise import Advice, Ranked, advise
from anlan.domains.command.api import Board, Spot
from anlan.domains.command.flow import LIVE
from anlan.domains.command.rules import rules, urgency_of
from anlan.domains.command.units import ASSIGNED, AVAILABLE, BUSY, EN_ROUTE, ON_SCENE, REST
from anlan.loop.decide import possible
from anlan.loop.matter import Matter, Sent, shown
from anlan.loop.working_calendar import minute_of
from anlan.store.read import Row
from anlan.web.timeline import Entry, entries
from anlan.web.visit import Visit

SHOWN = 8
"""Units of a column that are named; the rest is a link."""
COLUMNS = (
    (AVAILABLE, (AVAILABLE,)),
    (ASSIGNED, (ASSIGNED,)),
    (EN_ROUTE, (EN_ROUTE,)),
    (ON_SCENE, (ON_SCENE,)),
    (REST, (REST, BUSY)),
)
SAME_PLACE_DAYS = 30
SAME_PLACE_E6 = 1_000
LINES = 6
THIN_PPM = 500
"""Less than a twentieth of a per cent is no gap."""


class Call(msgspec.Struct, frozen=True):
    """An incident in the list. `untaken`: nobody has been sent."""

    n: int
    number: str
    href: str
    title: str
    where: str
    since: int
    clock: str
    late: bool
    untaken: bool
    tag: str
    icon: str
    tone: str
    on: bool


class Sign(msgspec.Struct, frozen=True):
    """A unit in the board: its call sign, a word beside it."""

    call_sign: str
    note: str
    late: bool


class Column(msgspec.Struct, frozen=True):
    """A column of the unit board."""

    key: str
    label: str
    count: int
    signs: list[Sign]
    more: int


class Choice(msgspec.Struct, frozen=True):
    """A unit in the ranked list."""

    n: int
    ranked: Ranked
    kind: str
    arrival: str
    why: str
    gap: str
    thin: bool
    on: bool


class Out(msgspec.Struct, frozen=True):
    """A unit that was sent, and what it can say next."""

    unit: str
    call_sign: str
    state: str
    times: str
    deeds: list[tuple[str, str]]


class Timer(msgspec.Struct, frozen=True):
    """A figure at the top of the pane; `since` or `until` (UTC ms) make it run."""

    label: str
    value: str
    note: str
    late: bool = False
    since: int = 0
    until: int = 0


class Ranking(msgspec.Struct, frozen=True):
    """Whom to send: what may be looked at again and again, since nothing that a person said is in it."""

    number: str
    version: int
    choices: list[Choice]
    need: str
    joint: str
    why_none: str
    off_road: str
    passed_over: str
    advice: str
    main: str
    because: str
    may_send: bool
    may_report: bool


class Card(msgspec.Struct, frozen=True):
    """The decision pane. Looking at it is a reading."""

    number: str
    version: int
    title: str
    address: str
    meta: str
    state: str
    tone: str
    icon: str
    timers: list[Timer]
    out: list[Out]
    ranking: Ranking | None
    entries: list[Entry]
    questions: list[str]


def call_of(visit: Visit, n: int, row: Row, signs: Mapping[str, Spot], on: bool) -> Call:
    """An incident's line."""
    matter, t = row.matter, visit.t
    untaken = matter.stage == "received"
    clock = matter.clocks.get("matter")
    late = bool(clock and clock.stopped is None and clock.is_late(visit.now))
    tag, icon, tone = t("command.tag.received"), "urgent", "urgent"
    if not untaken:
        first = first_out(matter)
        name = signs[first.unit].call_sign if first and first.unit in signs else first.unit if first else ""
        tag = t(f"command.tag.{way_of(first)}", unit=name) if first else t("command.stage.reporting")
        icon, tone = ("late", "late") if late else ("open", "")
    where = visit.names.unit_short(matter.lead) if matter.lead else ""
    return Call(
        n, shown(matter.number), f"/command?incident={shown(matter.number)}", row.title, where, matter.opened_at,
        ticking(visit.world.clock() - matter.opened_at), late, untaken, tag, icon, tone, on,
    )  # fmt: skip


def columns_of(visit: Visit, here: Board) -> list[Column]:
    """The unit board."""
    found = []
    for key, states in COLUMNS:
        mine = [spot for spot in here.units if spot.state in states]
        mine.sort(key=lambda spot: (not spot.alerts, spot.call_sign))
        signs = [
            Sign(s.call_sign, visit.t(f"command.alert.{s.alerts[0]}") if s.alerts else "", bool(s.alerts))
            for s in mine[:SHOWN]
        ]
        found.append(Column(key, visit.t(f"command.state.{key}"), len(mine), signs, max(0, len(mine) - SHOWN)))
    return found


def card_of(visit: Visit, view: View) -> Card:
    """The pane of an incident."""
    matter, t = view.matter, visit.t
    untaken = matter.stage == "received"
    said = [t("command.callers", n=len(matter.parties))] if len(matter.parties) > 1 else []
    meta = [shown(matter.number), visit.names.leaf(matter.category), t("command.urgency", n=urgency_of(matter)), *said]
    questions = rules().type(matter.category).questions if untaken else ()
    return Card(
        number=shown(matter.number),
        version=matter.version,
        title=view.title or shown(matter.number),
        address=view.address or visit.names.unit(matter.lead),
        meta=" · ".join(meta),
        state=t("command.untaken") if untaken else t(f"command.stage.{matter.stage}"),
        tone="urgent" if untaken else "",
        icon="urgent" if untaken else "open",
        timers=timers_of(visit, matter),
        out=[out_of(visit, sent) for sent in matter.units_out],
        ranking=ranking_of(visit, matter) if matter.stage in LIVE else None,
        entries=entries(visit, view)[:LINES],
        questions=[t(f"command.question.{key}") for key in questions],
    )


def ranking_of(visit: Visit, matter: Matter) -> Ranking:
    """Whom to send to an incident, as things stand now."""
    t, world = visit.t, visit.world
    advice = advise(world, matter)
    choices = choices_of(visit, advice)
    main = [choice.ranked.call_sign for choice in choices if choice.on]
    moves = possible(world.flow_of(matter), matter, world.context(visit.actor))
    return Ranking(
        number=shown(matter.number),
        version=matter.version,
        choices=choices,
        need=need_of(visit, advice),
        joint="、".join(need.joint for need in advice.needs if need.joint),
        why_none=visit.names.refusal(advice.why_none, advice.why_params) if advice.why_none else "",
        off_road=t("command.off_road", metres=advice.off_road_m) if advice.off_road_m else "",
        passed_over=" · ".join(t(f"command.why.{why}", n=n) for why, n in sorted(advice.passed_over.items())),
        advice=advice.id,
        main=t("command.send", units="、".join(main)) if main else t("command.send_chosen"),
        because=because(visit, choices),
        may_send=visit.may("send"),
        may_report=any(move.key == "report" for move in moves),
    )


def choices_of(visit: Visit, advice: Advice) -> list[Choice]:
    """The ranked list: those of the card's own needs, each unit once, with the recommended ones on."""
    wanted, seen = set(advice.recommended), set[str]()
    found: list[Ranked] = []
    for need in advice.needs:
        if not need.joint:
            found += [one for one in need.ranked if one.unit not in seen]
            seen |= {one.unit for one in need.ranked}
    found.sort(key=lambda one: (one.unit not in wanted, one.arrival_ms))
    first = next((need for need in advice.needs if not need.joint), None)
    return [
        choice_of(visit, n, one, one.unit in wanted, first.nearest_straight if first else "")
        for n, one in enumerate(found[:SHOWN], 1)
    ]


def choice_of(visit: Visit, n: int, one: Ranked, on: bool, straight: str) -> Choice:
    """A unit of the ranked list."""
    t = visit.t
    kind = f"{t(f'command.vehicle.{one.vehicle}')} {t('command.riders', n=one.people)}"
    words = [visit.names.unit_short(one.organisation), t(f"command.state.{one.state}")]
    if one.diverts:
        words.append(t("command.diverts"))
    elif one.wait_ms:
        words.append(t("command.clears", span=span(visit, one.wait_ms)))
    if one.unit == straight and n > 1:
        words.append(t("command.straight"))
    if one.lacks:
        words.append(t("command.lacks", skills="、".join(t(f"command.skill.{skill}") for skill in one.lacks)))
    if one.aid:
        words.append(t("command.aid"))
    if one.stale:
        at_home = one.position_age_ms >= 3_600_000
        words.append(t("command.at_home") if at_home else t("command.stale", span=span(visit, one.position_age_ms)))
    thin = one.loss_ppm >= THIN_PPM
    places = "、".join(visit.names.unit_short(key) for key in one.uncovers)
    gap = (
        t("command.gap_where", places=places)
        if places
        else t("command.gap", n=f"{one.loss_ppm / 10_000:.1f}")
        if thin
        else t("command.no_gap")
    )
    return Choice(
        n,
        one,
        kind,
        span(visit, one.arrival_ms),
        "，".join(words) if t.language == "zh" else ", ".join(words),
        gap,
        bool(places),
        on,
    )


def because(visit: Visit, choices: list[Choice]) -> str:
    """Why the first of the list."""
    if not choices or not choices[0].on:
        return ""
    first = choices[0].ranked
    fastest = all(first.arrival_ms <= choice.ranked.arrival_ms for choice in choices)
    return visit.t("command.because_fastest" if fastest else "command.because_skills", unit=first.call_sign)


def need_of(visit: Visit, advice: Advice) -> str:
    """What the run card asks for, and what is short."""
    words = []
    for need in advice.needs:
        if not need.joint:
            skills = "、".join(visit.t(f"command.skill.{skill}") for skill in need.skills)
            words.append(visit.t("command.need_skilled" if skills else "command.need", n=need.count, skills=skills))
            if need.short:
                words.append(visit.t("command.short", n=need.short))
    return " · ".join(words)


def out_of(visit: Visit, sent: Sent) -> Out:
    """A unit that was sent."""
    t, row = visit.t, board.register(visit.world).one(sent.unit)
    state = way_of(sent)
    deeds = {
        "assigned": ["set_out", "arrive", "withdraw"],
        "en_route": ["arrive", "withdraw"],
        "on_scene": ["clear", "withdraw"],
    }[state]
    told = [
        (at, word) for at, word in ((sent.at, "sent"), (sent.set_out_at, "set_out"), (sent.arrived_at, "arrived")) if at
    ]
    times = " · ".join(f"{visit.times.clock(minute_of(at))} {t(f'command.told.{word}')}" for at, word in told)
    return Out(
        sent.unit, row[1].call_sign if row else sent.unit, t(f"command.state.{state}"), times,
        [(deed, t(f"command.deed.{deed}")) for deed in deeds],
    )  # fmt: skip


def timers_of(visit: Visit, matter: Matter) -> list[Timer]:
    """Since the call; until somebody must be there, or how long it took; what else happened at this place."""
    t, now = visit.t, visit.world.clock()
    clock = matter.clocks.get("matter")
    untaken = matter.stage == "received"
    since = Timer(
        t("command.timer.since"),
        ticking(now - matter.opened_at),
        t("command.timer.send_within"),
        untaken,
        matter.opened_at,
    )
    there = min((sent.arrived_at for sent in matter.sent if sent.arrived_at), default=0)
    if there:
        left = Timer(t("command.timer.there_after"), ticking(there - matter.opened_at), t("command.timer.first"))
    elif clock is not None and clock.due is not None:
        until = matter.opened_at + (clock.due - clock.starts) * 60_000
        limit = t("command.timer.limit", n=clock.due - clock.starts)
        left = Timer(t("command.timer.left"), ticking(until - now), limit, now > until, until=until)
    else:
        left = Timer(t("command.timer.left"), t("measure.none"), "")
    n = same_place(visit, matter)
    return [
        since,
        left,
        Timer(t("command.timer.same"), t("command.timer.times", n=n), t("command.timer.days", n=SAME_PLACE_DAYS)),
    ]


def same_place(visit: Visit, matter: Matter) -> int:
    """How many other incidents there were within about 100 m in the last thirty days."""
    if matter.place is None:
        return 0
    sql = (
        "SELECT count(*) FROM matters WHERE domain = 'command' AND flow = 'incident' AND opened_at >= ? AND number <> ?"
        " AND lon_e6 BETWEEN ? AND ? AND lat_e6 BETWEEN ? AND ?"
    )
    lon, lat, wide = matter.place.lon_e6, matter.place.lat_e6, SAME_PLACE_E6
    since = visit.world.clock() - SAME_PLACE_DAYS * 86_400_000
    values = (since, matter.number, lon - wide, lon + wide, lat - wide, lat + wide)
    return int(visit.world.store.read.listed((sql, values))[0][0])


def first_out(matter: Matter) -> Sent | None:
    """The unit that is furthest on."""
    return max(
        matter.units_out, key=lambda sent: (bool(sent.arrived_at), bool(sent.set_out_at), -sent.at), default=None
    )


def way_of(sent: Sent | None) -> str:
    """How far a unit is."""
    if sent is None:
        return ASSIGNED
    return ON_SCENE if sent.arrived_at else EN_ROUTE if sent.set_out_at else ASSIGNED


def ticking(ms: int) -> str:
    """01:48, or 1:02:09 from an hour on; with a minus before what is past."""
    seconds = abs(ms) // 1000
    hours, rest = divmod(seconds, 3600)
    text = f"{rest // 60:02d}:{rest % 60:02d}"
    return ("−" if ms < 0 else "") + (f"{hours}:{text}" if hours else text)


def span(visit: Visit, ms: int) -> str:
    """3分10秒 / 3 min 10 s."""
    minutes, seconds = divmod(round(ms / 1000), 60)
    if minutes >= 60:
        return visit.times.span(minutes)
    return visit.t("command.span", m=minutes, s=f"{seconds:02d}") if minutes else visit.t("command.seconds", s=seconds)
