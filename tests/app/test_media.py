"""What a file really is: clean pictures, honest sounds and documents, and a clear no for everything else."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from anlan.app import media, pictures
from anlan.app.media import cleaned
from anlan.loop.errors import Refused


def picture(form: str = "JPEG", size: tuple[int, int] = (640, 480), **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, form, **more)
    return out.getvalue()


def located(lat: tuple[float, ...], lon: tuple[float, ...], sides: str = "NE") -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Camera 7"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: sides[0], 2: lat, 3: sides[1], 4: lon})
    return picture(exif=exif)


def test_a_position_is_told_and_nothing_of_it_stays_in_the_picture() -> None:
    found = cleaned(located((36, 4, 1.2), (120, 22, 58.8)))
    assert found.place == pytest.approx((120.383, 36.067), abs=1e-6)
    for part in (found.full, found.small):
        kept = Image.open(io.BytesIO(part))
        assert not kept.getexif()
        assert b"Camera 7" not in part
    assert Image.open(io.BytesIO(found.full)).size == (480, 640)  # turned as it was held
    assert max(Image.open(io.BytesIO(found.small)).size) <= pictures.SMALL_SIDE


def test_south_and_west_are_below_zero() -> None:
    assert cleaned(located((36, 50, 0.0), (174, 45, 0.0), "SW")).place == pytest.approx((-174.75, -36.8333), abs=1e-4)


@pytest.mark.parametrize("lat", [(95, 0, 0), (36, 0), ()])
def test_a_position_that_cannot_be_is_none(lat: tuple[float, ...]) -> None:
    assert cleaned(located(lat, (120, 0, 0))).place is None


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_pictures_are_drawn_anew(form: str) -> None:
    hidden = picture(form) + b"<script>alert(1)</script>"
    found = cleaned(hidden)
    assert (found.type, b"script" in found.full) == ("image/jpeg", False)


def test_a_large_picture_is_made_smaller_but_not_cut() -> None:
    found = Image.open(io.BytesIO(cleaned(picture(size=(6000, 3000))).full))
    assert found.size == (4096, 2048)


def test_a_picture_with_holes_lies_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")
    assert Image.open(io.BytesIO(cleaned(out.getvalue()).full)).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n...\n%%EOF\n", "application/pdf"),
        (b"ID3\x03....", "audio/mpeg"),
        (b"OggS....", "audio/ogg"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"#!AMR\n...", "audio/amr"),
        (b"\x00\x00\x00\x20ftypM4A ....", "audio/mp4"),
    ],
)
def test_sounds_and_documents_are_kept_as_they_are(data: bytes, kind: str) -> None:
    assert cleaned(data) == media.Media(kind, data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.empty"),
        (b"<html><script>alert(1)</script>", "file.unknown_type"),
        (b"GIF89a" + b"\x00" * 40, "file.unknown_type"),
        (b"PK\x03\x04" + b"\x00" * 60, "file.unknown_type"),
        (b"%PDF-1.7 cut off", "file.broken"),
        (picture()[:200], "file.broken"),
        (b"\x00" * (media.BYTES_MAX + 1), "file.too_large"),
    ],
)
def test_what_cannot_be_kept_says_why(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        cleaned(data)
    assert refused.value.code == code


def test_a_small_file_of_a_giant_picture_is_never_drawn() -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    with pytest.raises(Refused) as refused:
        cleaned(out.getvalue())
    assert refused.value.code == "file.too_many_pixels"


@given(st.binary(max_size=400), st.integers(0, 600))
def test_any_bytes_are_kept_or_refused(noise: bytes, at: int) -> None:
    for data in (noise, picture(size=(16, 16))[:at] + noise):
        try:
            found = cleaned(data)
        except Refused:
            continue  # anything else is an error of ours
        assert found.full
