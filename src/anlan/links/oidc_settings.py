"""How an installation is known to its organisation's provider of log-ins: what its settings say of it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from anlan.loop.errors import Refused
from anlan.settings import Settings as Installation

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(msgspec.Struct, frozen=True):
    """Where the provider is and how this installation is known there. `claim` names the account; `acr` and `amr` are
    demanded of the log-in when they are not empty (one of them must be met)."""

    issuer: str
    client_id: str
    client_secret: str
    url: str
    claim: str = "preferred_username"
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()

    @property
    def back(self) -> str:
        """The address the provider sends people back to: it must be registered there."""
        return f"{self.url}/login/oidc/back"


def settings_of(said: Installation) -> Settings | None:
    """What an installation's settings say of it; None without `oidc_issuer`. Raises Refused("oidc.settings")."""
    issuer, url = said.oidc_issuer.rstrip("/"), said.public_url.rstrip("/")
    if not issuer:
        return None
    for name, value in (("ANLAN_OIDC_CLIENT_ID", said.oidc_client_id), ("ANLAN_PUBLIC_URL", url)):
        if not value:
            raise Refused("oidc.settings", name=name)
    for name, address in (("ANLAN_OIDC_ISSUER", issuer), ("ANLAN_PUBLIC_URL", url)):
        if not is_safe(address):
            raise Refused("oidc.settings", name=name)
    return Settings(
        issuer,
        said.oidc_client_id,
        _secret(said.oidc_client_secret_file),
        url,
        said.oidc_claim,
        tuple(said.oidc_acr.split()),
        tuple(said.oidc_amr.split()),
    )


def _secret(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip() if path else ""
    except OSError:
        raise Refused("oidc.settings", name="ANLAN_OIDC_CLIENT_SECRET_FILE") from None


def is_safe(address: str) -> bool:
    """Whether what goes there is encrypted, or does not leave this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
