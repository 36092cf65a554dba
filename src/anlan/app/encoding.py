"""Text files as they come: UTF-8 with or without BOM, else GB18030, as spreadsheets of this country write it."""

from __future__ import annotations

from anlan.loop.errors import Refused


def decoded(raw: bytes) -> str:
    """The text of bytes. Raises Refused("load.bad_encoding")."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("load.bad_encoding")
