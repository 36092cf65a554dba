"""Mileages as people say and write them: K12+300, 12公里300米, 12.3公里, 十二公里三百米. Pure text; knows no road.

A mileage post (里程碑, 百米桩) counts metres from the road's beginning; G, S, X, Y and Z before a number are the
classes of roads by GB/T 917.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "幺": 1, "两": 2}
TENS: Final = {"十": 10, "百": 100, "千": 1000}
CLASSES: Final = {"国道": "g", "省道": "s", "县道": "x", "乡道": "y", "专用公路": "z"}
COMPASS: Final = {"东": 90, "南": 180, "西": 270, "北": 0, "东北": 45, "东南": 135, "西南": 225, "西北": 315}
UP, DOWN = "up", "down"

_NUMERAL: Final = "[零〇一二两三四五六七八九十百千]+"
_SPOKEN: Final = re.compile(
    rf"点{_NUMERAL}(?= ?(?:公里|千米))|{_NUMERAL}(?=(?:点{_NUMERAL})? ?(?:公里|千米|米|加|[国省县乡]道))"
    rf"|(?<=加){_NUMERAL}|(?<=[gsxyzk]){_NUMERAL}|(?<=[国省县乡]道){_NUMERAL}"
)
_POST: Final = re.compile(
    r"k ?(\d{1,4})(?: ?\+ ?(\d{1,3})|\.(\d{1,3}))?(?![\d.]| ?\+) ?(?:米|m(?![a-z]))?"
    r"|(?<![\d.])(\d{1,4}) ?\+ ?(\d{3})(?!\d)"
)
_LENGTH: Final = re.compile(
    r"(?<![\d.])(\d{1,4})(?:\.(\d{1,3}))? ?(?:公里|千米|km)(?:(半)| ?[零又]? ?(\d{1,3}) ?(?:米|m(?![a-z])))?"
)
_NUMBER: Final = re.compile(r"(?<![a-z\d])([gsxyz]) ?(\d{1,4})(?![\d+])")
_CLASSED: Final = re.compile(rf"(\d{{1,4}}) ?({'|'.join(CLASSES)})|({'|'.join(CLASSES)}) ?(\d{{1,4}})(?!\d)")
_QUARTER: Final = "东北|东南|西北|西南|东|西|南|北"
_HEADING: Final = re.compile(
    rf"(?:[由自从]|(?<![一-龥])|(?<=[速路道段线]))(?:{_QUARTER})[向往到朝]({_QUARTER})"
    rf"|[往向朝去]({_QUARTER})(?=方向|[行向走去开面侧边]|[^一-龥]|$)"
    rf"|(?:(?<![一-龥])|(?<=[速路道段线]))({_QUARTER})(?=方向|行|向)"
)
_TOWARDS: Final = (
    re.compile(r"(?:开往|驶往|[往去向朝到])([一-龥]{2,8}?)(?:方向|$|[^一-龥])"),
    re.compile(r"([一-龥]{2,8})方向"),
)
_FILLER: Final = re.compile(r"(?:处|附近|左右|里程碑|里程|桩号|的|在|约|大概|[ ,，。、;；:：()\[\]-])+")


class Said(NamedTuple):
    """A mileage in a text. `metres`: what it may mean, one reading unless the writing is doubtful (K12+5).

    `numbers`: road numbers said ("G20"). `around`: the text without mileage and numbers, for the road's name and the
    direction. `bare`: nothing says that it is a post of a road (12公里), only that it is a length.
    """

    metres: tuple[int, ...]
    numbers: tuple[str, ...]
    around: str
    bare: bool


def read(text: str) -> Said | None:
    """The mileage in what was said; None where there is none."""
    plain = " ".join(unicodedata.normalize("NFKC", text).lower().replace("幺", "一").split())
    plain = re.sub(r"(?<=\d) ?[加点] ?(?=\d)", _sign, _SPOKEN.sub(_digits, plain))
    numbers = [f"{a}{b}" for a, b in _NUMBER.findall(plain)]
    numbers += [CLASSES[b or c] + (a or d) for a, b, c, d in _CLASSED.findall(plain)]
    rest = _CLASSED.sub(" ", _NUMBER.sub(" ", plain))
    found = _POST.search(rest)
    if found:
        kilometres, after, decimals, other, other_after = found.groups()
        metres = _post(kilometres or other, after or other_after or "", decimals or "")
    else:
        found = _LENGTH.search(rest)
        if not found:
            return None
        whole, decimals, half, more = found.groups()
        metres = (int(whole) * 1000 + (500 if half else int(more) if more else int((decimals or "0").ljust(3, "0"))),)
    around = f"{rest[: found.start()]} {rest[found.end() :]}"
    return Said(metres, tuple(dict.fromkeys(n.upper() for n in numbers)), _FILLER.sub(" ", around).strip(),
                bare=found.re is _LENGTH)  # fmt: skip


def _post(kilometres: str, after: str, decimals: str) -> tuple[int, ...]:
    """K12+300 has one reading; K12+5 is five metres to who keeps the road, half a kilometre to who shortens it."""
    base = int(kilometres) * 1000
    if decimals:
        return (base + int(decimals.ljust(3, "0")),)
    return tuple(dict.fromkeys((base + int(after or 0), base + int((after or "0").ljust(3, "0")))))


def written(metres: int) -> str:
    """Metres as they stand on the post: K12+300."""
    return f"K{metres // 1000}+{metres % 1000:03d}"


def heading(text: str) -> int | None:
    """Degrees from north of the way somebody travels (往东, 由西向东, 东行); None where no quarter is said."""
    found = _HEADING.search(text)
    return COMPASS[next(g for g in found.groups() if g)] if found else None


def side(text: str) -> str:
    """UP for 上行, DOWN for 下行, else "" (also where both are said)."""
    up, down = "上行" in text, "下行" in text
    return "" if up == down else UP if up else DOWN


def towards(text: str) -> str:
    """The place somebody travels to (往青岛, 青岛方向), "" where none is said."""
    found = next((found for one in _TOWARDS if (found := one.search(text))), None)
    return found.group(1) if found else ""


def _sign(found: re.Match[str]) -> str:
    return "+" if "加" in found.group() else "."


def _digits(found: re.Match[str]) -> str:
    said = found.group()
    if said.startswith("点"):  # 点三: digit by digit
        return "." + "".join(str(DIGITS[c]) for c in said[1:] if c in DIGITS)
    apart = " " if found.string[found.start() - 1 : found.start()].isdigit() else ""
    return apart + (str(_number(said)) if set(said) & set(TENS) else "".join(str(DIGITS[c]) for c in said))


def _number(said: str) -> int:
    """十二 → 12, 一百零五 → 105, 三百二 → 320 (the last digit counts in the tens below, as it is said)."""
    total, digit, last = 0, 0, 0
    for c in said:
        if c in TENS:
            last = TENS[c]
            total, digit = total + (digit or 1) * last, 0
        else:
            digit = DIGITS[c]
            last = 10 if c in "零〇" else last
    return total + digit * (last // 10 if last > 10 and said[-2:-1] in TENS else 1)
