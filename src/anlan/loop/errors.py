"""How Anlan says no. Every code has a zh and an en text (`strings.*.toml`) and reaches the user unchanged."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The request was understood and is not allowed. `code` is stable; `params` fill its text; nothing was written."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        return f"{self.code} {self.params}" if self.params else self.code


class Conflict(Refused):
    """Somebody else changed the matter first: `expected` is the version the caller saw, `actual` what stands."""

    def __init__(self, matter: int, expected: int, actual: int) -> None:
        super().__init__("matter.conflict", matter=matter, expected=expected, actual=actual)


class Broken(Exception):
    """The record contradicts itself (a bug or tampering). Never caught to go on: it is shown to the person on duty."""
