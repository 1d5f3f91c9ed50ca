"""Secrets are made once, kept to their owner, and never guessed from one another."""

import os
import re
import stat
from pathlib import Path

import pytest

from runtime import credentials


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "var/secrets.env"
    first = credentials.load_or_make(file, ["anna"])
    assert credentials.load_or_make(file, ["anna"]) == first
    assert set(credentials.NAMES) < set(first)
    assert len(set(first.values())) == len(first)


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    credentials.load_or_make(file, [])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_new_login_gets_a_password_and_the_others_keep_theirs(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    before = credentials.passwords(credentials.load_or_make(file, ["anna"]), ["anna"])
    after = credentials.passwords(credentials.load_or_make(file, ["anna", "bo-2"]), ["anna", "bo-2"])
    assert after["anna"] == before["anna"]
    assert re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){2}", after["bo-2"])


def test_a_broken_file_is_named_and_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    file.write_text("ONENUMBER_AMI_SECRET=x\nnonsense\n")
    with pytest.raises(credentials.SecretsUnreadable, match=r"secrets\.env: entry 2"):
        credentials.load_or_make(file, [])
    assert "nonsense" in file.read_text()


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONENUMBER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ONENUMBER_AMI_SECRET", "from the environment")
    for name in credentials.NAMES[1:]:
        monkeypatch.setenv(name, "")  # so that the test leaves none behind
        monkeypatch.delenv(name)
    kept = credentials.load_or_make(tmp_path / "secrets.env", [])
    settings = credentials.settings()
    assert settings.ami_secret.get_secret_value() == "from the environment"
    assert settings.trunk_secret.get_secret_value() == kept["ONENUMBER_TRUNK_SECRET"]


def test_no_secret_gets_into_our_own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONENUMBER_DATA_DIR", str(tmp_path))
    kept = credentials.load_or_make(tmp_path / "secrets.env", ["anna"])
    settings = credentials.settings()
    assert settings.phone_secret.get_secret_value() == kept["ONENUMBER_PHONE_SECRET"]
    assert not set(kept.values()) & set(os.environ.values())


def test_each_part_is_given_its_own_secrets_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONENUMBER_DATA_DIR", str(tmp_path))
    kept = credentials.load_or_make(tmp_path / "secrets.env", [])
    web, controller = credentials.settings("web"), credentials.settings("controller")
    assert web.ami_secret.get_secret_value() == web.phone_secret.get_secret_value() == ""
    assert controller.ami_secret.get_secret_value() == kept["ONENUMBER_AMI_SECRET"]
    assert controller.phone_secret.get_secret_value() == ""
    monkeypatch.setenv("ONENUMBER_AMI_SECRET", "x")
    monkeypatch.setenv("ONENUMBER_LOGIN_ANNA", "y")
    assert not credentials.environment_of("web").keys() & {"ONENUMBER_AMI_SECRET", "ONENUMBER_LOGIN_ANNA"}
    assert credentials.environment_of("controller")["ONENUMBER_AMI_SECRET"] == "x"
