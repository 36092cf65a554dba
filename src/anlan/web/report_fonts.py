"""The font that reports are set in as PDF (Noto Sans SC), and whether it is there."""

from __future__ import annotations

from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = "NotoSansSC", "NotoSansSC-Bold"
FILES = {REGULAR: "NotoSansSC_400Regular.ttf", BOLD: "NotoSansSC_700Bold.ttf"}


def has_font() -> bool:
    """Whether `make assets` got the font."""
    return all((FONTS / file).exists() for file in FILES.values())
