"""Forms as they are sent: named texts, tolerant readers, and the fields of a move turned into what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request

from anlan.api.body import typed_in
from anlan.loop.errors import Refused
from anlan.loop.fact import whole
from anlan.loop.flow import Field, Move
from anlan.web.names import Names


class Form:
    """What was typed, by name."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    def raw(self, name: str) -> str:
        """Exactly what was typed."""
        return self.values.get(name, "")

    def text(self, name: str) -> str:
        """What was typed, without blanks around it."""
        return self.raw(name).strip()

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.raw(name))

    def number(self, name: str) -> int:
        """A whole number. Raises Refused for anything else."""
        text = self.text(name)
        if not text:
            raise Refused("field.missing", field=name)
        number = whole(text.removeprefix("-"))
        if number is None:
            raise Refused("field.wrong_type", field=name, type="int")
        return -number if text.startswith("-") else number


async def form_of(request: Request[Any, Any, Any]) -> Form:
    """The form of a request, without the files in it: `files.stage` takes those."""
    return Form(await typed_in(request))


def files_named(form: Form) -> list[str]:
    """The staged files that a form names."""
    return [file for file in form.text("files").split(",") if file]


def fields_of(move: Move, form: Form, names: Names) -> dict[str, Any]:
    """What a move needs, read from a form. Empty fields are left out; `decide` says which it misses."""
    fields: dict[str, Any] = {}
    for field in move.needs:
        if form.text(field.key):
            fields[field.key] = _value(field, form, names)
    return fields


def _value(field: Field, form: Form, names: Names) -> Any:
    text = form.text(field.key)
    match field.type:
        case "int" | "number" | "receipt":
            return form.number(field.key)
        case "bool":
            return text == "yes"
        case "files":
            return files_named(form)
        case "unit":
            return names.find_unit(text)
        case "units":
            wanted = text.replace("、", ",").replace("，", ",").split(",")
            return [names.find_unit(name) for name in wanted if name.strip()]
        case _:
            return text
