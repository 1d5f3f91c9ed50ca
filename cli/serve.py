"""`onenumber serve`: the controller, the desk, the demo's phones."""

import typer
import uvloop

from runtime import credentials, privacy
from runtime.logs import configure_logs

app = typer.Typer(no_args_is_help=True)


@app.command()
def controller() -> None:
    """Answer calls: AGI, AudioSocket, AMI, the dialogue, the dispatcher."""
    from controller import controller as process  # its libraries take seconds to load; other commands do without

    settings = credentials.settings("controller")
    privacy.keep_private(settings.paths, settings.database)
    configure_logs(settings.log_private)
    uvloop.run(process.serve(settings))


@app.command()
def web() -> None:
    """Serve the desk and the API."""
    from desk import process

    settings = credentials.settings("web")
    privacy.keep_private(settings.paths, settings.database)
    configure_logs(settings.log_private)
    uvloop.run(process.serve(settings))


@app.command("demo-phones")
def demo_phones() -> None:
    """Answer the site's demo phones."""
    from runtime.editions import in_force
    from supervisor import demo_phones as process

    settings = credentials.settings("demo-phones")
    privacy.keep_private(settings.paths, settings.database)
    configure_logs(settings.log_private)
    uvloop.run(process.serve(settings, in_force(settings).edition))


if __name__ == "__main__":  # the supervisor starts it without the other commands' libraries
    app()
