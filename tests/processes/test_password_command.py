"""`onenumber password`: show a demo password, set another."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.password import app
from config.documents import load_edition
from config.settings import PROJECT, Settings
from runtime import credentials
from store import migrate, open_records, seed
from web.passwords import password_fits


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A prepared installation."""
    monkeypatch.setenv("ONENUMBER_DATA_DIR", str(tmp_path))
    edition = load_edition(PROJECT / "config")
    known = credentials.load_or_make(tmp_path / "secrets.env", ["anna", "bo"])
    found = Settings()
    migrate.upgrade(found.database)
    asyncio.run(seed.seed(found.database, edition, credentials.passwords(known, ["anna", "bo"])))
    return found


def holds(settings: Settings, login: str, password: str) -> bool:
    async def ask() -> bool:
        async with open_records(settings.database) as records:
            account = await records.accounts.by_login(login)
            return account is not None and await password_fits(password, account.password_hash)

    return asyncio.run(ask())


def test_a_demo_password_is_shown_until_another_is_set(settings: Settings) -> None:
    demo = credentials.load(settings.paths.secrets)["ONENUMBER_LOGIN_ANNA"]
    assert CliRunner().invoke(app, ["show", "anna"]).output.strip() == demo
    done = CliRunner().invoke(app, ["set", "anna"], input="seven green kettles\n")
    assert (done.exit_code, "seven" in done.output) == (0, False)
    assert holds(settings, "anna", "seven green kettles")
    shown = CliRunner().invoke(app, ["show", "anna"])
    assert (shown.exit_code, demo in shown.output) == (1, False)


def test_one_is_made_and_printed_once(settings: Settings) -> None:
    done = CliRunner().invoke(app, ["set", "bo", "--generate"])
    assert holds(settings, "bo", done.output.strip())


@pytest.mark.parametrize(
    ("login", "typed", "says"), [("anna", "short\n", "fewer than 10"), ("nobody", "", "the login")]
)
def test_what_cannot_be_says_why(settings: Settings, login: str, typed: str, says: str) -> None:
    done = CliRunner().invoke(app, ["set", login], input=typed)
    assert done.exit_code == 1
    assert says in done.stderr


def test_a_line_that_was_never_started_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONENUMBER_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["set", "anna"], input="seven green kettles\n")
    assert (done.exit_code, "start the line once" in done.stderr) == (1, True)
