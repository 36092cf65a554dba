"""Media: what a photo, a sound or a document really is, whatever it is called. Pure: bytes in, clean bytes out.

A picture is decoded and drawn anew, so that nothing rides along: no position, no camera's number, no second file behind
the first. Where it was taken is told apart, for the person to use or not. Sounds and documents are kept as they are.
"""

from __future__ import annotations

import msgspec

from anlan.loop.errors import Refused

BYTES_MAX = 10 * 1024 * 1024
PIXELS_MAX = 60_000_000
"""Above any telephone's photo a city sees; a picture is measured before it is decoded."""
HEAD_BYTES, TAIL_BYTES = 16, 2048
SOUNDS: tuple[tuple[str, int, tuple[bytes, ...]], ...] = (
    ("audio/mpeg", 0, (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    ("audio/ogg", 0, (b"OggS",)),
    ("audio/wav", 8, (b"WAVE",)),
    ("audio/amr", 0, (b"#!AMR",)),
    ("audio/mp4", 4, (b"ftypM4A", b"ftypmp42", b"ftypisom")),
)
"""By the bytes they begin with: type, where to look, what stands there."""


class Media(msgspec.Struct, frozen=True):
    """A clean file: its type (MIME), its bytes, a picture's thumbnail, and where it was taken (degrees, WGS-84)."""

    type: str
    full: bytes
    small: bytes = b""
    place: tuple[float, float] | None = None


def cleaned(data: bytes) -> Media:
    """The file as it may be kept. Raises Refused: file.empty, file.too_large, file.too_many_pixels, file.broken,
    file.unknown_type."""
    if not data:
        raise Refused("file.empty")
    if len(data) > BYTES_MAX:
        raise Refused("file.too_large", length=len(data), length_max=BYTES_MAX)
    if data.startswith(b"%PDF-"):
        if b"%%EOF" not in data[-TAIL_BYTES:]:
            raise Refused("file.broken")
        return Media("application/pdf", data)
    for kind, at, marks in SOUNDS:
        if data[at:HEAD_BYTES].startswith(marks):
            return Media(kind, data)
    from anlan.app.pictures import drawn_anew  # noqa: PLC0415 - as it says there

    return drawn_anew(data)
