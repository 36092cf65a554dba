"""What the simulated city did, handed in, and was told no for: what its checks are held against."""

from __future__ import annotations

from collections import Counter

import msgspec

EXPECTED = frozenset({
    "callback.already_final",
    "callback.own_case",
    "clock.extension_after_due",
    "clock.extension_over_limit",
    "close.assists_open",
    "close.children_open",
    "forward.same_unit",
    "hold.after_due",
    "matter.closed",
    "matter.conflict",
    "matter.unknown",
    "merge.children_open",
    "return.too_late",
    "return.too_often",
})  # fmt: skip
"""What people are told every day: they were too late, too early, two at once, or it is another unit's by now. Anything
else is a bug, here or there."""


class Handed(msgspec.Struct, frozen=True):
    """A report that was handed in, as its reporter knows it."""

    receipt: int
    code: str


class Tally:
    """Counts by name."""

    def __init__(self) -> None:
        self.did: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.unexpected: list[str] = []
        self.handed: list[Handed] = []

    def hand_in(self, receipt: int, code: str) -> None:
        """A report was taken; whoever handed in the same again gets no second code."""
        if code:
            self.handed.append(Handed(receipt, code))

    def refuse(self, code: str, what: str) -> None:
        """Somebody was refused something."""
        self.refused[code] += 1
        if code not in EXPECTED:
            self.unexpected.append(f"{code}: {what}")
