"""Old forms of facts, brought up to today's when they are read; what is on the ledger stays as it was written.

A fact type is never edited. To change one: raise its form in FORMS, put a function from the old data to the new in
UPCASTERS, and keep the golden life that holds the old form (`tests/loop/golden`): it must replay to the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Data = dict[str, Any]

FORMS: Mapping[str, int] = {}
"""The form in which a kind of fact is written today, where it is not the first."""
UPCASTERS: Mapping[tuple[str, int], Callable[[Data], Data]] = {}
"""From a kind and an old form to the data of the next form."""


def form_of(kind: str) -> int:
    """The form in which facts of this kind are written today."""
    return FORMS.get(kind, 1)


def upcast(
    kind: str, form: int, data: Data, upcasters: Mapping[tuple[str, int], Callable[[Data], Data]] = UPCASTERS
) -> tuple[int, Data]:
    """The newest form of a fact's data, one step at a time."""
    while (step := upcasters.get((kind, form))) is not None:
        form, data = form + 1, step(data)
    return form, data
