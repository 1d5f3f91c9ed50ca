"""`onenumber audit`: is the audit as it was written, and cutting its old end off."""

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)
Before = Annotated[datetime, typer.Option("--before", formats=["%Y-%m-%d"], help="The first day that stays, UTC.")]
Yes = Annotated[bool, typer.Option("--yes", help="Cut; without it the command refuses.")]


@app.command()
def verify() -> None:
    """Check every row against its seal; exit code 1 when one was altered or is missing."""
    from doctor import auditing

    auditing.verify()


@app.command()
def cut(before: Before, yes: Yes = False) -> None:
    """Delete the rows from before a day; the rest can still be verified."""
    from doctor import auditing

    auditing.cut(before, yes)
