"""Words: what search, duplicates and the classifier need of a report's text, in one pass. Pure, so that a bulk load can
have another process do it ahead of time.

All of it is made from redacted text, and all of it is personal data still: it nearly rebuilds the message.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor

import msgspec

from anlan.app.redact import redacted
from anlan.engines.text import Features, features, many_from_bytes, search_terms, to_bytes

CHUNK = 512
"""Rows of one transaction: more gained nothing, and another writer waits until they are written."""
AHEAD = 4
"""Chunks of texts in the hands of other processes."""
NO_FEATURES = features("", "")

Text = tuple[str, str, str]
"""Title, text, address."""


class Words(msgspec.Struct, frozen=True):
    """A report's feature row (also as stored), redacted title and search terms."""

    features: Features
    row: bytes
    title: str
    terms: str


def words(title: str, text: str, address: str) -> Words:
    """The words of one report."""
    found = features_of(title, text)
    return Words(found, to_bytes(found), redacted(title), terms_of(title, text, address))


def features_of(title: str, text: str) -> Features:
    """The feature row of a report."""
    return features(title, redacted(text))


def terms_of(title: str, text: str, address: str) -> str:
    """The search terms of a report."""
    return " ".join(search_terms(redacted(f"{title} {text} {address}")))


class WordsAhead:
    """Words of many reports in the order they were put in, made by the machine's other cores where it has any.

    With `rows_only` the features themselves are not unpacked: a load without engines stores their rows and no more.
    """

    def __init__(self, *, rows_only: bool = False) -> None:
        self._rows_only = rows_only
        self._workers = (os.cpu_count() or 1) - 1
        self._pool: ProcessPoolExecutor | None = None
        self._chunks: deque[tuple[list[Text], Future[list[tuple[bytes, str, str]]] | None]] = deque()

    def __len__(self) -> int:
        return len(self._chunks)

    def put(self, chunk: list[Text]) -> None:
        """Have a chunk worked on; the very first, which may be all there is, is left for `take`."""
        if self._pool is None and self._workers and self._chunks:
            self._pool = ProcessPoolExecutor(self._workers)
        self._chunks.append((chunk, self._pool.submit(_stored, chunk) if self._pool else None))

    def take(self) -> list[Words]:
        """The oldest chunk's words; made here and now when nobody has begun with them."""
        chunk, future = self._chunks.popleft()
        if future is None or future.cancel():
            return [words(*text) for text in chunk]
        made = future.result()
        found = [NO_FEATURES] * len(made) if self._rows_only else many_from_bytes([row for row, _, _ in made])
        return [Words(one, *stored) for one, stored in zip(found, made, strict=True)]

    def close(self) -> None:
        """Let the other processes go."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _stored(chunk: Sequence[Text]) -> list[tuple[bytes, str, str]]:
    made = (words(*text) for text in chunk)
    return [(one.row, one.title, one.terms) for one in made]
