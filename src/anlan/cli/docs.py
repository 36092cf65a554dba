"""`anlan docs`: the reference pages, made from the code. With --check, says which page has fallen behind."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from anlan import main
from anlan.api.access import table
from anlan.api.problems import status_of, texts
from anlan.cli.show import errors
from anlan.loop.domain import Domain
from anlan.loop.errors import Refused
from anlan.loop.flow import Flow
from anlan.loop.grants import ANY, PLATFORM
from anlan.settings import declared

ASVS = Path(__file__).parents[3] / "docs/operate/asvs.toml"
MADE = "<!-- Made by `anlan docs` from the code. Do not edit. -->"


def docs(
    folder: Path = typer.Option(Path("docs/reference"), help="Where the pages are."),
    check: bool = typer.Option(False, help="Compare only."),
) -> None:
    """Write the reference, or check that it says what the code says."""
    stale = []
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        path = folder / f"{name}.md"
        if check and (not path.exists() or path.read_text("utf-8") != text):
            stale.append(str(path))
        elif not check:
            path.write_text(text, "utf-8")
    if stale:
        errors.print(f"Behind the code: {', '.join(stale)}. Run `anlan docs`.")
        raise typer.Exit(1)


def pages() -> dict[str, str]:
    """Every generated page by name."""
    domains = main.discover()
    return {
        "cli": _page("Command line", _commands()),
        "flows": _page("Flows", (line for d in domains.values() for f in d.flows for line in _flow(d, f))),
        "measures": _page("Measures", _measures(domains)),
        "channels": _page("Channels", _channels(domains)),
        "errors": _page("Errors", _errors()),
        "access": _page("Who may call what", _access(domains)),
        "asvs": _page("OWASP ASVS 5.0", _asvs()),
        "settings": _page("Settings", _settings()),
    }


def _page(title: str, lines: Iterator[str]) -> str:
    return "\n".join([MADE, "", f"# {title}", "", *lines]).rstrip() + "\n"


def _commands() -> Iterator[str]:
    from anlan.cli import app  # noqa: PLC0415 - the commands include this one

    def walk(command: Any, path: str) -> Iterator[str]:
        if hasattr(command, "list_commands"):
            for name in sorted(command.list_commands(None)):
                yield from walk(command.get_command(None, name), f"{path} {name}")
            return
        yield f"## `{path}`"
        yield ""
        yield str(getattr(command, "help", "") or "").strip()
        yield ""
        for parameter in getattr(command, "params", []):
            name = ", ".join(parameter.opts) if parameter.param_type_name == "option" else parameter.name
            said = getattr(parameter, "help", "") or ""
            yield f"- `{name}` {said}".rstrip()
        yield ""

    yield from walk(typer.main.get_command(app), "anlan")


def _flow(domain: Domain, flow: Flow) -> Iterator[str]:
    yield f"## {domain.key} / {flow.key}"
    yield ""
    yield "| stage | kind | clock |"
    yield "|---|---|---|"
    for stage in flow.stages:
        yield f"| {stage.key} | {stage.kind} | {stage.clock or '–'} |"
    yield ""
    yield "| move | from | to | right | needs | can be undone |"
    yield "|---|---|---|---|---|---|"
    for move in flow.moves:
        needs = ", ".join(f.key + ("" if f.required else "?") for f in move.needs) or "–"
        undo = f"{flow.limits.undo_minutes} minutes" if move.undo else "–"
        way = f"{', '.join(move.sources)} | {move.target or '(stays)'}"
        yield f"| {move.key} | {way} | {move.action} | {needs} | {undo} |"
    yield ""
    yield "| clock | length |"
    yield "|---|---|"
    for clock in flow.clocks:
        yield f"| {clock.key} | {clock.amount} {clock.unit.replace('_', ' ')} |"
    yield ""


def _measures(domains: dict[str, Domain]) -> Iterator[str]:
    yield "Sums of roll-up counters, kept in the transaction of the fact that they count."
    yield ""
    yield "| domain | measure | formula |"
    yield "|---|---|---|"
    for domain in domains.values():
        for m in domain.measures:
            yield f"| {domain.key} | {m.key} | {f'{m.of} / {m.over}' if m.of else f'count of {m.over}'} |"


def _channels(domains: dict[str, Domain]) -> Iterator[str]:
    yield "Each is an address, `POST /api/v1/intakes/{channel}`, idempotent by (channel, outside id)."
    yield ""
    yield "| channel | domain | without a token |"
    yield "|---|---|---|"
    for domain in domains.values():
        for channel in domain.channels:
            yield f"| {channel.key} | {domain.key} | {'yes' if channel.public else 'no'} |"


def _asvs() -> Iterator[str]:
    rows = tomllib.loads(ASVS.read_text("utf-8"))
    counted = Counter(row["status"] for row in rows.values())
    yield f"Levels 1 and 2, in our own words: {', '.join(f'{n} {status}' for status, n in counted.most_common())}."
    yield "`test`: the tests named show it; `design`: where it lies; `operator`: the installation's; `gap`: not met."
    yield ""
    yield "| | level | | status | |"
    yield "|---|---|---|---|---|"
    for key, row in rows.items():
        shown = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in row.get("tests", ())) or row["why"]
        yield f"| {key} | {row['level']} | {row['about']} | {row['status']} | {shown} |"


def _access(domains: dict[str, Domain]) -> Iterator[str]:
    yield "Every address and the action its caller's role must grant (several: any one). What is not here is refused."
    yield "Whose matters an action reaches, up to which level, says the second table; the flow says which move when."
    yield ""
    yield "| address | known by | needs |"
    yield "|---|---|---|"
    for address, need in sorted(table().items(), key=lambda one: one[0].split(" ")[::-1]):
        yield f"| `{address}` | {need.by} | {' or '.join(need.actions)} |"
    yield ""
    yield "| role | actions | whose | up to | of |"
    yield "|---|---|---|---|---|"
    every = [(d.key, grant) for d in domains.values() for grant in d.grants] + [("platform", g) for g in PLATFORM]
    for key, grant in every:
        whose = "any" if grant.relations == ANY else ", ".join(grant.relations)
        yield f"| {grant.role} | {', '.join(grant.actions)} | {whose} | {grant.up_to} | {key} |"


def _errors() -> Iterator[str]:
    zh, en = texts("zh"), texts("en")
    yield "| code | status | zh | en |"
    yield "|---|---|---|---|"
    for code in sorted(set(zh) - {"problem"}):
        yield f"| {code} | {status_of(Refused(code))} | {zh[code]} | {en[code]} |"


def _settings() -> Iterator[str]:
    yield "In the environment by these names; or in `anlan.toml` (under ANLAN_HOME, or where ANLAN_CONFIG says) in"
    yield "lower case without `ANLAN_`, as `stop_seconds = 30`. The environment wins; an empty variable is not set."
    yield "What is wrong or unknown ends the start with its code. `anlan settings` prints what holds, and from where."
    yield "`ANLAN_HOME` (default `./var`) is where everything is kept; it is said in the environment only."
    yield ""
    yield "| setting | default | read by | secret | what |"
    yield "|---|---|---|---|---|"
    for one in declared():
        default = f"`{one.default}`" if one.default != "" else "–"
        yield f"| `{one.variable}` | {default} | {one.by} | {'yes' if one.secret else '–'} | {one.said} |"
