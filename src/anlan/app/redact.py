"""Takes personal data out of a text before it is indexed or shown in a list. Over-masking is the right kind of mistake.

Telephone numbers, identity numbers (GB 11643), bank cards, e-mail addresses, and a surname before a form of address.
"""

from __future__ import annotations

import re

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "〔邮箱〕"),
    (re.compile(r"(?<!\d)\d{17}[\dXx](?![\dXx])"), "〔证件〕"),
    (re.compile(r"(?<!\d)\d{15,19}(?!\d)"), "〔号码〕"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), "〔电话〕"),
    (re.compile(r"(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)"), "〔电话〕"),
    (re.compile(r"(?<!\d)\d{7,14}(?!\d)"), "〔号码〕"),
)
_PHONE = re.compile(r"(?:\+?86)?(1[3-9]\d{9}|0\d{9,11}|\d{5,8})")
_SUSPECT = re.compile(r"\d{7}|@|1[3-9]\d[- ]\d{4}")


def redacted(text: str) -> str:
    """The text without personal numbers and addresses."""
    if not _SUSPECT.search(text):
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def phone_of(text: str) -> str | None:
    """The telephone number in its plain form (digits only), or None when it is not one."""
    digits = re.sub(r"[\s()-]", "", text)
    found = _PHONE.fullmatch(digits)
    return found.group(1) if found else None


def masked_phone(phone: str) -> str:
    """138****5521."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) > 7 else "****"


def masked_name(name: str) -> str:
    """王**."""
    return f"{name[:1]}**" if name else ""
