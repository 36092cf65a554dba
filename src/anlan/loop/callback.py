"""Calling back (回访): who may, what counts, and what an answer does.

Every reporter has a call-back of their own. Nobody calls back a matter they handled. Three attempts without an answer
end it; somebody not satisfied re-opens the matter in the same transaction, with a fresh clock.
"""

from __future__ import annotations

from anlan.loop.case import Case
from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft
from anlan.loop.matter import Party

OUTCOMES = ("satisfied", "not_satisfied", "refused", "unreachable")
RATING_SATISFIED_MIN = 3


def call_back(case: Case) -> list[Draft]:
    """One attempt to reach one reporter, with its outcome."""
    if case.context.actor.id in case.matter.handlers:
        raise Refused("callback.own_case")
    party = _party(case)
    if party not in case.matter.pending_callbacks:
        raise Refused("callback.already_final", outcome=party.callback)
    outcome, attempts = case.fields["outcome"], party.attempts + 1
    if outcome == "unreachable" and attempts < case.flow.limits.callback_attempts_max:
        return [case.draft("called_back", _called(party, "pending", attempts, outcome))]
    data = _called(party, outcome, attempts, outcome)
    if (solved := case.fields.get("solved")) is not None:
        data["solved"] = solved
    return _answered(case, party, case.draft("called_back", data), outcome)


def rate(case: Case) -> list[Draft]:
    """A reporter's own rating, 1 to 5: it stands for the call-back while one is due; a low one re-opens."""
    party, rating = _party(case), case.fields["rating"]
    if case.matter.stage == case.flow.closed:
        rated = case.draft("rated", {"receipt": party.receipt, "rating": rating})
        return [rated] if rating >= RATING_SATISFIED_MIN else [rated, *_reopening(case)]
    if party not in case.matter.pending_callbacks:
        raise Refused("callback.already_final", outcome=party.callback)
    outcome = "satisfied" if rating >= RATING_SATISFIED_MIN else "not_satisfied"
    data = {**_called(party, outcome, party.attempts, outcome), "rating": rating}
    return _answered(case, party, case.draft("called_back", data), outcome)


def reopen(case: Case) -> list[Draft]:
    """Open a closed matter again, with a reason and a fresh clock."""
    return _reopening(case)


def _party(case: Case) -> Party:
    receipt = case.fields["receipt"]
    party = next((p for p in case.matter.parties if p.receipt == receipt), None)
    if party is None:
        raise Refused("callback.no_such_receipt", receipt=receipt)
    return party


def _called(party: Party, callback: str, attempts: int, outcome: str) -> dict[str, object]:
    return {"receipt": party.receipt, "callback": callback, "attempts": attempts, "outcome": outcome}


def _answered(case: Case, party: Party, called: Draft, outcome: str) -> list[Draft]:
    if outcome == "not_satisfied":
        return [called, *_reopening(case)]
    if any(p.receipt != party.receipt for p in case.matter.pending_callbacks):
        return [called]
    return [called, ("closed", case.entering(case.flow.closed))]


def _reopening(case: Case) -> list[Draft]:
    again = next((move.starts for move in case.flow.moves if move.effect == "assign"), ())
    reopened = case.draft("reopened", case.entering(case.flow.reopens_to, "matter", *again))
    if case.matter.reopens < case.flow.limits.reopens_max:
        return [reopened]
    return [reopened, ("escalated", {"why": "reopened_too_often"})]
