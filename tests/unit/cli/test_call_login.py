"""Whose password the test caller's desk uses."""

from pathlib import Path

import pytest

from cli import call
from config.documents import load_edition
from config.settings import PROJECT, Settings
from runtime import credentials


def test_the_demo_password_or_one_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = load_edition(PROJECT / "config").site
    settings = Settings(data_dir=tmp_path)
    kept = credentials.load_or_make(tmp_path / "secrets.env", ["anna", "bo"])
    assert call._login(settings, site, "bo") == ("bo", kept["ONENUMBER_LOGIN_BO"])
    assert call._login(settings, site, "")[0] == "anna"
    monkeypatch.setenv("ONENUMBER_LOGIN_BO", "seven green kettles")
    assert call._login(settings, site, "bo") == ("bo", "seven green kettles")
    with pytest.raises(call.CallRefused, match="ONENUMBER_LOGIN_CHEN"):
        call._login(settings, site, "chen")
