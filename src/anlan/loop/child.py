"""Child matters (子事项): a part of a matter that another unit handles as a matter of its own. Pure.

A parent is reported only when every child is closed. So that this stays true afterwards, a child is opened, and opened
again, only while its parent is being worked on: a duty room first sends the parent back or re-opens it, which starts
its clock and tells its reporters, and never finds a closed matter with work open under it.

A child has no reporters (call-backs are the parent's) and no children of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from anlan.loop.case import Case
from anlan.loop.errors import Refused
from anlan.loop.evolve import Draft
from anlan.loop.flow import Flow
from anlan.loop.matter import Matter, shown


def open_child(case: Case) -> list[Draft]:
    """The lead unit gives a part to another unit. The writer, who numbers the child, adds its number."""
    open_now, limit = len(case.matter.children_open), case.flow.limits.children_max
    if case.matter.parent:
        raise Refused("child.of_child", parent=shown(case.matter.parent))
    if open_now >= limit:
        raise Refused("child.too_many", children=open_now, children_max=limit)
    return [case.draft("child_opened", {"unit": case.fields["unit"]})]


def told(flow: Flow, parent: Matter, child: Matter, drafts: Sequence[Draft]) -> list[Draft]:
    """What a child's facts mean to its parent (of `flow`). Raises Refused for a re-opening that it cannot bear."""
    kinds = {kind for kind, _ in drafts}
    if "reopened" in kinds and child.closed_at:
        if parent.merged_into or parent.stage not in _open_in(flow):
            raise Refused("child.parent_not_working", parent=shown(parent.number))
        return [("child_reopened", {"number": child.number})]
    if kinds & {"closed", "merged"}:
        return [("child_closed", {"number": child.number})]
    return []


def check_merge(gone: Matter, kept: Matter) -> None:
    """Refuse a merge that would lose sight of a part: work of one parent stays with it, a parent keeps its children."""
    if gone.parent != kept.parent:
        raise Refused("merge.child_apart", child=shown(gone.number if gone.parent else kept.number))
    if gone.children_open:
        raise Refused("merge.children_open", count=len(gone.children_open))
    if gone.units_out:
        raise Refused("merge.units_out", count=len(gone.units_out))


def _open_in(flow: Flow) -> tuple[str, ...]:
    return next((move.sources for move in flow.moves if move.effect == "open_child"), ())
