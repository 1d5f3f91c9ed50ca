"""`onenumber doctor`: every part, its version, whether it can be reached, and what to do."""

from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object, with every package's version.")]


def doctor(json_output: JsonOption = False) -> None:
    """Look at every part; exit code 1 when something that is needed is broken."""
    from doctor import examination

    examination.doctor(json_output)
