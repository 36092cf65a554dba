"""A denial (拒绝): somebody asked for what they may not have."""

from __future__ import annotations

import msgspec

NOBODY = "nobody"
"""Whoever asked without an account."""

DENIED = frozenset(
    {
        "access.confidential", "access.denied", "access.masked", "access.undeclared", "matter.unknown",
        "move.not_yours", "people.own", "report.not_yours", "token.missing", "undo.not_yours",
    }
)  # fmt: skip
"""The refusals that are about rights. Of a matter that is said not to exist, only where it does."""


class Denial(msgspec.Struct, frozen=True):
    """Whose, of which action, by which code, at which address pattern, to which matter (0 for none)."""

    account: str
    action: str
    code: str
    endpoint: str
    matter: int
