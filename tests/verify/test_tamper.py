"""Tamper torture (T6): whatever is done to a ledger is found, at the first bad entry; a clean one is never accused.

The short form samples; ANLAN_TEST_TORTURE=1 does every byte of 2,000 facts (about 2 minutes) and 1,000 clean ledgers.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

import anlan_verify
from anlan.loop.ledger import leaf_hash
from anlan_verify import Fault, Head, Ledger

from .conftest import AT, NAME, STRANGER, bodies, head, ledger, with_entries

LONG = bool(os.environ.get("ANLAN_TEST_TORTURE"))
FACTS = 2_000 if LONG else 300
SIZES = tuple(range(90, FACTS, 190))
CLEAN = 1_000 if LONG else 40
FLIPS = 1 if LONG else 41
"""Every so many bytes."""


@pytest.fixture(scope="module")
def facts() -> list[bytes]:
    return bodies(FACTS)


@pytest.fixture
def clean(facts: list[bytes]) -> Ledger:
    return ledger(facts, SIZES)


def first(found: list[Fault]) -> tuple[int, str]:
    assert found, "nothing was found"
    assert found[0].to is None
    return found[0].seq, found[0].kind


def told(what: str, count: int, capsys: Any) -> None:
    with capsys.disabled():
        print(f"\n  tamper: {what}: {count:,} of {count:,} found, first bad entry named")


def test_no_clean_ledger_is_accused(capsys: Any) -> None:
    rng = random.Random(7)
    for seed in range(CLEAN):
        size = rng.choice([1, 2, 255, 256, 257, rng.randrange(1, 700)])
        heads = rng.sample(range(1, size + 1), min(size, rng.randrange(4)))
        assert anlan_verify.judge(ledger(bodies(size, seed), heads)) == []
    with capsys.disabled():
        print(f"\n  tamper: false alarms on clean ledgers: 0 of {CLEAN:,}")


def test_every_flipped_byte_is_named(clean: Ledger, facts: list[bytes], capsys: Any) -> None:
    count, entries = 0, dict(clean.entries)
    one = Ledger(NAME, clean.size, entries, clean.kept, clean.heads, clean.keys)
    for seq, body in enumerate(facts):
        for at in range(seq % FLIPS, len(body), FLIPS):
            entries[seq] = body[:at] + bytes([body[at] ^ 1 << at % 8]) + body[at + 1 :]
            kind = anlan_verify.difference(entries, one.kept, one.size)
            assert kind == (seq, "changed")
            count += 1
            if count % 500 == 1:
                assert first(anlan_verify.judge(one)) == (seq, "changed")
        entries[seq] = body
    told("bytes flipped", count, capsys)


def test_every_entry_deleted_doubled_swapped_or_cut_off_is_named(
    clean: Ledger, facts: list[bytes], capsys: Any
) -> None:
    step = 1 if LONG else 7
    for seq in range(0, FACTS, step):
        gone = with_entries(clean, [*facts[:seq], *facts[seq + 1 :]])
        assert first(anlan_verify.judge(gone)) == (seq, "truncated" if seq == FACTS - 1 else "deleted")
        hole = with_entries(clean, facts)
        del hole.entries[seq]
        assert first(anlan_verify.judge(hole)) == (seq, "truncated" if seq == FACTS - 1 else "deleted")
        twice = with_entries(clean, [*facts[: seq + 1], *facts[seq:]])
        assert first(anlan_verify.judge(twice)) == (seq + 1, "inserted")
        cut = with_entries(clean, facts[:seq])
        assert first(anlan_verify.judge(cut)) == (seq, "truncated")
        if seq + 1 < FACTS:
            swapped = with_entries(clean, [*facts[:seq], facts[seq + 1], facts[seq], *facts[seq + 2 :]])
            assert first(anlan_verify.judge(swapped)) == (seq, "moved")
    told("entries deleted, taken out, doubled, swapped, cut off", 5 * len(range(0, FACTS, step)), capsys)


def test_two_ledgers_spliced_are_named_where_they_meet(clean: Ledger, facts: list[bytes], capsys: Any) -> None:
    other, seams = bodies(FACTS, seed=2), range(0, FACTS, 1 if LONG else 13)
    for seam in seams:
        spliced = with_entries(clean, [*facts[:seam], *other[seam:]])
        assert first(anlan_verify.judge(spliced)) == (seam, "changed")
    told("splices", len(seams), capsys)


def rewritten(facts: list[bytes], seq: int) -> list[bytes]:
    return [*facts[:seq], b'{"kind":"forged"}', *facts[seq + 1 :]]


def rewrites() -> Iterator[int]:
    yield from range(0, FACTS, 17 if LONG else 61)


def test_history_rewritten_without_the_key_is_found(clean: Ledger, facts: list[bytes], capsys: Any) -> None:
    """Facts and kept hashes agree; the heads are forged, or left as they were."""
    count = 0
    for seq in rewrites():
        entries = rewritten(facts, seq)
        leaves = [leaf_hash(body) for body in entries]
        forged = [head(leaves, size, AT + size, STRANGER) for size in (*SIZES, FACTS)]
        found = anlan_verify.judge(Ledger(NAME, FACTS, dict(enumerate(entries)), leaves, forged, clean.keys))
        assert {fault.kind for fault in found} == {"signature"}
        left = Ledger(NAME, FACTS, dict(enumerate(entries)), leaves, clean.heads, clean.keys)
        fault = anlan_verify.judge(left)[0]
        assert fault.seq <= seq <= (fault.to if fault.to is not None else fault.seq)
        exact = anlan_verify.judge(left, [], clean.kept)
        assert (first(exact)) == (seq, "changed")
        count += 2
    told("rewrites without the key", count, capsys)


def test_history_rewritten_with_the_key_is_found_against_what_was_remembered(
    clean: Ledger, facts: list[bytes], capsys: Any
) -> None:
    count = 0
    for seq in rewrites():
        forged = ledger(rewritten(facts, seq), SIZES)
        assert anlan_verify.judge(forged) == [], "the key's owner can: only a remembered head tells"
        kept: list[Head] = [one for one in clean.heads if one.size > seq][:1]
        assert first(anlan_verify.judge(forged, kept, clean.kept)) == (seq, "fork")
        by_head_alone = anlan_verify.judge(forged, kept)[0]
        assert by_head_alone.kind == "fork"
        assert by_head_alone.seq <= seq <= (by_head_alone.to if by_head_alone.to is not None else by_head_alone.seq)
        count += 1
    told("rewrites with the key", count, capsys)


def test_an_older_state_is_found_against_what_was_remembered(clean: Ledger, facts: list[bytes], capsys: Any) -> None:
    sizes = range(1, FACTS, 3 if LONG else 37)
    for size in sizes:
        older = ledger(facts[:size], [one for one in SIZES if one < size])
        assert first(anlan_verify.judge(older, clean.heads[-1:])) == (size, "truncated")
    told("older states restored", len(sizes), capsys)


def test_two_heads_of_one_size_are_a_fork_and_a_clock_that_went_back_is_said(clean: Ledger, facts: list[bytes]) -> None:
    other = [leaf_hash(body) for body in rewritten(facts, 40)]
    fork = Ledger(
        NAME, FACTS, clean.entries, clean.kept, [*clean.heads, head(other, SIZES[0], AT + SIZES[0])], clean.keys
    )
    assert "fork" in {fault.kind for fault in anlan_verify.judge(fork)}
    leaves = [leaf_hash(body) for body in facts]
    back = [head(leaves, SIZES[0], AT), head(leaves, FACTS, AT - 3_600_000)]
    found = anlan_verify.judge(Ledger(NAME, FACTS, clean.entries, clean.kept, back, clean.keys))
    assert found == [Fault(NAME, FACTS - 1, "clock")]


@pytest.mark.parametrize("field", ["size", "root", "at", "signature"])
def test_a_head_that_was_touched_is_named(clean: Ledger, field: str) -> None:
    old = clean.heads[0]
    text = {
        "size": old.text.replace(b"\n%d\n" % old.size, b"\n%d\n" % (old.size + 1)),
        "root": old.text.replace(b"=\n", b"=\n"),
        "at": old.text.replace(b"\nat 1", b"\nat 2"),
        "signature": old.text,
    }[field]
    if field == "root":
        text = text.replace(text.split(b"\n")[2], b"A" * 43 + b"=")
    line = old.lines[0][:-6] + ("A" if old.lines[0][-6] != "A" else "B") + old.lines[0][-5:]
    touched = anlan_verify.head_of(text + b"\n" + (line if field == "signature" else old.lines[0]).encode() + b"\n")
    found = anlan_verify.judge(Ledger(NAME, FACTS, clean.entries, clean.kept, [touched, *clean.heads[1:]], clean.keys))
    assert found == [Fault(NAME, touched.size - 1, "signature")]
