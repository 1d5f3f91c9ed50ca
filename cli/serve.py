"""`onenumber serve`: the controller, the desk, the demo's phones."""

import typer
import uvloop

from cli import credentials, privacy
from cli.logs import configure_logs

app = typer.Typer(no_args_is_help=True)


@app.command()
def controller() -> None:
    """Answer calls: AGI, AudioSocket, AMI, the dialogue, the dispatcher."""
    from cli import controller as process  # its libraries take seconds to load; other commands do without

    settings = credentials.settings("controller")
    privacy.keep_private(settings)
    configure_logs(settings)
    uvloop.run(process.serve(settings))


@app.command()
def web() -> None:
    """Serve the desk and the API."""
    from cli import desk as process

    settings = credentials.settings("web")
    privacy.keep_private(settings)
    configure_logs(settings)
    uvloop.run(process.serve(settings))


@app.command("demo-phones")
def demo_phones() -> None:
    """Answer the site's demo phones."""
    from cli import demo_phones as process
    from cli.editions import in_force

    settings = credentials.settings("demo-phones")
    privacy.keep_private(settings)
    configure_logs(settings)
    uvloop.run(process.serve(settings, in_force(settings).edition))


if __name__ == "__main__":  # the supervisor starts it without the other commands' libraries
    app()
