"""Pictures: decoded and drawn anew, so that nothing rides along; and where they say they were taken.

Apart from `media` since the library takes a tenth of a second of every start, and few starts are for a picture.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from anlan.app.media import PIXELS_MAX, Media
from anlan.loop.errors import Refused

SIDE_MAX, SMALL_SIDE = 4096, 480
JPEG_QUALITY, SMALL_QUALITY = 88, 78
FORMATS = ("JPEG", "PNG", "WEBP")


def drawn_anew(data: bytes) -> Media:
    """A picture as a JPEG of its own, with its thumbnail. Raises Refused: file.too_many_pixels, file.broken,
    file.unknown_type."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size is judged below, by our own limit
            picture: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
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
