"""Roll-ups of before the category are carried over; what was counted can be asked for fact by fact."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from anlan.store.counts import FEW, SLICE, Counted, Slices
from anlan.store.sqlite import migrate, opened


def test_old_sums_are_carried_over_without_a_category(tmp_path: Path) -> None:
    connection = opened(tmp_path / "old.db")
    connection.execute(resources.files("anlan.store.schema").joinpath("sqlite/0001_first.sql").read_text("utf-8"))
    connection.pragma("user_version", 1)
    for unit, n in (("station1", 3), ("station2", 5)):
        row = ("received", 20_000, "hotline", "370202", unit, "web", n)
        connection.execute("INSERT INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    migrate(connection)
    found = connection.execute(
        "SELECT r.measure, r.day, s.unit, s.category, r.n FROM rollups r JOIN slices s ON s.no = r.slice ORDER BY 3"
    ).fetchall()
    assert found == [("received", 20_000, "station1", "", 3), ("received", 20_000, "station2", "", 5)]
    connection.close()


def test_a_fact_counted_twice_a_day_is_two_rows(desk: Any) -> None:
    matter = desk.opened(category="traffic.jam")
    called = {"receipt": matter.number, "callback": "pending", "attempts": 1, "outcome": "unreachable"}
    desk.write(desk.change(matter, ("called_back", called), ("called_back", {**called, "attempts": 2})))
    rows, n = desk.store.read.counted(Counted("called", 0, 99_999, {"category": "traffic.jam"}))
    assert ([r.version for r in rows], n) == ([5, 4], 2)
    assert desk.store.read.counted(Counted("called", 0, 99_999, {"category": ""})) == ([], 0)


def test_a_large_figure_is_walked_and_a_small_one_gathered_alike(desk: Any) -> None:
    for _ in range(3):
        matter = desk.opened(lead="station7")
        desk.noted(1, matter)
    desk.opened(lead="station8")
    narrow = Counted("assigned", 0, 99_999, {"unit": "station7"})
    wide = Counted("assigned", 0, 99_999, {"domain": "hotline"}, leads=("station7",))
    assert FEW > 3
    assert desk.store.read.counted(narrow) == desk.store.read.counted(wide)
    assert desk.store.read.counted(narrow)[1] == 3


def test_a_start_knows_the_slices_that_stand_and_writes_none_of_them_again(tmp_path: Path) -> None:
    connection = opened(tmp_path / "city.db")
    migrate(connection)
    some = {("hotline", "370202", f"station{n}", "web", "") for n in range(3)}
    first, later = Slices(), Slices()
    first.meet(connection, some)
    written = connection.total_changes()
    later.meet(connection, some)
    assert connection.total_changes() == written
    stand = {tuple(of): no for no, *of in connection.execute(f"SELECT no, {', '.join(SLICE)} FROM slices")}
    assert {one: later[one] for one in some} == {one: first[one] for one in some} == stand
    connection.close()
