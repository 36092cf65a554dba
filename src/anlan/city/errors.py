"""The one error of the city's reference data: a stable code and its parameters, worded elsewhere in each language."""

from __future__ import annotations


class CityError(ValueError):
    """Something about a place, a unit or a city pack that cannot be answered.

    `code` is stable and dotted ("place.outside_city"); `params` holds plain numbers and keys for the wording.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code if not params else f"{code} {params}")
        self.code = code
        self.params = params
