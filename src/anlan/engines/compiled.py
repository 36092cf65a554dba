"""Compiled loops: numba, typed as the function it compiles. For inner loops only, each checked by a plain twin.

Without reference counting (`_nrt`): a compiled loop may not make arrays, only read and write those it is given. That
alone makes it five times as fast. No fast-math: sums are the sums that Python makes. Compiled code is kept beside its
source and made anew when any file of the package changes, since one loop is compiled into another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., Any])
OPTIONS: Any = {"cache": True, "forceinline": True, "_nrt": False}


def compiled(loop: Loop) -> Loop:
    """The loop as machine code."""
    made: Any = njit(**OPTIONS)(loop)
    kept = made._cache._cache_file
    kept._source_stamp = (kept._source_stamp, _sources("anlan.engines.simulate"))
    return cast(Loop, made)


@cache
def _sources(package: str) -> str:
    """A digest of all Python files of a package: numba itself looks at the one file only."""

    def walk(folder: Traversable) -> list[bytes]:
        inside = sorted(folder.iterdir(), key=lambda path: path.name)
        some = [path.read_bytes() for path in inside if path.name.endswith(".py")]
        return some + [data for path in inside if path.is_dir() for data in walk(path)]

    return hashlib.sha256(b"\0".join(walk(files(package)))).hexdigest()
