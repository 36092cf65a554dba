"""A mapping says which column of a foreign table is which part of an intake: a TOML file, shipped or one's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Cells
from datetime import datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from anlan.loop.domain import Intake
from anlan.loop.errors import Refused

TITLE_LENGTH = 28


class Time(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How times are written, and in which zone."""

    format: str = "%Y-%m-%d %H:%M:%S"
    zone: str = "Asia/Shanghai"


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do with places outside the city: refuse the row, or keep it as it is, unrouted."""

    keep_outside: bool = False


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column that says whether a row was on time, to hold our own judgement against."""

    on_time: str = ""
    yes: str = ""
    no: str = ""


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns by part of an intake; `text` may be several, joined.

    `merge_same_text`: rows that say the same as an open matter join it. Only for tables whose text is a person's own.
    """

    columns: dict[str, str | list[str]]
    time: Time = Time()
    place: Place = Place()
    check: Check = Check()
    merge_same_text: bool = False

    def names(self) -> set[str]:
        """Every column that must be there."""
        wanted = {n for c in self.columns.values() for n in ([c] if isinstance(c, str) else c)}
        return wanted | ({self.check.on_time} - {""})

    def intake(self, row: Cells[str, str], channel: str, now: int) -> Intake:
        """A row as an intake. Raises Refused naming what cannot be read."""
        text = self._joined(row, "text")
        if not text:
            raise Refused("field.missing", field="text")
        lon, lat = self._number(row, "lon"), self._number(row, "lat")
        return Intake(
            channel=channel,
            outside_id=self._joined(row, "outside_id"),
            title=self._joined(row, "title")[:200] or text[:TITLE_LENGTH],
            text=text,
            at=self._time(row, "opened_at") or now,
            lon=lon if lat is not None else None,
            lat=lat if lon is not None else None,
            address=self._joined(row, "address"),
            name=self._joined(row, "name"),
            phone=self._joined(row, "phone"),
            category=self._joined(row, "category"),
            district=self._joined(row, "district"),
            foreign=self.place.keep_outside,
            closed_at=self._time(row, "closed_at"),
            due_at=self._time(row, "due_at"),
        )

    def _joined(self, row: Cells[str, str], part: str) -> str:
        column = self.columns.get(part)
        if column is None:
            return ""
        return " ".join(filter(None, (row[c].strip() for c in ([column] if isinstance(column, str) else column))))

    def _time(self, row: Cells[str, str], part: str) -> int:
        value = self._joined(row, part)
        if not value:
            return 0
        try:
            local = datetime.strptime(value, self.time.format)  # noqa: DTZ007 - the zone follows on the next line
        except ValueError:
            raise Refused("load.bad_time", value=value[:40], format=self.time.format) from None
        return int(local.replace(tzinfo=ZoneInfo(self.time.zone)).timestamp() * 1000)

    def _number(self, row: Cells[str, str], part: str) -> float | None:
        value = self._joined(row, part)
        if not value:
            return None
        try:
            return float(value)
        except ValueError:
            raise Refused("field.wrong_type", field=part, type="number") from None


def find(name: str, domain: str) -> Mapping:
    """The mapping at a path, or one that the domain ships by name. Raises Refused."""
    path = Path(name)
    if path.is_file():
        raw = path.read_text("utf-8")
    else:
        shipped = resources.files(f"anlan.domains.{domain}").joinpath("mappings", f"{name}.toml")
        if not shipped.is_file():
            raise Refused("load.no_mapping", mapping=name)
        raw = shipped.read_text("utf-8")
    try:
        return msgspec.convert(tomllib.loads(raw), Mapping)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise Refused("body.invalid", why=str(error)) from None
