"""Adapters (接入): an adapter is a table: which outside field becomes which field of an Intake.

Idempotent by (channel, outside id). A payload's coordinates declare their system in the table, or in the payload's own
`system`, and are converted to WGS-84 at this door. Every channel may name staged `files`.
Free text is taken as it is; the vault and the redactor see to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

import msgspec

from anlan.city.errors import CityError
from anlan.city.geo import convert
from anlan.loop.domain import Intake, first_words
from anlan.loop.errors import Refused

TEXT_MAX = 20_000
OUTSIDE_ID_MAX = 200
URGENCY_MAX = 4
OUTCOMES = ("accepted", "filed", "refused")
EMAIL_ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(\.[\w-]+)+", re.ASCII)

Names = dict[str, str]


class Adapter(msgspec.Struct, frozen=True):
    """Outside names by Intake field; `system` is how the channel's coordinates are meant unless the payload says."""

    channel: str
    names: Names
    system: str = "wgs84"
    flow: str = "appeal"

    def __call__(self, payload: Mapping[str, Any], at: int) -> Intake:
        """The intake. Raises Refused naming the outside field that is missing, mistyped or too long."""
        unknown = sorted(set(payload) - set(self.names.values()) - {"system", "files"})
        if unknown:
            raise Refused("field.unknown", field=unknown[0])
        text = self._text(payload, "text", TEXT_MAX)
        if not text.strip():
            raise Refused("field.missing", field=self.names["text"])
        lon, lat = self._place(payload)
        return Intake(
            channel=self.channel,
            outside_id=self._text(payload, "outside_id", OUTSIDE_ID_MAX),
            title=self._text(payload, "title", 200) or first_words(text),
            text=text,
            at=at,
            lon=lon,
            lat=lat,
            address=self._text(payload, "address", 300),
            name=self._text(payload, "name", 100),
            phone=self._text(payload, "phone", 40),
            email=email_of(self._text(payload, "email", 200)),
            category=self._text(payload, "category", 100),
            district=self._text(payload, "district", 40),
            unit=self._text(payload, "unit", 40),
            wants_callback=self._flag(payload, "wants_callback", default=True),
            confidential=self._flag(payload, "confidential", default=False),
            flow=self.flow,
            outcome=self._outcome(payload),
            officer=self._text(payload, "officer", 40),
            files=_files(payload.get("files", [])),
            urgency=self._urgency(payload),
        )

    def _text(self, payload: Mapping[str, Any], field: str, length_max: int) -> str:
        name = self.names.get(field, "")
        value = payload.get(name) if name else None
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool) and field == "outside_id":
            value = str(value)
        if not isinstance(value, str):
            raise Refused("field.wrong_type", field=name, type="text")
        if len(value) > length_max:
            raise Refused("field.too_long", field=name, length=len(value), length_max=length_max)
        return value.strip()

    def _flag(self, payload: Mapping[str, Any], field: str, *, default: bool) -> bool:
        value = payload.get(self.names.get(field, ""), default)
        if not isinstance(value, bool):
            raise Refused("field.wrong_type", field=self.names[field], type="bool")
        return value

    def _urgency(self, payload: Mapping[str, Any]) -> int:
        urgency = payload.get(self.names.get("urgency", ""), 0)
        if not isinstance(urgency, int) or isinstance(urgency, bool):
            raise Refused("field.wrong_type", field=self.names["urgency"], type="int")
        if not 0 <= urgency <= URGENCY_MAX:
            raise Refused("field.out_of_range", field=self.names["urgency"], minimum=0, maximum=URGENCY_MAX)
        return urgency

    def _outcome(self, payload: Mapping[str, Any]) -> str:
        outcome = self._text(payload, "outcome", 20)
        if self.flow == "notice" and outcome not in OUTCOMES:
            raise Refused("field.not_an_option", field=self.names["outcome"], options=", ".join(OUTCOMES))
        return outcome

    def _place(self, payload: Mapping[str, Any]) -> tuple[float | None, float | None]:
        lon, lat = (payload.get(self.names.get(key, "")) for key in ("lon", "lat"))
        if lon is None and lat is None:
            return None, None
        if isinstance(lon, str | int) and isinstance(lat, str | int):
            lon, lat = _number(lon, self.names["lon"]), _number(lat, self.names["lat"])
        if not isinstance(lon, float) or not isinstance(lat, float):
            raise Refused("field.wrong_type", field=self.names["lon"], type="number")
        try:
            return convert(lon, lat, str(payload.get("system") or self.system), "wgs84")
        except CityError as error:
            raise Refused(error.code, **error.params) from None


def email_of(text: str) -> str:
    """The address in `Name <name@host>` or in plain. Raises Refused("email.malformed")."""
    address = parseaddr(text)[1].lower()
    if text and not EMAIL_ADDRESS.fullmatch(address):
        raise Refused("email.malformed")
    return address


def _files(value: Any) -> tuple[str, ...]:
    """Staged files by their ids; whether they are there is the vault's to say."""
    if not isinstance(value, list) or not all(isinstance(file, str) for file in value):
        raise Refused("field.wrong_type", field="files", type="files")
    return tuple(value)


def _number(value: str | int, field: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise Refused("field.wrong_type", field=field, type="number") from None


STANDARD = {
    "outside_id": "outside_id", "title": "title", "text": "text", "lon": "lon", "lat": "lat", "address": "address",
    "name": "name", "phone": "phone", "email": "email", "category": "category", "district": "district",
    "unit": "unit", "wants_callback": "wants_callback", "confidential": "confidential",
}  # fmt: skip


def names(**outside: str) -> Names:
    """The standard names with some replaced by the outside's own."""
    return {**STANDARD, **outside}
