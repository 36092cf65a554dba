"""`anlan city`: make the demo city, load a real one, check a pack, ask where a place belongs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import typer

from anlan import main
from anlan.app.recalendar import recalendar
from anlan.app.rehearse import rehearse as rehearsal
from anlan.app.rehearse import rehearse_targets as retiming
from anlan.app.travel import prepare
from anlan.city.check import check_pack
from anlan.city.days import read_calendar, write_calendar
from anlan.city.demo import write_demo
from anlan.city.errors import CityError
from anlan.city.pack import build_city, load_pack, read_pack
from anlan.city.real import write_real
from anlan.cli.show import bar, refusals, result
from anlan.loop.deadlines import LONGEST

app = typer.Typer(no_args_is_help=True, help="City packs.")


@app.command("demo")
def demo(seed: int = 2026) -> None:
    """Generate the demo city, the same for the same seed."""
    with refusals(), bar("demo city") as on_progress:
        write_demo(main.home() / "city", seed, on_progress)
        prepare(main.home() / "city")


@app.command("load")
def load(
    geojson: Path,
    codes: Path = typer.Argument(..., help="CSV: street_code, street_name, district_code, district_name."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Make a city pack of real borders and official codes, and say what is wrong with it."""
    with refusals():
        target = main.home() / "city"
        write_real(target, geojson, codes)
        _checked(target, as_json=as_json)


@app.command("roads")
def roads(as_json: bool = typer.Option(False, "--json")) -> None:
    """Prepare the pack's roads for travel times, so that they are ready sooner. Again when the roads change."""
    with refusals():
        made = prepare(main.home() / "city")
        if made is None:
            raise CityError("roads.none")
    said = {"nodes": made.roads.nodes, "arcs": made.roads.arcs, "vehicles": ", ".join(made.vehicles)}
    result(said | {"router": made.kind}, as_json=as_json, title="roads")


@app.command("check")
def check(path: Path = typer.Argument(None), as_json: bool = typer.Option(False, "--json")) -> None:
    """List everything that is wrong with a pack. Exit code 1 when anything is."""
    with refusals():
        found = _checked(path or main.home() / "city", as_json=as_json)
    raise typer.Exit(1 if found else 0)


@app.command("calendar")
def calendar(
    years: Path = typer.Argument(..., help='JSON: {"2027": {"holidays": ["2027-01-01"], "makeup_days": []}}.'),
    dry_run: bool = typer.Option(False, help="Only say which due times would move."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Take a year's holidays and make-up days into the pack and tell the open matters' clocks again by a fact.

    Stop the server first: one process writes at a time, and it reads the calendar when it starts.
    """
    with refusals():
        world = main.open_world(index=False)
        files, new = read_pack(main.home() / "city"), read_calendar(years.read_bytes())
        files["calendar.json"] = write_calendar(read_calendar(files.get("calendar.json", b"{}")) | new)
        changed = build_city(files)
        if not dry_run:
            (main.home() / "city" / "calendar.json").write_bytes(files["calendar.json"])
        found = recalendar(world, changed, new, dry=dry_run)
        world.store.close()
    result(msgspec.to_builtins(found), as_json=as_json, title="calendar")


@app.command("locate")
def locate(lon: float, lat: float, as_json: bool = typer.Option(False, "--json")) -> None:
    """Which district and station a WGS-84 place belongs to: candidates, each with its reason."""
    with refusals():
        found = load_pack(main.home() / "city").areas.locate(lon, lat)
        result(msgspec.to_builtins(found), as_json=as_json, title="locate")


@app.command("find")
def find(name: str, as_json: bool = typer.Option(False, "--json")) -> None:
    """Areas called `name`: districts, streets, stations, and zones without a border."""
    with refusals():
        areas = load_pack(main.home() / "city").areas.by_name(name)
        result([{"key": a.key, "name": a.name, "level": a.level, "unit": a.unit} for a in areas], as_json=as_json)


def _checked(path: Path, *, as_json: bool) -> int:
    clocks = {clock.key for d in main.discover().values() for flow in d.flows for clock in flow.clocks}
    problems = check_pack(path, clocks, LONGEST)
    rows = [{"code": p.code, "where": p.where, "params": str(p.params)} for p in problems]
    result(rows, as_json=as_json, title="problems")
    return len(problems)


@app.command("rehearse")
def rehearse(
    routing: Path = typer.Argument(..., help="A changed routing.json."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Dry run: where changed routing rules would have sent past matters. Nothing is written."""
    with refusals():
        world = main.open_world(index=False)
        files = read_pack(main.home() / "city") | {"routing.json": routing.read_bytes()}
        found = rehearsal(world, build_city(files))
        world.store.close()
    result(msgspec.to_builtins(found), as_json=as_json, title="rehearsal")


@app.command("rehearse-targets")
def rehearse_targets(
    targets: Path = typer.Argument(..., help="A changed clocks.json."),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Dry run: when open matters would be due by changed targets. Nothing is written."""
    with refusals():
        world = main.open_world(index=False)
        files = read_pack(main.home() / "city") | {"clocks.json": targets.read_bytes()}
        found = retiming(world, build_city(files))
        world.store.close()
    result(msgspec.to_builtins(found), as_json=as_json, title="rehearsal")
