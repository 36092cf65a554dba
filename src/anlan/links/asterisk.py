"""An Asterisk exchange over its manager interface (AMI, TCP): what rings at which extension, and dialling for somebody.

Events used: DialBegin, DialEnd, Hangup; action: Originate. Messages are lines `Key: Value`, ended by an empty one. The
connection is made again, with growing pauses, whenever it is lost.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote, urlsplit

import msgspec

from anlan.settings import wrong

CHANNEL = re.compile(r"[A-Za-z0-9]+/(?P<extension>\w+)-[0-9a-f]+")
NUMBER = re.compile(r"\+?\d{3,20}")
EXTENSION = re.compile(r"\w{1,20}")
PAUSES_SECONDS = (1, 2, 5, 10, 30)
ANSWER_SECONDS = 45.0
LINES_MAX = 200
_log = logging.getLogger("anlan")
Fields = Mapping[str, str]


class CallEvent(msgspec.Struct, frozen=True):
    """What happened to a call: `ringing`, `answered` or `ended`; the caller's number "" where it is not known."""

    call_id: str
    state: str
    extension: str
    caller: str = ""


class Undialled(Exception):
    """The exchange did not put the call through. `why` is a code of ours."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Asterisk:
    """A manager link by its URL, ami://user:secret@host[:5038][/context]. `technology` makes an extension a channel."""

    def __init__(self, url: str, on_call: Callable[[CallEvent], Awaitable[None]], technology: str = "PJSIP") -> None:
        parts = urlsplit(url)
        if parts.scheme != "ami" or not parts.hostname or not parts.username:
            raise wrong("ami_url", "ami://user:secret@host:5038/context")
        self._host, self._port = parts.hostname, parts.port or 5038
        self._user, self._secret = unquote(parts.username), unquote(parts.password or "")
        self._context, self._technology = parts.path.strip("/") or "default", technology
        self._on_call = on_call
        self._writer: asyncio.StreamWriter | None = None
        self._answers: dict[str, asyncio.Future[Fields]] = {}
        self._actions = 0

    @property
    def connected(self) -> bool:
        """Whether the link stands."""
        return self._writer is not None

    async def run(self) -> None:
        """Keep the link for as long as the server runs."""
        failures = 0
        while True:
            try:
                await self._session()
                failures = 0
            except (OSError, asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
                _log.warning("telephone link lost: %s", type(error).__name__)
            finally:
                self._lost()
            await asyncio.sleep(PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS) - 1)])
            failures += 1

    async def dial(self, extension: str, number: str) -> None:
        """Ring an extension and, once it is picked up, call a number from there. Raises Undialled."""
        if not NUMBER.fullmatch(number) or not EXTENSION.fullmatch(extension):
            raise Undialled("call.bad_number")
        answer = await self._ask(
            Action="Originate", Channel=f"{self._technology}/{extension}", Context=self._context, Exten=number,
            Priority="1", CallerID=number, Timeout="30000", Async="true",
        )  # fmt: skip
        if answer.get("Response") != "Success":
            raise Undialled("call.not_answered")

    async def _session(self) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            await reader.readline()  # the banner
            self._writer = writer
            self._send(Action="Login", Username=self._user, Secret=self._secret, Events="call", ActionID="login")
            while True:
                fields = await _message(reader)
                if fields.get("ActionID") == "login" and fields.get("Response") == "Error":
                    raise ValueError("login refused")
                await self._heard(fields)
        finally:
            self._writer = None
            writer.close()

    async def _heard(self, fields: Fields) -> None:
        waiting = self._answers.get(fields.get("ActionID", ""))
        if waiting and not waiting.done() and _settles(fields):
            waiting.set_result(fields)
        if (event := event_of(fields)) is not None:
            await self._on_call(event)

    async def _ask(self, **fields: str) -> Fields:
        if self._writer is None:
            raise Undialled("call.no_link")
        self._actions += 1
        action = f"anlan-{self._actions}"
        waiting = self._answers[action] = asyncio.get_running_loop().create_future()
        try:
            self._send(**fields, ActionID=action)
            return await asyncio.wait_for(waiting, ANSWER_SECONDS)
        except TimeoutError:
            raise Undialled("call.not_answered") from None
        except ConnectionError:
            raise Undialled("call.no_link") from None
        finally:
            self._answers.pop(action, None)

    def _send(self, **fields: str) -> None:
        if self._writer is None or any("\r" in value or "\n" in value for value in fields.values()):
            raise ConnectionError
        lines = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
        self._writer.write(f"{lines}\r\n".encode())

    def _lost(self) -> None:
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError())


def event_of(fields: Fields) -> CallEvent | None:
    """What an event of the exchange means for us; None for nothing."""
    call, kind = fields.get("Linkedid", ""), fields.get("Event", "")
    found = CHANNEL.fullmatch(fields.get("DestChannel") or fields.get("Channel", ""))
    if not call or not found:
        return None
    extension = found["extension"]
    if kind == "DialBegin":
        return CallEvent(call, "ringing", extension, fields.get("CallerIDNum", ""))
    if kind == "DialEnd":
        return CallEvent(call, "answered" if fields.get("DialStatus") == "ANSWER" else "ended", extension)
    return CallEvent(call, "ended", extension) if kind == "Hangup" else None


def _settles(fields: Fields) -> bool:
    """Whether this ends an action: its refusal, or what came of it; "queued" does not."""
    return fields.get("Event") == "OriginateResponse" or fields.get("Response") == "Error"


async def _message(reader: asyncio.StreamReader) -> dict[str, str]:
    fields: dict[str, str] = {}
    for _ in range(LINES_MAX):
        line = await reader.readline()
        if not line:
            raise asyncio.IncompleteReadError(b"", None)
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            return fields
        key, _, value = text.partition(": ")
        fields[key] = value
    raise ValueError("a message without an end")
