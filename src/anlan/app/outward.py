"""How this installation reaches people, from its settings. Names and meanings: docs/operate/messages.md.

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
from anlan.settings import Settings, wrong


class Outward(msgspec.Struct, frozen=True):
    """Ports by way (`sms`, `email`; none is a sandbox), the public address, the quiet hours, the language."""

    ports: Mapping[str, Port] = {}
    public_url: str = "http://127.0.0.1:8110"
    quiet: Quiet = Quiet()
    language: str = "zh"


def outward(settings: Settings) -> Outward | None:
    """What the settings say; None where they say nothing. Raises Refused("settings.wrong")."""
    ports: dict[str, Port] = {}
    if settings.sms_url:
        ports["sms"] = SmsGateway(settings.sms_url, settings.sms_key)
    if settings.smtp_url:
        if not settings.mail_from:
            raise wrong("mail_from", "not set")
        ports["email"] = Smtp(settings.smtp_url, settings.mail_from)
    if not ports and settings.messages != "sandbox":
        return None
    public_url = settings.public_url or Outward().public_url
    return Outward(ports, public_url, _quiet(settings.quiet_hours), settings.message_language)


def _quiet(text: str) -> Quiet:
    """`21:00-08:00` as minutes of the day."""
    try:
        start, end = (time.fromisoformat(part) for part in text.split("-"))
    except ValueError:
        raise wrong("quiet_hours", "21:00-08:00") from None
    return Quiet(start.hour * 60 + start.minute, end.hour * 60 + end.minute)
