"""`onenumber documents`: the site's documents in and out of the database, and which of them are in force."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)
Source = Annotated[Path | None, typer.Argument(help="A folder of documents; without it, the configured one.")]
Target = Annotated[Path, typer.Argument(help="The folder to write into.")]
Hash = Annotated[str, typer.Argument(help="Of a published edition, or its beginning (see `history`).")]
Publish = Annotated[bool, typer.Option("--publish", help="Put them in force, without a restart.")]
Note = Annotated[str, typer.Option("--note", help="Why, for the history.")]
Expect = Annotated[str, typer.Option("--expect", help="Replace this edition, seen or not; refused if another one is.")]
OfEdition = Annotated[str, typer.Option("--edition", help="Another one than that in force.")]
Replace = Annotated[bool, typer.Option("--replace", help="Also where other documents there would be lost.")]


@app.command("import")
def import_(folder: Source = None, publish: Publish = False, note: Note = "", expect: Expect = "") -> None:
    """Check a folder's documents and store them; with --publish, calls that begin from now on use them."""
    from cli import document_commands

    document_commands.take_in(folder, publish, note, expect)


@app.command("export")
def export(folder: Target, edition: OfEdition = "", replace: Replace = False) -> None:
    """Write an edition's documents into a folder; what means the same there already is left as it is."""
    from cli import document_commands

    document_commands.export(folder, edition, replace)


@app.command("diff")
def diff(folder: Source = None) -> None:
    """Tell how a folder's documents differ from those in force, field by field."""
    from cli import document_commands

    document_commands.diff(folder)


@app.command("history")
def history() -> None:
    """Tell what was published, by whom, when and why; the newest is in force."""
    from cli import document_commands

    document_commands.history()


@app.command("rollback")
def rollback(edition: Hash, note: Note = "", expect: Expect = "") -> None:
    """Put an edition in force again that was published before."""
    from cli import document_commands

    document_commands.rollback(edition, note, expect)
