"""Settings of an installation: one declaration, read from the environment and from a file, and nowhere else.

A setting `nats_url` is `ANLAN_NATS_URL` in the environment and `nats_url` in the file: `anlan.toml` under ANLAN_HOME,
or the file that ANLAN_CONFIG names. The environment wins. What is wrong or unknown is refused: nothing starts on a
guess.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

from anlan.loop.errors import Refused

PREFIX, CONFIG, HOME = "ANLAN_", "ANLAN_CONFIG", "ANLAN_HOME"
FILE = "anlan.toml"
FOR_TRIALS = ("ANLAN_BENCH_", "ANLAN_SIM_", "ANLAN_TEST_", "ANLAN_SHARED_", "ANLAN_SHOTS")
"""Beginnings of what only tests and benches read; no settings of an installation."""
MASKED = "••••"


def _about(said: str, by: str = "serve", *, secret: bool = False, **limits: Any) -> Meta:
    return Meta(description=said, extra={"by": by, "secret": secret}, **limits)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting with its default; "" is not set. `by`: the command that reads it ("all": every command)."""

    master_key_file: Annotated[
        str, _about("Where the vault's master key lies; by default `keys/master.key`.", "all")
    ] = ""
    database_url: Annotated[
        str, _about("`postgresql://…`: the record there instead of in SQLite.", "all", secret=True)
    ] = ""
    keys_url: Annotated[str, _about("`postgresql://…`: the wrapped keys, in another database.", "all", secret=True)] = (
        ""
    )
    demo_password: Annotated[str, _about("Password of the demo's log-ins.", min_length=8)] = "qingdao-2026"  # noqa: S105 - shown on start
    public_url: Annotated[str, _about("Anlan's own address as browsers see it; begins every link.")] = ""

    checkpoints: Annotated[str, _about("A folder where the ledgers' signed heads are published, kept elsewhere.")] = ""
    witnesses: Annotated[str, _about("Keys of witnesses (`name+mark+key`), parted by blanks.", "all")] = ""

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _about("`info` has a line for each request.")
    ] = "info"
    metrics_token: Annotated[
        str, _about("Opens `/metrics`. Without it only this machine may, and no proxy.", secret=True)
    ] = ""
    disk_free_mb: Annotated[int, _about("Less free space than this and Anlan says it is not ready.", ge=0)] = 512
    reserve_mb: Annotated[int, _about("Room kept for calls when the disk is full; 0 keeps none.", ge=0)] = 64
    drain_seconds: Annotated[float, _about("Between being told to stop and taking no more requests.", ge=0, le=300)] = (
        2.0
    )
    stop_seconds: Annotated[int, _about("How long requests under way may take to finish then.", ge=1, le=300)] = 20
    proxies: Annotated[str, _about("Addresses, by blanks, of proxies whose X-Forwarded-For is believed.")] = (
        "127.0.0.1 ::1"
    )

    messages: Annotated[Literal["", "sandbox"], _about("`sandbox`: messages to reporters are made and go nowhere.")] = (
        ""
    )
    message_language: Annotated[Literal["zh", "en"], _about("Language of messages to reporters.")] = "zh"
    quiet_hours: Annotated[str, _about("No messages between these.", pattern=r"^\d\d:\d\d-\d\d:\d\d$")] = "21:00-08:00"
    sms_url: Annotated[str, _about("A text message gateway.")] = ""
    sms_key: Annotated[str, _about("The key shared with it.", secret=True)] = ""
    smtp_url: Annotated[str, _about("A mail relay: `smtp://`, `smtp+tls://` or `smtps://`.", secret=True)] = ""
    mail_from: Annotated[str, _about("The sender of mails.")] = ""
    ami_url: Annotated[
        str, _about("Asterisk's manager interface: `ami://user:secret@host:5038/context`.", secret=True)
    ] = ""

    oidc_issuer: Annotated[str, _about("The issuer of single sign-on; without it there is none.")] = ""
    oidc_client_id: Annotated[str, _about("The client's id there.")] = ""
    oidc_client_secret_file: Annotated[str, _about("A file with the client's secret.")] = ""
    oidc_claim: Annotated[str, _about("The claim that holds the account's number.")] = "preferred_username"
    oidc_acr: Annotated[str, _about("Values of `acr`, parted by blanks: one must be met.")] = ""
    oidc_amr: Annotated[str, _about("Values of `amr`, parted by blanks: one must be met.")] = ""

    nats_url: Annotated[
        str, _about("NATS servers, parted by blanks: facts are published to JetStream.", secret=True)
    ] = ""
    nats_credentials_file: Annotated[str, _about("A `.creds` file for them.")] = ""
    nats_monitor_url: Annotated[str, _about("A server's monitoring address: `sync_interval` is checked there.")] = ""
    nats_stream: Annotated[
        str, _about("The stream, and the first word of its subjects.", pattern=r"^[a-z0-9_]{1,32}$")
    ] = "anlan"
    nats_replicas: Annotated[int, _about("Copies of the stream, when Anlan makes it: 1, 3 or 5.", ge=1, le=5)] = 1

    mqtt_url: Annotated[
        str,
        _about(
            "Where units' devices report: `mqtts://user:password@host:8883`, or `embedded` (a broker on this machine).",
            secret=True,
        ),
    ] = ""
    mqtt_ca_file: Annotated[str, _about("Who signed the broker's certificate, where the system does not know.")] = ""
    mqtt_topic: Annotated[str, _about("The topic filter that is listened to.", min_length=1, max_length=200)] = (
        "anlan/units/+/position"
    )
    webhook_allow: Annotated[str, _about("Networks (CIDR, by blanks) webhooks may reach though they are private.")] = ""


