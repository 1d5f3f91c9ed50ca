"""Secrets of this installation: made once, kept in a file that only its owner reads."""

import os
import secrets
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from config.settings import Settings

PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
AMI, PHONE, TRUNK = "ONENUMBER_AMI_SECRET", "ONENUMBER_PHONE_SECRET", "ONENUMBER_TRUNK_SECRET"
AGI, AUDIT, BROWSER = "ONENUMBER_AGI_SECRET", "ONENUMBER_AUDIT_SECRET", "ONENUMBER_BROWSER_SECRET"
NAMES = (AMI, AGI, PHONE, BROWSER, TRUNK, AUDIT)
LOGIN = "ONENUMBER_LOGIN_"
WITHHELD: Mapping[str, Collection[str]] = {
    "web": (AMI, AGI, PHONE, TRUNK),
    "demo-phones": (AMI, AGI, BROWSER, TRUNK, AUDIT),
    "controller": (PHONE, BROWSER, TRUNK),
}  # from a part


class SecretsUnreadable(Exception):
    """The file of secrets is not in order."""


def load_or_make(path: Path, logins: Iterable[str]) -> dict[str, str]:
    """All secrets of the installation; what is missing is made and kept.

    Raises: SecretsUnreadable.
    """
    known = load(path)
    fresh = {name: secrets.token_urlsafe(32) for name in NAMES if name not in known}
    fresh |= {name: new_password() for name in map(login_name, logins) if name not in known}
    if fresh:
        _keep(path, known | fresh)
    return known | fresh


def load(path: Path) -> dict[str, str]:
    """The secrets kept so far, none if there is no file. Raises: SecretsUnreadable."""
    if not path.exists():
        return {}
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and line[0] != "#"]
    if bad := [number for number, line in enumerate(lines, 1) if "=" not in line]:
        raise SecretsUnreadable(f"{path}: entry {bad[0]} is not NAME=value")
    return dict(line.split("=", 1) for line in lines)


def passwords(known: Mapping[str, str], logins: Iterable[str]) -> dict[str, str]:
    """Login → demo password, with which an account begins."""
    return {login: known[login_name(login)] for login in logins}


def login_name(login: str) -> str:
    return LOGIN + "".join(letter if letter.isalnum() else "_" for letter in login).upper()


def settings(part: str = "") -> Settings:
    """The settings with those secrets that this part needs; one in the environment wins over the file.

    They do not get into our own environment: what we start would inherit them.
    """
    kept = {_field(name): value for name, value in load(Settings().paths.secrets).items()}
    given = set(map(_field, [*os.environ, *WITHHELD.get(part, ())]))
    wanted: dict[str, Any] = {name: kept[name] for name in kept.keys() & Settings.model_fields.keys() - given}
    return Settings(**wanted)


def environment_of(part: str) -> dict[str, str]:
    """Our environment as a part of ours may have it: without the passwords of people and the secrets of others."""
    withheld = WITHHELD.get(part, ())
    return {name: value for name, value in os.environ.items() if name not in withheld and not name.startswith(LOGIN)}


def _field(name: str) -> str:
    return name.removeprefix("ONENUMBER_").lower()


def new_password() -> str:
    """Twelve letters in groups of four: 59 bits, and it can be typed."""
    letters = [secrets.choice(PASSWORD_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))


def _keep(path: Path, known: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    lines = ["# Secrets of this installation. Readable by its owner alone; not in backups that others read.\n"]
    lines += [f"{name}={value}\n" for name, value in known.items()]
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(lines)
    fresh.replace(path)
