"""Words in the reader's language: tables of strings, those of the interface and those of each line of work.

A missing key is a bug and raises KeyError; a test compares the two languages key by key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from anlan.api.problems import texts

LANGUAGES = ("zh", "en")


class Strings:
    """The strings of one language. `strings("queue.title")`; parameters fill the braces."""

    def __init__(self, language: str, table: Mapping[str, str]) -> None:
        self.language = language
        self._table = table

    def __call__(self, key: str, /, **params: Any) -> str:
        """The words for a key. Raises KeyError for one that is not there."""
        text = self._table[key]
        return text.format(**params) if params else text

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def word(self, domain: str, key: str, otherwise: str = "") -> str:
        """A word of a line of work, else the interface's own, else `otherwise` or the key's last part."""
        for name in (f"{domain}.{key}", key):
            if name in self._table:
                return self._table[name]
        return otherwise or key.rpartition(".")[2]


@cache
def strings(language: str, domains: tuple[str, ...]) -> Strings:
    """Everything worded in a language: the API's refusals, the interface, the lines of work by their key."""
    table = {f"error.{key}": text for key, text in texts(language).items()}
    table |= dict(_flat(_read("anlan.web", f"strings/{language}.toml")))
    for domain in domains:
        table |= dict(_flat(_read(f"anlan.domains.{domain}", f"strings.{language}.toml"), f"{domain}."))
    return Strings(language, table)


def _read(package: str, name: str) -> dict[str, Any]:
    source = resources.files(package).joinpath(name)
    return tomllib.loads(source.read_text("utf-8")) if source.is_file() else {}


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, str(value)
