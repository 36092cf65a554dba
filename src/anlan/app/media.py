"""Media: what a photo, a sound or a document really is, whatever it is called. Pure: bytes in, clean bytes out.

A picture is decoded and drawn anew, so that nothing rides along: no position, no camera's number, no second file behind
the first. Where it was taken is told apart, for the person to use or not. Sounds and documents are kept as they are.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import msgspec
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from anlan.loop.errors import Refused

BYTES_MAX = 10 * 1024 * 1024
PIXELS_MAX = 60_000_000
"""Above any telephone's photo a city sees; a picture is measured before it is decoded."""
SIDE_MAX, SMALL_SIDE = 4096, 480
JPEG_QUALITY, SMALL_QUALITY = 88, 78
HEAD_BYTES, TAIL_BYTES = 16, 2048
PICTURES = ("JPEG", "PNG", "WEBP")
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
    return _picture(data)


def _picture(data: bytes) -> Media:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size is judged below, by our own limit
            picture: Image.Image = Image.open(io.BytesIO(data), formats=PICTURES)
            if picture.width * picture.height > PIXELS_MAX:
                raise Refused("file.too_many_pixels", pixels=picture.width * picture.height, pixels_max=PIXELS_MAX)
            place = _place(picture)
            picture.draft("RGB", (SIDE_MAX, SIDE_MAX))
            drawn = ImageOps.exif_transpose(picture)
    except UnidentifiedImageError:
        raise Refused("file.unknown_type") from None
    except Image.DecompressionBombError:
        raise Refused("file.too_many_pixels", pixels=0, pixels_max=PIXELS_MAX) from None
    except (OSError, SyntaxError, ValueError, EOFError):
        raise Refused("file.broken") from None
    flat = _flat(drawn)
    flat.thumbnail((SIDE_MAX, SIDE_MAX))
    full = _jpeg(flat, JPEG_QUALITY)
    flat.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return Media("image/jpeg", full, _jpeg(flat, SMALL_QUALITY), place)


def _flat(picture: Image.Image) -> Image.Image:
    """On white, where it had holes: a JPEG has none."""
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    shaped = picture.convert("RGBA")
    ground = Image.new("RGB", shaped.size, "white")
    ground.paste(shaped, mask=shaped.getchannel("A"))
    return ground


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=False)
    return out.getvalue()


def _place(picture: Image.Image) -> tuple[float, float] | None:
    """Longitude and latitude from the picture's EXIF (CIPA DC-008, GPS IFD), where they are whole and on Earth."""
    told: dict[int, Any] = picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    lat = _degrees(told.get(ExifTags.GPS.GPSLatitude), told.get(ExifTags.GPS.GPSLatitudeRef), "S", 90)
    lon = _degrees(told.get(ExifTags.GPS.GPSLongitude), told.get(ExifTags.GPS.GPSLongitudeRef), "W", 180)
    return None if lat is None or lon is None or (lat, lon) == (0, 0) else (lon, lat)


def _degrees(told: Any, side: Any, minus: str, most: int) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in told)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    found = degrees + minutes / 60 + seconds / 3600
    if not 0 <= found <= most:  # false too for what is no number
        return None
    return -found if side == minus else found
