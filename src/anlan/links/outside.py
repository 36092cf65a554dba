"""Which addresses Anlan may call on somebody's word (a webhook's): public ones, and those the installation names.

A name is looked up here, every address it has must do, and the call then goes to that number: a second look-up cannot
lead elsewhere (DNS rebinding). Redirects must be off, since an answer could name what was refused here. Against
server-side request forgery (OWASP ASVS 5.0, 1.3.6).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection
from urllib.parse import SplitResult, urlsplit

import msgspec

from anlan.loop.errors import Refused

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]
"""(host, port) → the numbers of that name. Raises OSError for none."""
URL_MAX = 2_000
PORTS = {"https": 443, "http": 80}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
SPECIAL = tuple(ipaddress.ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10"))
"""Special networks (RFC 6890) that older Pythons call global; one cloud keeps its metadata in the first."""


class Address(msgspec.Struct, frozen=True):
    """Where to call: `url` names the number, `headers` and `extensions` (httpx) the host it is and whose certificate
    must be shown."""

    url: str
    headers: dict[str, str]
    extensions: dict[str, str]


def looked_up(host: str, port: int) -> list[str]:
    """What the system's resolver says. Blocks."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def check_address(url: str, allow: Collection[str] = (), resolve: Resolve = looked_up) -> Address:
    """The address to call for a URL. Blocks on the look-up: not for the event loop's thread.

    `allow`: host names and networks ("hooks.bureau.cn", "10.20.0.0/16") of this installation's own that may be called,
    also by plain http. Raises Refused: outside.bad_url, outside.not_https, outside.no_such_host, outside.not_public.
    """
    parts, port = _parts(url)
    host = parts.hostname or ""
    named = host in {one.lower() for one in allow}
    try:
        numbers = [_bare(ipaddress.ip_address(text.partition("%")[0])) for text in resolve(host, port)]
    except (OSError, ValueError, UnicodeError):
        raise Refused("outside.no_such_host") from None
    if not numbers:
        raise Refused("outside.no_such_host")
    networks = _networks(allow)
    own = named or all(any(number in network for network in networks) for number in numbers)
    if parts.scheme != "https" and not own:
        raise Refused("outside.not_https")
    if not own and not all(_public(number) for number in numbers):
        raise Refused("outside.not_public")
    number = f"[{numbers[0]}]" if numbers[0].version == 6 else f"{numbers[0]}"
    target = parts._replace(netloc=f"{number}:{port}", fragment="").geturl()
    shown = f"[{host}]" if ":" in host else host
    standard = port == PORTS[parts.scheme]
    return Address(target, {"Host": shown if standard else f"{shown}:{port}"}, {"sni_hostname": host})


def _parts(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise Refused("outside.bad_url") from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= URL_MAX
    if not plain or not parts.hostname or parts.username is not None or parts.scheme not in PORTS:
        raise Refused("outside.bad_url")
    return parts, port


def _networks(allow: Collection[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for one in allow:
        try:
            found.append(ipaddress.ip_network(one))
        except ValueError:  # a host name
            continue
    return found


def _bare(number: IP) -> IP:
    """The IPv4 address that an IPv6 one carries (mapped, 6to4, Teredo's client, NAT64), where it carries one."""
    if number.version == 4:
        return number
    inner = number.ipv4_mapped or number.sixtofour or (number.teredo[1] if number.teredo else None)
    if inner is None and number in NAT64:
        inner = ipaddress.IPv4Address(number.packed[-4:])
    return inner or number


def _public(number: IP) -> bool:
    """Neither private, loopback, link-local (where clouds keep their metadata), multicast, shared nor reserved."""
    odd = number.is_multicast or number.is_reserved or any(number in network for network in SPECIAL)
    return number.is_global and not odd
