"""What each fact adds to the figures: walked by hand and counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from anlan.loop.counters import COUNTERS, counts, happened_at
from anlan.loop.evolve import evolve
from anlan.loop.fact import Fact
from anlan.loop.matter import Matter
from anlan.loop.working_calendar import ms_of

OTHER = 370202260000009


def counted(w: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    matter: Matter | None = None
    for fact in w.facts:
        after = evolve(matter, fact)
        found.update(counts(matter, fact, after))
        matter = after
    assert set(found) <= set(COUNTERS)
    return found


def test_a_matter_in_time(walk: Any) -> None:
    w = walk().calling()
    w.calls("satisfied", solved=True)
    assert counted(w) == Counter(
        received=1, assigned=1, accepted=1, accepted_in_time=1, reported=1, finished=1, finished_in_time=1,
        called=1, answered=1, satisfied=1, asked_solved=1, solved=1, closed=1,
    )  # fmt: skip


def test_a_matter_accepted_and_finished_late(walk: Any) -> None:
    found = counted(walk().at("2026-10-20 09:00").calling())
    assert (found["accepted"], found["accepted_in_time"]) == (1, 0)
    assert (found["finished"], found["finished_in_time"]) == (1, 0)


def test_every_round_finishes_once(walk: Any) -> None:
    w = walk().calling()
    w.calls("not_satisfied", solved=False)
    w.calling().calls("satisfied")
    found = counted(w)
    assert (found["reopened"], found["finished"], found["closed"], found["accepted"]) == (1, 2, 1, 2)
    assert (found["called"], found["not_satisfied"], found["asked_solved"], found["solved"]) == (2, 1, 1, 0)


def test_attempts_are_calls_and_only_the_last_is_unreachable(walk: Any) -> None:
    w = walk().calling()
    for _ in range(3):
        w.calls("unreachable")
    found = counted(w)
    assert (found["called"], found["answered"], found["unreachable"], found["closed"]) == (3, 0, 1, 1)


def test_a_joined_reporter_is_received_and_a_merged_one_is_not(walk: Any) -> None:
    w = walk().joined(OTHER)
    assert (counted(w)["received"], counted(w)["joined"]) == (2, 1)
    w.take([("joined", {"parties": [{"party": "p", "channel": "web", "receipt": 1}], "merged": 7})], "o1")
    assert (counted(w)["received"], counted(w)["joined"]) == (2, 2)


def test_a_merged_matter_is_not_finished(walk: Any) -> None:
    w = walk()
    stopped = {"unit": "work_days", "starts": 1, "since": 1, "left": 1, "due": 9, "stopped": 5}
    w.take([("merged", {"into": 7, "stage": "closed", "clocks": {"matter": stopped}})], "o1")
    assert (counted(w)["merged"], counted(w)["finished"]) == (1, 0)


def test_a_return_and_oversight_are_counted(walk: Any) -> None:
    w = walk()
    w.does("officer", "return", reason="not_our_area")
    w.does("operator", "assign", unit="station1")
    w.does("overseer", "remind")
    w.does("overseer", "escalate")
    w.does("chief", "forward", unit="station2")
    w.does("overseer", "take_over")
    found = counted(w)
    one_each = ("returned", "reminded", "escalated", "forwarded", "taken_over")
    assert [found[name] for name in one_each] == [1] * 5
    assert found["assigned"] == 2


def test_what_was_recorded_later_counts_on_the_day_it_happened(walk: Any) -> None:
    w = walk(opened_at=5)
    assert [happened_at(f) for f in w.facts if f.kind in {"received", "assigned"}] == [5, 5]
    assert happened_at(Fact("closed", 1, 2, 9, "x", {"at": 7})) == 7
    assert happened_at(Fact("joined", 1, 2, 9, "x", {"parties": [{"at": 6}]})) == 6
    assert happened_at(Fact("joined", 1, 2, 9, "x", {"parties": [{"at": 6}], "merged": 3})) == 9
    assert happened_at(Fact("accepted", 1, 2, ms_of(3), "x", {})) == ms_of(3)
