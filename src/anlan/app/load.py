"""Load: a table of past messages goes in through the import channel, a batch at a time. No row is lost in silence:
loaded + merged + already known + rejected = rows.

Rows that say the same thing as an open matter join it by rule (each keeps an own receipt); the rest become matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from anlan.app import receive
from anlan.app.receive import Prepared
from anlan.app.world import SYSTEM, World
from anlan.city.errors import CityError
from anlan.loop.domain import Domain, Intake
from anlan.loop.errors import Refused
from anlan.loop.working_calendar import minute_of
from anlan.store.commit import Done

BATCH = 256
SAME_TEXT = 0.97
Reject = Callable[[int, Refused | CityError], None]


@dataclass
class Loader:
    """Takes intakes one by one, writes them in batches, counts what became of each."""

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
    _batch: list[tuple[int, Intake, Prepared]] = field(default_factory=list)
    _outside: set[str] = field(default_factory=set)
    _joined: set[int] = field(default_factory=set)

    def add(self, line: int, intake: Intake) -> None:
        """Take one row. A row that cannot be taken is counted and told with its line; the others go on."""
        if intake.outside_id in self._outside:
            self.flush()
        if intake.outside_id and self.world.store.read.known(intake.channel, intake.outside_id) is not None:
            self.known += 1
            return
        try:
            prepared = self._prepared(intake)
        except (Refused, CityError) as refused:
            self._refuse(line, refused)
            return
        self._outside.add(intake.outside_id)
        self._batch.append((line, intake, prepared))
        if prepared.advice and not intake.closed_at and self.engines:
            self._pending(-len(self._batch), intake, prepared)
        if len(self._batch) == BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        batch, self._batch = self._batch, []
        self._outside.clear()
        self._joined.clear()
        for at in range(1, len(batch) + 1):
            if -at in self.world.merge:
                self.world.merge.remove(-at)
        outcomes = self.world.store.writer.submit_many(prepared.commit for _, _, prepared in batch)
        for (line, intake, prepared), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Refused):
                self._refuse(line, outcome)
            elif isinstance(outcome, Done):
                self._written(intake, prepared, outcome)

    def refuse(self, line: int, refused: Refused | CityError) -> None:
        """Count and tell a row that could not even be read."""
        self._refuse(line, refused)

    def _prepared(self, intake: Intake) -> Prepared:
        prepared = receive.prepare(self.world, self.domain, intake, SYSTEM, engines=self.engines)
        same = self._same(prepared)
        if same is not None and (same < 0 or same in self._joined):
            self.flush()
            prepared = receive.prepare(self.world, self.domain, intake, SYSTEM)
            same = self._same(prepared)
        if same is None or intake.closed_at:
            return prepared
        self._joined.add(same)
        return receive.prepare(self.world, self.domain, intake, SYSTEM, join=same)

    def _same(self, prepared: Prepared) -> int | None:
        if not self.merge_same_text:
            return None
        offers = prepared.advice.offers if prepared.advice and prepared.advice.location is None else ()
        return next((c.key for c in offers if c.text_similarity >= SAME_TEXT), None)

    def _pending(self, key: int, intake: Intake, prepared: Prepared) -> None:
        assert prepared.advice is not None
        category = self.world.category_no(prepared.advice.category)
        row, minute = prepared.advice.features, minute_of(intake.at)
        self.world.merge.add(key, row, intake.lon, intake.lat, minute, category)

    def _written(self, intake: Intake, prepared: Prepared, done: Done) -> None:
        if done.replayed:
            self.known += 1
            return
        self.matters[intake.outside_id] = done.matters[0].number
        if prepared.advice is None:
            self.merged += 1
            return
        self.loaded += 1
        if self.engines:
            receive.after(self.world, prepared, done, intake)

    def _refuse(self, line: int, refused: Refused | CityError) -> None:
        self.rejected += 1
        self.reject(line, refused)
