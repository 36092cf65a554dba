"""Every move of the hotline's appeal flow: what it does, and every way it can be refused."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.domains.hotline.flow import NOTICE
from anlan.loop.case import Intent
from anlan.loop.decide import decide
from anlan.loop.errors import Conflict


def test_an_unknown_move_is_refused(walk: Any) -> None:
    assert walk().refused("officer", "explode") == "move.unknown"


def test_a_stale_version_is_a_conflict(walk: Any) -> None:
    w = walk()
    with pytest.raises(Conflict) as no:
        decide(w.flow, w.state, Intent("accept", w.state.version - 1), w.context("officer"))
    assert no.value.params == {"matter": w.number, "expected": w.state.version - 1, "actual": w.state.version}


@pytest.mark.parametrize("who", ["officer2", "officer3", "operator", "caller", "citizen", "auditor"])
def test_a_move_on_somebody_elses_matter_is_refused(walk: Any, who: str) -> None:
    assert walk().refused(who, "accept") == "move.not_yours"
    assert "accept" not in {m.key for m in walk().possible(who)}


@pytest.mark.parametrize("move", ["assign", "report", "verify", "call_back", "send_back", "reopen", "hold", "rate"])
def test_a_move_from_another_stage_is_refused(walk: Any, move: str) -> None:
    who = {"assign": "overseer", "call_back": "caller", "rate": "citizen", "reopen": "overseer"}.get(move, "chief")
    assert walk().refused(who, move) == "move.not_in_stage"


@pytest.mark.parametrize(
    ("move", "fields", "code"),
    [
        ("forward", {"unit": "station2", "colour": "red"}, "field.unknown"),
        ("forward", {}, "field.missing"),
        ("forward", {"unit": None}, "field.missing"),
        ("forward", {"unit": ""}, "field.missing"),
        ("forward", {"unit": 7}, "field.wrong_type"),
        ("forward", {"unit": "nowhere"}, "field.unknown_unit"),
        ("return", {"reason": "boring"}, "field.not_an_option"),
        ("return", {"reason": ["place_wrong"]}, "field.wrong_type"),
        ("return", {"reason": "place_wrong", "note": "n" * 2001}, "field.too_long"),
        ("extend", {"days": 11}, "field.out_of_range"),
        ("extend", {"days": 0}, "field.out_of_range"),
        ("extend", {"days": True}, "field.wrong_type"),
        ("extend", {"days": 1.5}, "field.wrong_type"),
    ],
)
def test_fields_are_refused_by_name(walk: Any, move: str, fields: dict[str, Any], code: str) -> None:
    who = "overseer" if move == "extend" else "chief"
    assert walk().refused(who, move, **fields) == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"unit": "station1", "assists": "station2"}, "field.wrong_type"),
        ({"unit": "station1", "assists": [3]}, "field.wrong_type"),
        ({"unit": "station1", "assists": ["nowhere"]}, "field.unknown_unit"),
        ({"unit": "station1", "assists": ["station1"]}, "assign.lead_assists"),
    ],
)
def test_assisting_units_are_checked(walk: Any, fields: dict[str, Any], code: str) -> None:
    assert walk(lead="").refused("operator", "assign", **fields) == code


def test_assign_gives_it_to_a_lead_and_starts_the_return_clock(walk: Any) -> None:
    w = walk(lead="")
    assert w.does("operator", "assign", unit="station1", assists=["station2"]) == ["assigned"]
    assert (w.state.stage, w.state.lead, w.state.open_assists) == ("assigned", "station1", ("station2",))
    assert w.state.clocks["assign"].stopped == w.now
    assert w.state.clocks["return"].due is not None


def test_accept_makes_the_officer_the_handler_and_stops_the_return_clock(walk: Any) -> None:
    w = walk()
    assert w.does("officer", "accept") == ["accepted"]
    assert (w.state.stage, w.state.officer, w.state.handlers) == ("acting", "p1", ("p1",))
    assert w.state.clocks["return"].stopped == w.state.clocks["accept"].stopped == w.now
    assert w.state.clocks["act"].stopped is None


def test_return_goes_back_to_the_desk(walk: Any) -> None:
    w = walk()
    assert w.does("officer", "return", reason="not_our_area") == ["returned"]
    assert (w.state.stage, w.state.lead, w.state.returns) == ("received", "", 1)
    assert w.facts[-1].data["reason"] == "not_our_area"


def test_return_is_refused_after_two_working_days(walk: Any) -> None:
    assert walk().at("2026-09-23 17:30").decided("officer", "return", reason="not_our_area")
    assert walk().at("2026-09-23 17:31").refused("officer", "return", reason="not_our_area") == "return.too_late"


def test_return_is_refused_the_third_time(walk: Any) -> None:
    w = walk()
    for _ in range(2):
        w.does("officer", "return", reason="not_our_area")
        w.does("operator", "assign", unit="station1")
    assert w.refused("officer", "return", reason="not_our_area") == "return.too_often"


def test_forward_restarts_the_stage_clock_and_leaves_the_matters_alone(walk: Any) -> None:
    w = walk()
    matter_clock = w.state.clocks["matter"]
    assert w.at("2026-09-21 10:00").does("chief", "forward", unit="station2") == ["forwarded"]
    assert (w.state.lead, w.state.stage, w.state.officer) == ("station2", "assigned", "")
    assert w.state.clocks["matter"] == matter_clock
    assert w.state.clocks["accept"].since == w.now
    assert w.refused("chief", "forward", unit="station2") == "forward.same_unit"


def test_assisting_units_take_on_and_report_their_own_part(walk: Any) -> None:
    w = walk().acting()
    assert w.does("officer", "ask_assist", unit="station2") == ["assist_asked"]
    assert w.refused("officer", "ask_assist", unit="station2") == "assist.already_on_it"
    assert w.refused("officer", "ask_assist", unit="station1") == "assist.already_on_it"
    assert w.refused("officer3", "accept_assist") == "move.not_yours"
    assert w.does("officer2", "accept_assist") == ["assist_accepted"]
    assert w.refused("officer", "report") == "close.assists_open"
    assert w.does("officer2", "report_assist") == ["assist_reported"]
    assert w.refused("officer2", "report_assist") == "assist.not_asked", "it is done"
    assert w.does("officer", "report") == ["reported"]


def test_a_parent_waits_for_its_children(walk: Any) -> None:
    w = walk().acting()
    w.take([("child_opened", {"number": 7})], "system")
    assert w.refused("officer", "report") == "close.children_open"
    w.take([("child_closed", {"number": 7})], "system")
    assert w.does("officer", "report") == ["reported"]


@pytest.mark.parametrize(
    ("who", "move", "fields", "kind"),
    [
        ("officer", "progress", {}, "progressed"),
        ("officer", "note", {}, "noted"),
        ("officer", "classify", {"category": "municipal.light"}, "classified"),
        ("overseer", "remind", {}, "reminded"),
        ("overseer", "escalate", {}, "escalated"),
    ],
)
def test_moves_that_stay_in_the_stage(walk: Any, who: str, move: str, fields: dict[str, Any], kind: str) -> None:
    w = walk().acting()
    assert w.does(who, move, **fields) == [kind]
    assert w.state.stage == "acting"
    counted = {"reminded": "reminders", "escalated": "escalated"}.get(kind)
    assert counted is None or getattr(w.state, counted) == 1
    assert kind != "classified" or w.state.category == "municipal.light"


def test_taking_over_makes_the_overseers_unit_the_lead(walk: Any) -> None:
    w = walk().acting()
    assert w.does("overseer", "take_over") == ["taken_over"]
    assert (w.state.lead, w.state.officer, w.state.taken_over) == ("bureau", "s1", "s1")
    assert w.refused("overseer", "take_over") == "forward.same_unit"


def test_hold_and_resume_stop_every_running_clock(walk: Any) -> None:
    w = walk().acting()
    assert w.refused("officer", "resume") == "hold.not_held"
    assert w.does("officer", "hold", reason="weather") == ["held"]
    assert w.state.due_minute("act") is None
    assert w.refused("officer", "hold", reason="weather") == "hold.already_held"
    assert w.at("2026-09-25 09:00").does("officer", "resume") == ["resumed"]
    assert w.state.clocks["matter"].due > w.now


def test_hold_is_refused_once_the_matter_is_late(walk: Any) -> None:
    w = walk().acting().at("2026-09-28 17:31")
    assert w.refused("officer", "hold", reason="weather") == "hold.after_due"


@pytest.mark.parametrize("leave", [("officer", "report"), ("chief", "forward"), ("overseer", "take_over")])
def test_moving_on_ends_a_hold(walk: Any, leave: tuple[str, str]) -> None:
    w = walk().acting()
    w.does("officer", "hold", reason="weather")
    w.at("2026-09-22 09:00").does(*leave, **({"unit": "station2"} if leave[1] == "forward" else {}))
    assert not any(clock.held for clock in w.state.clocks.values())


def test_extension_is_asked_by_the_officer_and_given_by_another(walk: Any) -> None:
    w = walk().acting()
    due = w.state.clocks["matter"].due
    assert w.refused("overseer", "extend") == "clock.extension_not_asked"
    assert w.does("officer", "ask_extension", days=3) == ["extension_asked"]
    assert w.refused("officer", "ask_extension", days=3) == "clock.extension_already_asked"
    assert w.does("overseer", "extend") == ["extended"]
    assert (w.state.asked_days, w.state.clocks["matter"].extended_days) == (0, 3)
    assert w.state.clocks["matter"].due > due


def test_extension_can_be_refused(walk: Any) -> None:
    w = walk().acting()
    assert w.refused("overseer", "refuse_extension") == "clock.extension_not_asked"
    w.does("officer", "ask_extension", days=3)
    assert w.does("overseer", "refuse_extension") == ["extension_refused"]
    assert (w.state.asked_days, w.state.clocks["matter"].extended_days) == (0, 0)


def test_extension_has_a_limit_and_is_not_asked_for_after_the_due_time(walk: Any) -> None:
    w = walk().acting()
    w.does("overseer", "extend", days=8)
    assert w.refused("officer", "ask_extension", days=3) == "clock.extension_over_limit"
    late = walk().acting().at("2026-09-28 17:31")
    assert late.refused("officer", "ask_extension", days=1) == "clock.extension_after_due"
    assert late.does("overseer", "extend", days=1) == ["extended"]


def test_nobody_approves_an_extension_of_their_own_work(walk: Any) -> None:
    w = walk().acting()
    w.does("overseer", "take_over")
    assert w.refused("overseer", "extend", days=1) == "clock.extension_own"


def test_extension_needs_a_running_matter_clock(walk: Any) -> None:
    w = walk().acting()
    w.take([("recalendared", {"clocks": {"matter": {**_plain(w, "matter"), "stopped": w.now}}})], "system")
    assert w.refused("overseer", "extend", days=1) == "clock.not_running"


def test_verification_stops_the_matters_clock(walk: Any) -> None:
    w = walk().verifying()
    assert w.does("chief", "verify") == ["verified"]
    assert (w.state.stage, w.state.clocks["matter"].stopped) == ("calling", w.now)


def test_verification_closes_when_nobody_wants_a_call(walk: Any) -> None:
    w = walk(party={"party": "party1", "channel": "web", "wants_callback": False}).verifying()
    assert w.does("chief", "verify") == ["verified", "closed"]
    assert w.state.stage == "closed"
    assert w.state.closed_at > 0
    assert all(clock.stopped is not None for clock in w.state.clocks.values())


def test_what_fails_the_check_goes_back_to_work(walk: Any) -> None:
    w = walk().verifying()
    assert w.does("chief", "send_back") == ["sent_back"]
    assert (w.state.stage, w.state.clocks["matter"].stopped) == ("acting", None)


def test_a_merged_matter_can_no_longer_be_moved(walk: Any) -> None:
    w = walk()
    w.take([("merged", {"into": 7, "stage": "closed"})], "o1")
    assert w.refused("caller", "reopen") == "matter.closed"
    assert w.refused("citizen", "rate", receipt=w.number, rating=1) == "matter.closed"
    assert w.possible("caller") == []


def test_a_notice_is_explained_and_called_again(walk: Any) -> None:
    w = walk(NOTICE, officer="p9")
    w.take([("forwarded", {"lead": "station1"})], "system")
    assert w.calls("not_satisfied") == ["called_back", "reopened"]
    assert w.state.stage == "explaining"
    assert w.does("officer", "explain") == ["reported"]
    assert w.calls("satisfied") == ["called_back", "closed"]
    assert w.state.handlers == ("p9", "p1"), "the case officer may not call back either"


def _plain(w: Any, key: str) -> dict[str, Any]:
    clock = w.state.clocks[key]
    return {name: getattr(clock, name) for name in ("unit", "starts", "since", "left", "due")}
