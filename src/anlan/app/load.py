"""Load: a table of past messages goes in through the import channel, a batch at a time. No row is lost in silence:
loaded + merged + already known + rejected = rows.

Rows that say the same thing as an open matter join it by rule (each keeps an own receipt); the rest become matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from anlan.app import receive
from anlan.app.receive import Prepared
from anlan.app.words import AHEAD, CHUNK, Words, WordsAhead
from anlan.app.world import SYSTEM, World
from anlan.city.errors import CityError
from anlan.loop.domain import Domain, Intake
from anlan.loop.errors import Refused
from anlan.store.commit import Done

SAME_TEXT = 0.97
Reject = Callable[[int, Refused | CityError], None]
Row = tuple[int, Intake]
"""A row's line in its file, and what it says."""


@dataclass
class Loader:
    """Takes intakes one by one, writes them in batches, counts what became of each. `flush` when the last is in."""

    world: World
    domain: Domain
    reject: Reject
    engines: bool = True
    merge_same_text: bool = True
    loaded: int = 0
    merged: int = 0
    known: int = 0
    rejected: int = 0
    matters: dict[str, int] = field(default_factory=dict)
    _rows: list[Row] = field(default_factory=list)
    _chunks: list[list[Row]] = field(default_factory=list)
    _ahead: WordsAhead = field(init=False)
    _batch: list[tuple[int, Intake, Prepared, int]] = field(default_factory=list)
    _joined: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._ahead = WordsAhead(rows_only=not self.engines)

    def add(self, line: int, intake: Intake) -> None:
        """Take one row. A row that cannot be taken is counted and told with its line; the others go on."""
        self._rows.append((line, intake))
        if len(self._rows) == CHUNK:
            self._put()
            if len(self._ahead) > AHEAD:
                self._take()

    def refuse(self, line: int, refused: Refused | CityError) -> None:
        """Count and tell a row that cannot be taken."""
        self.rejected += 1
        self.reject(line, refused)

    def flush(self) -> None:
        """Write all that was added."""
        if self._rows:
            self._put()
        while self._ahead:
            self._take()
        self._ahead.close()

    def _put(self) -> None:
        self._ahead.put([(i.title, i.text, i.address) for _, i in self._rows])
        self._chunks.append(self._rows)
        self._rows = []

    def _take(self) -> None:
        rows, said = self._chunks.pop(0), self._ahead.take()
        known = self._known(rows)
        for (line, intake), words in zip(rows, said, strict=True):
            if (intake.channel, intake.outside_id) in known:
                self.known += 1
                continue
            try:
                self._prepare(line, intake, words)
            except (Refused, CityError) as refused:
                self.refuse(line, refused)
        self._write()

    def _known(self, rows: list[Row]) -> set[tuple[str, str]]:
        ids: dict[str, list[str]] = {}
        for _, intake in rows:
            ids.setdefault(intake.channel, []).append(intake.outside_id)
        read = self.world.store.read
        return {(channel, known) for channel, some in ids.items() for known in read.known(channel, some)}

    def _prepare(self, line: int, intake: Intake, said: Words) -> None:
        prepared = receive.prepare(self.world, self.domain, intake, SYSTEM, said=said, engines=self.engines)
        same = self._same(prepared)
        if same is not None and (same < 0 or same in self._joined):  # not on disk yet, or changed since it was
            self._write()
            prepared = receive.prepare(self.world, self.domain, intake, SYSTEM, said=said)
            same = self._same(prepared)
        if same is not None and not intake.closed_at:
            self._joined.add(same)
            prepared = receive.prepare(self.world, self.domain, intake, SYSTEM, join=same)
        key = receive.enter(self.world, prepared, intake) if self.engines else 0
        self._batch.append((line, intake, prepared, key))

    def _same(self, prepared: Prepared) -> int | None:
        if not self.merge_same_text:
            return None
        offers = prepared.advice.offers if prepared.advice and prepared.advice.location is None else ()
        return next((c.key for c in offers if c.text_similarity >= SAME_TEXT), None)

    def _write(self) -> None:
        batch, self._batch = self._batch, []
        self._joined.clear()
        outcomes = self.world.store.writer.submit_many(prepared.commit for _, _, prepared, _ in batch)
        for (line, intake, prepared, key), outcome in zip(batch, outcomes, strict=True):
            receive.settle(self.world, key, outcome if isinstance(outcome, Done) else None)
            if isinstance(outcome, Refused):
                self.refuse(line, outcome)
            else:
                self._count(intake, prepared, outcome)

    def _count(self, intake: Intake, prepared: Prepared, done: Done) -> None:
        if done.replayed:
            self.known += 1
            return
        self.matters[intake.outside_id] = done.matters[0].number
        if prepared.advice is None:
            self.merged += 1
        else:
            self.loaded += 1
