"""`onenumber erase NUMBER`: what an administrator does when somebody asks to be forgotten."""

from typing import Annotated

import typer

Number = Annotated[str, typer.Argument(help="in any spelling")]
Yes = Annotated[bool, typer.Option("--yes", help="Erase; without it the command only tells what there is.")]
Force = Annotated[bool, typer.Option("--force", help="Also where a matter is open, a call is owed or goes on.")]


def erase(number: Number, yes: Yes = False, force: Force = False) -> None:
    """Erase what is kept about a number, in every store, with a receipt."""
    from cli import erasing

    erasing.erase(number, yes, force)
