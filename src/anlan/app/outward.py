"""How this installation reaches people, from its environment. Names and meanings: docs/operate/messages.md.

Nothing set: no message is made. `ANLAN_MESSAGES=sandbox`: they are made, and the console shows what would have gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

import msgspec

from anlan.app.messages import Quiet
from anlan.links.port import Port
from anlan.links.sms import SmsGateway
from anlan.links.smtp import Smtp

LANGUAGES = ("zh", "en")


class Outward(msgspec.Struct, frozen=True):
    """Ports by way (`sms`, `email`; none is a sandbox), the public address, the quiet hours, the language."""

    ports: Mapping[str, Port] = {}
    public_url: str = "http://127.0.0.1:8110"
    quiet: Quiet = Quiet()
    language: str = "zh"


def outward(environ: Mapping[str, str]) -> Outward | None:
    """What the environment says; None where it says nothing. Raises ValueError for a setting that cannot be."""
    ports: dict[str, Port] = {}
    if url := environ.get("ANLAN_SMS_URL"):
        ports["sms"] = SmsGateway(url, environ.get("ANLAN_SMS_KEY", ""))
    if url := environ.get("ANLAN_SMTP_URL"):
        ports["email"] = Smtp(url, _needed(environ, "ANLAN_MAIL_FROM"))
    if not ports and environ.get("ANLAN_MESSAGES") != "sandbox":
        return None
    language = environ.get("ANLAN_MESSAGE_LANGUAGE", "zh")
    if language not in LANGUAGES:
        raise ValueError(f"ANLAN_MESSAGE_LANGUAGE is one of {', '.join(LANGUAGES)}")
    public_url = environ.get("ANLAN_PUBLIC_URL", Outward().public_url)
    return Outward(ports, public_url, _quiet(environ.get("ANLAN_QUIET_HOURS", "21:00-08:00")), language)


def _needed(environ: Mapping[str, str], name: str) -> str:
    if not (value := environ.get(name)):
        raise ValueError(f"{name} is not set")
    return value


def _quiet(text: str) -> Quiet:
    """`21:00-08:00` as minutes of the day."""
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise ValueError("ANLAN_QUIET_HOURS is two times of day: 21:00-08:00") from None
    return Quiet(start.hour * 60 + start.minute, end.hour * 60 + end.minute)
