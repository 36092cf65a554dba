"""`anlan units`: the units of command from a table, whole or not at all."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import msgspec
import typer

from anlan import main
from anlan.api.problems import text_of
from anlan.app.world import World
from anlan.city.errors import CityError
from anlan.city.geo import convert
from anlan.cli.show import errors, refusals, result
from anlan.domains.command import units as board
from anlan.domains.command.fleet import E6
from anlan.domains.command.units import Unit
from anlan.loop.errors import Refused
from anlan.loop.grants import Actor
from anlan.store.commit import Commit

COLUMNS = ("key", "call_sign", "organisation", "vehicle", "people", "skills", "lon", "lat", "system")
NEEDED = COLUMNS[:4]
PARTED = re.compile(r"[ ;、,]+")


def units(
    file: Path = typer.Argument(
        ..., exists=True, help="CSV: key, call_sign, organisation, vehicle, people, skills, lon, lat, system."
    ),
    by: str = typer.Option(
        ..., "--as", help="The account that deploys them: its rights hold, its name is on the ledger."
    ),
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Register units, or give those that are there other words; what they are doing stays. Nothing is written while a
    line is wrong. With SQLite, while the server is stopped."""
    with refusals():
        world = main.open_world(index=False)
        try:
            commits, wrong = read(world, account(world, by), file)
            for line, refused in wrong:
                errors.print(f"{file.name}:{line} {refused.code} {text_of(refused.code, dict(refused.params), 'zh')}")
            if wrong:
                raise typer.Exit(1)
            world.store.writer.submit_many(commits)
        finally:
            world.store.close()
        result({"units": len(commits)}, as_json=as_json)


def account(world: World, number: str) -> Actor:
    """Somebody who is switched on. Raises Refused("people.unknown")."""
    row = world.store.read.account(number)
    if row is None:
        raise Refused("people.unknown", account=number)
    return Actor(number, row[0], tuple(msgspec.json.decode(row[1])))


def read(world: World, actor: Actor, file: Path) -> tuple[list[Commit], list[tuple[int, Refused]]]:
    """The commits of a table, and what is wrong with it by line. Raises Refused("units.columns", "units.encoding")."""
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Refused("units.encoding") from None
    rows = csv.DictReader(lines)
    named = set(rows.fieldnames or ())
    if not set(NEEDED) <= named or named - set(COLUMNS):
        raise Refused("units.columns", columns=", ".join(COLUMNS))
    commits, wrong, seen = list[Commit](), list[tuple[int, Refused]](), set[str]()
    for row in rows:
        try:
            unit = unit_of({key: (value or "").strip() for key, value in row.items() if key})
            if unit.key in seen:
                raise Refused("units.twice", unit=unit.key)  # noqa: TRY301 - a line like the others
            seen.add(unit.key)
            commits.append(board.define(world, actor, unit))
        except (Refused, CityError) as error:
            found = error if isinstance(error, Refused) else Refused(error.code, **error.params)
            wrong.append((rows.line_num, found))
    return commits, wrong


def unit_of(row: dict[str, str]) -> Unit:
    """A line as a unit. Raises Refused, CityError."""
    try:
        people = int(row.get("people") or 2)
        place = (float(row["lon"]), float(row["lat"])) if row.get("lon") and row.get("lat") else None
    except ValueError:
        raise Refused("field.wrong_type", field="people, lon, lat", type="number") from None
    home = None
    if place:
        lon, lat = convert(*place, row.get("system") or "wgs84", "wgs84")
        home = (round(lon * E6), round(lat * E6))
    skills = tuple(skill for skill in PARTED.split(row.get("skills", "")) if skill)
    return Unit(row["key"], row["call_sign"], row["organisation"], row["vehicle"], people, skills, home)
