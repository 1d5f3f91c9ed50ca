"""`onenumber`: the composition root's commands."""

import sys

import structlog
import typer

from cli import audit, call, doctor, documents, erase, flow, intents, models, password, run, serve

# Standard output is a command's answer; what happens on the way goes beside it.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))

app = typer.Typer(no_args_is_help=True, add_completion=False, help="One telephone number for everything.")
app.add_typer(intents.app, name="intents", help="What the line understands.")
app.add_typer(flow.app, name="flow", help="Validate and simulate call flows; run a stored call again.")
app.add_typer(documents.app, name="documents", help="What the line says and does: in, out, in force.")
app.add_typer(models.app, name="models", help="Speech models.")
app.add_typer(audit.app, name="audit", help="Who did what: check it, cut its old end off.")
app.add_typer(password.app, name="password", help="Passwords of the desk.")
app.add_typer(serve.app, name="serve", help="Run the controller or the desk.")
app.command("call")(call.call)
app.command("erase")(erase.erase)
app.command("doctor")(doctor.doctor)
app.command("run")(run.run)
app.command("stop")(run.stop)
app.command("accept-clock")(run.accept_clock)
app.command("prepare")(run.prepare)
app.command("keep")(run.keep)
