"""The one error of the engines: a stable code and its parameters, worded elsewhere in each language."""

from __future__ import annotations


class EngineError(ValueError):
    """What an engine was given cannot be answered, and why.

    `code` is stable and dotted ("travel.seconds"); `params` holds plain numbers and keys for the wording.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code if not params else f"{code} {params}")
        self.code = code
        self.params = params