class Setting(msgspec.Struct, frozen=True):
    """One setting as it is declared."""

    name: str
    said: str
    by: str
    secret: bool
    default: Any
    type: Any

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()


class Held(msgspec.Struct, frozen=True):
    """What holds: the settings, the folder, the file that was read ("" for none), and where each value is from
    (`default`, `file`, `environment`)."""

    settings: Settings
    home: Path
    file: str
    sources: dict[str, str]

    def shown(self) -> Iterator[tuple[Setting, str, str]]:
        """Each setting, its value with secrets masked, and where that is from."""
        for one in declared():
            value = getattr(self.settings, one.name)
            yield one, MASKED if one.secret and value else str(value), self.sources[one.name]


@cache
def declared() -> tuple[Setting, ...]:
    """The declaration, setting by setting."""
    hints = get_type_hints(Settings, include_extras=True)
    found = []
    for field in msgspec.structs.fields(Settings):
        meta: Meta = hints[field.name].__metadata__[0]
        extra = meta.extra or {}
        said = meta.description or ""
        found.append(Setting(field.name, said, extra["by"], extra["secret"], field.default, hints[field.name]))
    return tuple(found)


def read(environ: Mapping[str, str]) -> Held:
    """What the environment and the file say. Raises Refused: settings.unknown, settings.wrong, settings.file."""
    home = Path(environ.get(HOME) or "var").absolute()
    file = Path(environ[CONFIG]) if environ.get(CONFIG) else home / FILE
    written = _written(file, needed=bool(environ.get(CONFIG)))
    names = {one.name: one for one in declared()}
    said = {name: (value, "file", f"{name} ({file.name})") for name, value in (written or {}).items()}
    for variable, value in environ.items():
        if variable.startswith(PREFIX) and variable not in {HOME, CONFIG} and not variable.startswith(FOR_TRIALS):
            name = variable.removeprefix(PREFIX).lower()
            if name not in names or variable != names[name].variable:
                raise Refused("settings.unknown", name=variable)
            if value != "":
                said[name] = (value, "environment", variable)
    values, sources = {}, dict.fromkeys(names, "default")
    for name, (value, source, where) in said.items():
        if name not in names:
            raise Refused("settings.unknown", name=where)
        values[name], sources[name] = _converted(names[name], value, where), source
    return Held(Settings(**values), home, "" if written is None else str(file), sources)


def wrong(name: str, why: str) -> Refused:
    """The refusal of a setting by its name, such as `nats_url`. `why` holds no secret."""
    return Refused("settings.wrong", name=PREFIX + name.upper(), why=why)


def _converted(setting: Setting, value: Any, where: str) -> Any:
    try:
        return msgspec.convert(value, setting.type, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("settings.wrong", name=where, why=str(error)) from None


def _written(file: Path, *, needed: bool) -> dict[str, Any] | None:
    """What the file says; None when there is none."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        if not needed:
            return None
        raise Refused("settings.file", file=str(file), why="not found") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = type(error).__name__ if isinstance(error, OSError) else str(error)
        raise Refused("settings.file", file=str(file), why=why) from None
