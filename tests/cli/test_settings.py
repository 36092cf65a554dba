"""Settings: the environment over the file, the file over the default; what is wrong or unknown starts nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from anlan.cli import app
from anlan.loop.errors import Refused
from anlan.settings import MASKED, Settings, declared, read


def written(home: Path, text: str) -> dict[str, str]:
    (home / "anlan.toml").write_text(text, "utf-8")
    return {"ANLAN_HOME": str(home)}


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    env = written(tmp_path, 'nats_stream = "bureau"\nstop_seconds = 9\nsms_url = "https://a"\n')
    held = read(env | {"ANLAN_SMS_URL": "https://b", "ANLAN_DISK_FREE_MB": "7", "ANLAN_AMI_URL": "", "PATH": "/bin"})
    said = held.settings
    assert (said.nats_stream, said.stop_seconds, said.sms_url, said.disk_free_mb) == ("bureau", 9, "https://b", 7)
    names = ("nats_stream", "sms_url", "disk_free_mb", "ami_url", "messages")
    assert [held.sources[name] for name in names] == ["file", "environment", "environment", "default", "default"]
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text("stop_seconds = 11\n", "utf-8")
    assert read(env | {"ANLAN_CONFIG": str(elsewhere)}).settings.stop_seconds == 11
    assert read({"ANLAN_HOME": str(tmp_path / "none")}).settings == Settings()


@pytest.mark.parametrize(
    ("text", "env", "code", "named"),
    [
        ("", {"ANLAN_NAT_URL": "x"}, "settings.unknown", "ANLAN_NAT_URL"),
        ("", {"ANLAN_nats_url": "x"}, "settings.unknown", "ANLAN_nats_url"),
        ("nat_url = 1\n", {}, "settings.unknown", "nat_url (anlan.toml)"),
        ('home = "/x"\n', {}, "settings.unknown", "home (anlan.toml)"),
        ("", {"ANLAN_STOP_SECONDS": "soon"}, "settings.wrong", "ANLAN_STOP_SECONDS"),
        ("", {"ANLAN_STOP_SECONDS": "0"}, "settings.wrong", "ANLAN_STOP_SECONDS"),
        ("", {"ANLAN_MESSAGES": "maybe"}, "settings.wrong", "ANLAN_MESSAGES"),
        ("nats_stream = 3\n", {}, "settings.wrong", "nats_stream (anlan.toml)"),
        ("", {"ANLAN_NATS_STREAM": "a.b"}, "settings.wrong", "ANLAN_NATS_STREAM"),
        ("[nats]\nurl = 1\n", {}, "settings.unknown", "nats (anlan.toml)"),
        ("this is no table", {}, "settings.file", ""),
        ("", {"ANLAN_CONFIG": "/none.toml"}, "settings.file", ""),
    ],
)
def test_what_is_wrong_or_unknown_is_refused_by_its_name(
    tmp_path: Path, text: str, env: dict[str, str], code: str, named: str
) -> None:
    with pytest.raises(Refused) as refused:
        read(written(tmp_path, text) | env)
    assert (refused.value.code, refused.value.params.get("name", "")) == (code, named)


def test_every_setting_says_what_it_is_and_secrets_are_called_so() -> None:
    assert all(one.said and one.by for one in declared())
    secret = {one.name for one in declared() if one.secret}
    assert {
        "sms_key",
        "smtp_url",
        "ami_url",
        "mqtt_url",
        "nats_url",
        "database_url",
        "keys_url",
        "metrics_token",
    } == secret


def test_the_command_shows_what_holds_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_HOME", str(tmp_path))
    monkeypatch.setenv("ANLAN_SMS_KEY", "hush-hush")
    result = CliRunner().invoke(app, ["settings", "--json"])
    rows = {row["setting"]: row for row in json.loads(result.stdout)}
    assert (rows["ANLAN_SMS_KEY"]["value"], rows["ANLAN_SMS_KEY"]["from"]) == (MASKED, "environment")
    assert "hush" not in result.output
    monkeypatch.setenv("ANLAN_SMTP_URL", "smtp://relay")
    wrong = CliRunner().invoke(app, ["settings"])
    assert (wrong.exit_code, "ANLAN_MAIL_FROM" in wrong.stderr) == (2, True)


def test_a_wrong_setting_is_said_in_both_languages_before_anything_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_HOME", str(tmp_path))
    monkeypatch.setenv("ANLAN_NAT_URL", "nats://h")
    result = CliRunner().invoke(app, ["serve", "--demo"])
    assert result.exit_code == 2
    assert all(word in result.stderr for word in ("settings.unknown", "没有这个设置", "There is no such setting"))
    assert list(tmp_path.iterdir()) == []
