"""The store contract's three places (a folder, memory, a PostgreSQL server), and commits as the hotline makes them,
without city or engines.

`desk` runs a test in each; `lite` in the two of SQLite; `disk` only in a folder, where a test reads the files itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from anlan.domains.hotline.flow import APPEAL
from anlan.engines.text import search_terms
from anlan.loop.evolve import Draft
from anlan.loop.matter import Matter
from anlan.loop.receive import Opening, opening
from anlan.loop.working_calendar import WorkingCalendar, minute_of
from anlan.store.commit import Change, Commit, Done, Receipt, Shown
from anlan.store.sqlite import MEMORY, opened
from anlan.store.store import Place, Store

AT = 1_790_000_000_000
DAY_MS = 86_400_000
CALENDAR = WorkingCalendar(published_years=[2026])
SECRETS = (b"m" * 32, b"s" * 32)
TAMPERING = (
    "CREATE DOMAIN blob AS bytea; CREATE FUNCTION zeroblob(n bigint) RETURNS bytea LANGUAGE sql AS"
    " $$ SELECT decode(repeat('00', n::int), 'hex') $$"
)
"""So that a test tampers with PostgreSQL in the words it uses for SQLite."""


class Desk:
    """Makes commits for a store."""

    def __init__(self, home: Path, url: str = "") -> None:
        self.home, self.url, self._made = home, url, 0
        if home.is_relative_to(MEMORY):  # held open, so that what is there outlives a closed store as files would
            self._held = [opened(home / name) for name in ("anlan.db", "keys.db")]
        self.store = self._open()
        if url and not self.store.readers.connection().execute("SELECT to_regtype('blob')").fetchone()[0]:
            self.store.writer.connection.execute(TAMPERING)

    def _open(self) -> Store:
        return Store(Place(self.home, url=self.url), secrets=SECRETS if self.home.is_relative_to(MEMORY) else None)

    @property
    def flows(self) -> dict[tuple[str, str], Any]:
        return {("hotline", "appeal"): APPEAL}

    def create(self, **said: Any) -> Commit:
        """A new matter: channel, outside_id, title, text, phone, name, ledger, lead, at, category, place."""
        self._made += 1
        at, ledger = said.get("at", AT), said.get("ledger", "370202")
        channel = said.get("channel", "web")
        commit = Commit(at=AT, actor="system", year=2026)
        vault = self.store.vault
        text_id, party_id = vault.new_id("t", AT), vault.new_id("p", AT)
        title, text, phone = said.get("title", "路灯不亮"), said.get("text", "门口路灯坏了"), said.get("phone", "")
        vault.seal(commit, text_id, [(text_id, {"title": title, "text": text})])
        vault.seal(commit, party_id, [(party_id, {"name": said.get("name", "王女士"), "phone": phone})])
        if phone:
            commit.parties.append((party_id, vault.blind(phone)))
        party = {"party": party_id, "channel": channel, "at": at, "text": text_id}
        received = {
            "domain": "hotline",
            "ledger": ledger,
            "channel": channel,
            "opened_at": at,
            "text": text_id,
            "party": party,
            "place": said.get("place"),
        }
        route = {"lead": said.get("lead", "station1"), "assists": [], "route": {"rule": "area"}}
        begin = Opening(
            received, {"category": said.get("category", "traffic.noise"), "by": "engine"}, route, "assigned"
        )
        commit.changes = [Change(APPEAL, ledger, opening(APPEAL, begin, minute_of(at), CALENDAR))]
        outside = said.get("outside_id", f"x{self._made}")
        commit.receipt = Receipt(channel, outside, party_id, vault.code_mark("12345678"))
        commit.shown = Shown(title, " ".join(search_terms(f"{title} {text}")), said.get("features", b""))
        return commit

    def change(self, matter: Matter, *drafts: Draft, at: int = AT, **more: Any) -> Commit:
        """Further facts on a matter as it was seen."""
        made = [Change(APPEAL, matter.ledger, list(drafts), base=matter)]
        return Commit(at=at, actor="p1", year=2026, changes=made, **more)

    def write(self, commit: Commit) -> Done:
        return self.store.writer.submit(commit)

    def opened(self, **said: Any) -> Matter:
        return self.write(self.create(**said)).matters[0]

    def noted(self, facts: int, matter: Matter) -> Matter:
        """So many more facts on a matter, in one commit."""
        drafts: list[Draft] = [("noted", {"note": f"t{i}"}) for i in range(facts)]
        return self.write(self.change(matter, *drafts)).matters[0] if facts else matter

    def reopen(self) -> None:
        """Close the store and open it again."""
        self.store.close()
        self.store = self._open()

    def counted(self, sql: str, *values: Any) -> Any:
        return self.store.readers.connection().execute(sql, values).fetchone()[0]

    def size(self) -> tuple[int, ...]:
        """How much there is of everything."""
        tables = ("facts", "matters", "receipts", "requests", "sealed", "titles", "search", "rollups", "parties")
        return tuple(self.counted(f"SELECT count(*) FROM {table}") for table in tables)

    def tree(self) -> list[Any]:
        found: list[Any] = self.store.readers.connection().execute("SELECT * FROM ledgers ORDER BY no").fetchall()
        return found


@pytest.fixture
def new_desk() -> type[Desk]:
    """For tests that need several."""
    return Desk


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    in_memory = request.param == "memory"
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    desk = Desk(MEMORY / tmp_path.relative_to("/") if in_memory else tmp_path / "home", url)
    yield desk
    desk.store.close()


@pytest.fixture(params=["sqlite", "memory"])
def lite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """Where a test speaks SQLite's own language."""
    desk = Desk(MEMORY / tmp_path.relative_to("/") if request.param == "memory" else tmp_path / "home")
    yield desk
    desk.store.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "home")
    yield desk
    desk.store.close()


@pytest.fixture
def answer() -> Callable[[Done], bytes]:
    return lambda done: msgspec.json.encode({"receipt": done.receipt, "version": done.matters[0].version})
