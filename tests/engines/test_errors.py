"""Every refusal of an engine has its words in both languages, with the parameters that the engine gives."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from anlan.api.problems import texts

SOURCE = Path(__file__).parents[2] / "src/anlan"


def refusals() -> list[tuple[str, frozenset[str]]]:
    """Code and names of the parameters of every `EngineError(…)`."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "EngineError":
                code = node.args[0]
                assert isinstance(code, ast.Constant), f"{path.name}:{node.lineno} computes its code"
                found.add((str(code.value), frozenset(k.arg for k in node.keywords if k.arg)))
    return sorted(found, key=lambda pair: (pair[0], sorted(pair[1])))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_refusal_has_its_words(language: str) -> None:
    found = refusals()
    assert len(found) > 10
    for code, given in found:
        text = texts(language)[code]
        wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert wanted <= given, f"{code}: the text wants {wanted - given}"
