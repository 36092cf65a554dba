"""Veils: what is left out of a list, a count or a map because it is too sensitive for who asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


class Veil(msgspec.Struct, frozen=True):
    """Matters of these categories, or of these flows (domain, flow), are left out, save those that one of `leads` leads
    ("" for nobody) and those that the unit `assisting` has a part in."""

    categories: tuple[str, ...]
    flows: tuple[tuple[str, str], ...]
    leads: tuple[str, ...] = ()
    assisting: str = ""


def tests_of(veils: Iterable[Veil]) -> tuple[list[str], list[Any]]:
    """What a statement with matters as `m` tests, and the values for it."""
    tests, values = [], list[Any]()
    for veil in veils:
        kinds = ["m.domain = ? AND m.flow = ?"] * len(veil.flows)
        kinds += [f"m.category IN ({_marks(veil.categories)})"] if veil.categories else []
        if not kinds:
            continue
        values += [*(part for flow in veil.flows for part in flow), *veil.categories]
        saved = [f"m.lead IN ({_marks(veil.leads)})"] if veil.leads else []
        values += veil.leads
        if veil.assisting:
            saved.append("EXISTS (SELECT 1 FROM assists v WHERE v.matter = m.number AND v.unit = ?)")
            values.append(veil.assisting)
        hidden = f"NOT ({' OR '.join(f'({kind})' for kind in kinds)})"
        tests.append(f"({' OR '.join([hidden, *saved])})")
    return tests, values


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))
