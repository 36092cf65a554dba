"""Call-backs: who may, what counts, and what an answer does to the matter."""

from __future__ import annotations

from typing import Any

import pytest

OTHER = 370202260000009


def test_the_desk_does_not_call_back_what_it_handled(walk: Any, monkeypatch: pytest.MonkeyPatch, actors: Any) -> None:
    w = walk().calling()
    monkeypatch.setitem(actors, "caller", type(actors["caller"])("p1", "station1", ("officer", "callback")))
    assert w.refused("caller", "call_back", receipt=w.number, outcome="satisfied") == "callback.own_case"


def test_an_unknown_receipt_and_an_unknown_outcome_are_refused(walk: Any) -> None:
    w = walk().calling()
    assert w.refused("caller", "call_back", receipt=OTHER, outcome="satisfied") == "callback.no_such_receipt"
    assert w.refused("caller", "call_back", receipt=w.number, outcome="happy") == "field.not_an_option"
    assert w.refused("caller", "call_back", receipt="x", outcome="satisfied") == "field.wrong_type"


@pytest.mark.parametrize("outcome", ["satisfied", "refused"])
def test_the_last_answer_closes_the_matter(walk: Any, outcome: str) -> None:
    w = walk().calling()
    assert w.calls(outcome, solved=True) == ["called_back", "closed"]
    assert (w.state.stage, w.state.solved, w.state.parties[0].callback) == ("closed", True, outcome)


def test_three_attempts_without_an_answer_end_it(walk: Any) -> None:
    w = walk().calling()
    assert w.calls("unreachable") == ["called_back"]
    assert w.calls("unreachable") == ["called_back"]
    assert (w.state.stage, w.state.parties[0].attempts) == ("calling", 2)
    assert w.calls("unreachable") == ["called_back", "closed"]
    assert (w.state.parties[0].callback, w.state.parties[0].attempts) == ("unreachable", 3)


def test_every_reporter_is_called_before_it_closes(walk: Any) -> None:
    w = walk().joined(OTHER).calling()
    assert w.calls("satisfied") == ["called_back"]
    assert w.refused("caller", "call_back", receipt=w.number, outcome="refused") == "callback.already_final"
    assert w.calls("satisfied", OTHER) == ["called_back", "closed"]


def test_a_reporter_who_wants_no_call_is_not_called(walk: Any) -> None:
    w = walk().joined(OTHER, wants_callback=False).calling()
    assert w.refused("caller", "call_back", receipt=OTHER, outcome="satisfied") == "callback.already_final"
    assert w.calls("satisfied") == ["called_back", "closed"]


def test_not_satisfied_reopens_with_fresh_clocks_in_the_same_drafts(walk: Any) -> None:
    w = walk().joined(OTHER).calling()
    w.calls("refused", OTHER)
    assert w.at("2026-09-24 10:00").calls("not_satisfied", solved=False) == ["called_back", "reopened"]
    assert (w.state.stage, w.state.reopens, w.state.closed_at) == ("assigned", 1, 0)
    for key in ("matter", "accept", "return"):
        assert w.state.clocks[key].since == w.now, key
        assert w.state.clocks[key].stopped is None, key
    assert [p.callback for p in w.state.parties] == ["pending", "pending"]
    assert w.facts[-1].at == w.facts[-2].at


def test_a_reopened_matter_may_be_returned_again_in_time(walk: Any) -> None:
    w = walk().at("2026-09-24 10:00").calling()
    w.calls("not_satisfied")
    assert w.decided("officer", "return", reason="not_our_work"), "the first round's return clock had run out"


def test_an_extension_asked_in_the_first_round_is_forgotten(walk: Any) -> None:
    w = walk().acting()
    w.does("officer", "ask_extension", days=2)
    w.does("officer", "report")
    w.does("chief", "verify")
    w.calls("not_satisfied")
    assert w.refused("overseer", "extend") == "clock.extension_not_asked"


def test_reopened_too_often_is_escalated(walk: Any) -> None:
    w = walk().calling()
    for expected in (
        ["called_back", "reopened"],
        ["called_back", "reopened"],
        ["called_back", "reopened", "escalated"],
    ):
        assert w.calls("not_satisfied") == expected
        w.calling()
    assert (w.state.reopens, w.state.escalated) == (3, 1)
    assert next(f for f in w.facts if f.kind == "escalated").data["why"] == "reopened_too_often"


def test_a_rating_stands_for_the_call_back(walk: Any) -> None:
    w = walk().calling()
    assert w.refused("citizen", "rate", receipt=w.number, rating=0) == "field.out_of_range"
    assert w.refused("citizen", "rate", receipt=w.number, rating=6) == "field.out_of_range"
    assert w.does("citizen", "rate", receipt=w.number, rating=3) == ["called_back", "closed"]
    assert (w.state.parties[0].callback, w.state.parties[0].rating) == ("satisfied", 3)


def test_a_low_rating_while_calling_reopens(walk: Any) -> None:
    w = walk().calling()
    assert w.does("citizen", "rate", receipt=w.number, rating=2) == ["called_back", "reopened"]


def test_a_rating_for_a_call_that_is_over_is_refused(walk: Any) -> None:
    w = walk().joined(OTHER).calling()
    w.calls("satisfied")
    assert w.refused("citizen", "rate", receipt=w.number, rating=5) == "callback.already_final"


def test_rating_a_closed_matter_low_reopens_it(walk: Any) -> None:
    w = walk().closed()
    assert w.does("citizen", "rate", receipt=w.number, rating=5) == ["rated"]
    assert w.state.stage == "closed"
    assert w.does("citizen", "rate", receipt=w.number, rating=1) == ["rated", "reopened"]
    assert (w.state.stage, w.state.parties[0].rating, w.state.parties[0].callback) == ("assigned", 1, "pending")


def test_reopening_by_hand_needs_a_reason_and_starts_a_fresh_clock(walk: Any) -> None:
    w = walk().closed()
    assert w.refused("caller", "reopen", note="") == "field.missing"
    assert w.at("2026-10-12 09:00").does("overseer", "reopen") == ["reopened"]
    assert w.state.clocks["matter"].since == w.now


def test_a_merged_reporter_keeps_attempts_and_rating(walk: Any) -> None:
    w = walk().joined(OTHER, attempts=2, rating=4)
    assert (w.state.parties[1].attempts, w.state.parties[1].rating) == (2, 4)
