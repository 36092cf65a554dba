"""E-mail out over SMTP (RFC 5321), with STARTTLS or TLS from the first byte where the address says so."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import unquote, urlsplit

from anlan.links.port import Message, Undelivered
from anlan.settings import wrong

TIMEOUT_SECONDS = 20
FINAL_FROM = 500
"""A reply code from here on is the server's last word (RFC 5321, 4.2.1)."""


class Smtp:
    """A relay by its URL: smtp://[user:password@]host[:25], `smtp+tls://` for STARTTLS, `smtps://` for TLS at once."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtp+tls", "smtps"} or not parts.hostname:
            raise wrong("smtp_url", "smtp://, smtp+tls:// or smtps://")
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, parts.port or 0
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender, self._domain = sender, sender.rpartition("@")[2].strip("> ")

    def send(self, message: Message) -> None:
        """Hand one message to the relay. Raises Undelivered."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = self._sender, message.to, message.subject
        mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        try:
            with self._opened()() as relay:
                if self._scheme == "smtp+tls":
                    relay.starttls(context=ssl.create_default_context())
                if self._user:
                    relay.login(self._user, self._password)
                relay.send_message(mail)
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()))[0]
            raise Undelivered(f"smtp {code}", final=code >= FINAL_FROM) from None
        except smtplib.SMTPResponseException as refused:
            wrong_login = isinstance(refused, smtplib.SMTPAuthenticationError)
            final = refused.smtp_code >= FINAL_FROM and not wrong_login
            raise Undelivered(f"smtp {refused.smtp_code}", final=final) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Undelivered(f"smtp {type(error).__name__}", final=False) from None

    def _opened(self) -> Callable[[], smtplib.SMTP]:
        if self._scheme == "smtps":
            context = ssl.create_default_context()
            return lambda: smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=context)
        return lambda: smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
