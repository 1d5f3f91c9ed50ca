"""What a person sees while the line runs: a live panel on a terminal, plain lines elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

PASSWORDS = "`onenumber password show LOGIN` tells a demo password, `onenumber password set LOGIN` sets another"


@dataclass(frozen=True)
class PanelContent:
    """Everything on the panel, ready to be shown."""

    dial: str  # "sip:100@192.0.2.7:5060"
    desk: str
    desk_https: str  # for other machines; empty where there is none
    logins: Mapping[str, str]  # login → demo password; empty where another one was chosen
    speech: str  # engine and model in use
    voice: str
    calls: str
    parts: Sequence[tuple[str, str, str]]  # name, state, detail
    logs: str
    news: Sequence[str]  # what happened lately, newest last
    ready: bool


def panel(shown: PanelContent) -> RenderableType:
    title = "[bold green]onenumber: the line is open" if shown.ready else "[bold yellow]onenumber: starting"
    return Panel(Group(_facts(shown), Text(), _parts(shown), Text(), *_news(shown)), title=title, expand=False)


def plain(shown: PanelContent) -> list[str]:
    """The same for a log file: one fact a line, "ready" last, and no password."""
    return [
        f"number to dial: {shown.dial}",
        f"desk: {shown.desk}" + (f" and, from other machines, {shown.desk_https}" if shown.desk_https else ""),
        f"logins: {', '.join(shown.logins)}; {PASSWORDS}",
        f"speech: {shown.speech}; voice: {shown.voice}",
        f"ready: dial {shown.dial}, desk at {shown.desk}",
    ]


def _facts(shown: PanelContent) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("Dial", Text(shown.dial, style="bold"), "with any SIP phone")
    table.add_row("Desk", Text(shown.desk, style="bold"), "")
    if shown.desk_https:
        table.add_row("", Text(shown.desk_https, style="bold"), "from other machines")
    for login, password in shown.logins.items():
        says = "demo password of this installation" if password else "has chosen a password"
        table.add_row("Login", Text(f"{login}  {password}"), says)
    table.add_row("Ears", Text(shown.speech), "")
    table.add_row("Voice", Text(shown.voice), "")
    table.add_row("Calls now", Text(shown.calls, style="bold"), "")
    table.add_row("Logs", Text(shown.logs), "Ctrl-C stops everything")
    return table


def _parts(shown: PanelContent) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, state, detail in shown.parts:
        style = "green" if state == "up" else "yellow" if state == "starting" else "red"
        table.add_row(Text(name), Text(state, style=style), Text(detail, style="dim"))
    return table


def _news(shown: PanelContent) -> list[Text]:
    return [Text(line, style="dim") for line in shown.news[-5:]]
