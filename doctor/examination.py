"""What `onenumber doctor` does: look at every part, print what was found, and return the exit code."""

import sys

import structlog
import typer
from rich.console import Console

from config.settings import Settings
from doctor.checks import INSTALLED
from doctor.checks_running import RUNNING
from doctor.finding import all_well, as_json, as_table, to_do
from runtime import credentials

FILE_COLUMNS = 200  # a log or a pipe has no width to keep to


def doctor(json_output: bool) -> None:
    """Look at every part; exit code 1 when something that is needed is broken."""
    settings = _settings()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # the table, or the JSON, is all that is told
    findings = [check(settings) for check in (*INSTALLED, *RUNNING)]
    if json_output:
        print(as_json(findings))
    else:
        console = Console() if sys.stdout.isatty() else Console(width=FILE_COLUMNS)
        console.print(as_table(findings))
        for sentence in to_do(findings):
            console.print(f"→ {sentence}", highlight=False, markup=False)
    raise typer.Exit(0 if all_well(findings) else 1)


def _settings() -> Settings:
    """With the secrets where they can be read; a doctor works without them."""
    try:
        return credentials.settings()
    except (credentials.SecretsUnreadable, PermissionError):
        return Settings()
