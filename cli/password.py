"""`onenumber password`: what an administrator does about the passwords of the desk."""

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)
Login = Annotated[str, typer.Argument(help="as in the site's document")]
Generate = Annotated[bool, typer.Option("--generate", help="Make one and print it once.")]


@app.command("show")
def show(login: Login) -> None:
    """Tell the demo password of a login, while it still holds."""
    from cli import passwords

    passwords.show(login)


@app.command("set")
def set_(login: Login, generate: Generate = False) -> None:
    """Set a password, typed unseen or on standard input; every session of that person ends at once."""
    from cli import passwords

    passwords.set_password(login, generate)
