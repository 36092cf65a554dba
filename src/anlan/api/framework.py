"""Litestar without what it does at every start and Anlan has no use for: a third of the time to the first answer."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Router
from litestar.plugins.core import MsgspecDIPlugin


class Application(Litestar):
    """An application whose data are msgspec's: pydantic and attrs, where they are installed, are not imported."""

    @staticmethod
    def _get_default_plugins(plugins: list[Any]) -> list[Any]:
        return [*plugins, MsgspecDIPlugin()]


class Routes(Router):
    """Routes that are registered once, and so need no copy of themselves and of all their handlers."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> Routes:
        return self
