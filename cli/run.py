"""`onenumber run`, `stop`, `prepare`, `keep`; what they need takes seconds to load, so it is loaded when asked for."""

from typing import Annotated

import typer

Plain = Annotated[bool, typer.Option("--plain", help="Lines instead of the live panel.")]
Parts = Annotated[list[str], typer.Argument(help="controller, web, Asterisk, Redis")]


def run(plain_output: Plain = False) -> None:
    """Start the line and keep it up; Ctrl-C stops everything."""
    from supervisor import running

    running.run(plain_output)


def stop() -> None:
    """Stop the line, also one whose supervisor has died."""
    from supervisor import running

    running.stop()


def accept_clock() -> None:
    """Say that the machine's clock is right although it leapt: deleting what is private goes on."""
    from supervisor import running

    running.accept_clock()


def prepare() -> None:
    """Secrets, database, prompts and Asterisk's configuration, without starting anything."""
    from supervisor import running

    running.prepare()


def keep(parts: Parts) -> None:
    """Keep some parts of a prepared line up, where others look after the rest."""
    from supervisor import running

    running.keep(parts)
