"""An address from outside's word leads outside, or nowhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx2
import pytest

from anlan.links.outside import Resolve, check_address
from anlan.loop.errors import Refused

PUBLIC = "93.184.216.34"
INSIDE = (
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.4.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
    "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "2002:7f00:1::", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1",
)  # fmt: skip


def names(*numbers: str) -> Resolve:
    return lambda _host, _port: list(numbers)


@pytest.mark.parametrize("number", INSIDE)
def test_no_name_leads_inside(number: str) -> None:
    with pytest.raises(Refused, match=r"outside\.not_public"):
        check_address("https://hooks.example.org/a", (), names(number))
    with pytest.raises(Refused, match=r"outside\.not_public"):
        check_address("https://hooks.example.org/a", (), names(PUBLIC, number))


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]"])
def test_however_loopback_is_spelt_the_systems_own_look_up_finds_it_out(host: str) -> None:
    with pytest.raises(Refused, match=r"outside\.(not_public|no_such_host|bad_url)"):
        check_address(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example.org/", "outside.not_https"),
        ("ftp://hooks.example.org/", "outside.bad_url"),
        ("file:///etc/passwd", "outside.bad_url"),
        ("gopher://hooks.example.org/", "outside.bad_url"),
        ("//hooks.example.org/", "outside.bad_url"),
        ("https://user:word@hooks.example.org/", "outside.bad_url"),
        ("https://@hooks.example.org/", "outside.bad_url"),
        ("https://hooks.example.org\\@127.0.0.1/", "outside.bad_url"),
        ("https://hooks.example.org/a\r\nX: y", "outside.bad_url"),
        ("https://hooks.example.org:99999/", "outside.bad_url"),
        ("https://[::1/", "outside.bad_url"),
        ("https://例子.cn/", "outside.bad_url"),
        ("https:///a", "outside.bad_url"),
        ("https://hooks.example.org/" + "a" * 2_000, "outside.bad_url"),
        ("", "outside.bad_url"),
    ],
)
def test_what_is_no_proper_address_is_refused(url: str, code: str) -> None:
    with pytest.raises(Refused, match=code.replace(".", r"\.")):
        check_address(url, (), names(PUBLIC))


def test_a_name_nobody_has_is_refused() -> None:
    def nobody(_host: str, _port: int) -> list[str]:
        raise OSError

    for resolve in (nobody, names()):
        with pytest.raises(Refused, match=r"outside\.no_such_host"):
            check_address("https://nobody.example.org/", (), resolve)


def test_the_call_goes_to_the_number_that_was_looked_at() -> None:
    found = check_address("https://hooks.example.org/a?b=1#c", (), names(PUBLIC))
    assert found.url == f"https://{PUBLIC}:443/a?b=1"
    assert found.headers == {"Host": "hooks.example.org"}
    assert found.extensions == {"sni_hostname": "hooks.example.org"}
    six = check_address("https://hooks.example.org:8443/", (), names("2606:2800:220:1::1"))
    assert (six.url, six.headers["Host"]) == ("https://[2606:2800:220:1::1]:8443/", "hooks.example.org:8443")


def test_an_installation_names_its_own_addresses() -> None:
    assert check_address("http://hooks.bureau/x", ("10.20.0.0/16",), names("10.20.1.1")).url == "http://10.20.1.1:80/x"
    assert check_address("http://hooks.bureau/x", ("hooks.bureau",), names("10.1.1.1")).url == "http://10.1.1.1:80/x"
    for allow in (("10.20.0.0/16",), ("other.bureau",)):
        with pytest.raises(Refused, match=r"outside\.not_"):
            check_address("http://hooks.bureau/x", allow, names("10.21.1.1"))
    with pytest.raises(Refused, match=r"outside\.not_public"):
        check_address("https://hooks.bureau/x", ("10.20.0.0/16",), names("10.20.1.1", "10.21.1.1"))


class _Here(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.send_header("x-host", self.headers["host"])
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Here) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_client_can_call_what_was_checked(port: int) -> None:
    to = check_address(f"http://hooks.bureau:{port}/x", ("127.0.0.0/8",), names("127.0.0.1"))
    with httpx2.Client(follow_redirects=False) as client:
        answer = client.post(to.url, content=b"{}", headers=to.headers, extensions=to.extensions)
    assert (answer.status_code, answer.headers["x-host"]) == (204, f"hooks.bureau:{port}")
