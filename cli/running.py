"""What `onenumber run`, `prepare` and `keep` do: from an installed machine to an open line, until Ctrl-C."""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import typer

from cli import installation, line, listening, preparing
from cli.installation import Refused
from cli.parts import PartFailed
from cli.supervise import Supervisor
from cli.views import Silent, View, view
from config.settings import Settings

TICK_S = 0.2


def run(plain_output: bool) -> None:
    """Start the line and keep it up; a stop signal stops everything."""
    with _refusals(), _leave_at_once():
        found = installation.load()
        with installation.only_one(found.settings), line.state_on_disk(found.settings) as note:
            _refuse_conflicts(listening.needed(found.settings))
            preparing.prepare(found.settings, found.edition, found.passwords, _say)
            live = sys.stdout.isatty() and not plain_output
            names = (*line.NAMES, line.DEMO) if found.edition.site.demo_phones else line.NAMES
            _keep_up(found.settings, names, view(found, live, note))


def keep(parts: list[str]) -> None:
    """Keep some parts of a prepared line up, where others look after the rest."""
    with _refusals():
        if unknown := set(parts) - set(line.NAMES):
            raise Refused(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(line.NAMES)}.")
        settings = installation.load().settings
        _refuse_conflicts([port for port in listening.needed(settings) if port.part in parts])
        _keep_up(settings, parts, Silent(_say))


def prepare() -> None:
    """Secrets, database, prompts and Asterisk's configuration, without starting anything."""
    with _refusals():
        found = installation.load()
        preparing.prepare(found.settings, found.edition, found.passwords, _say)
        _say("prepared")


@contextmanager
def _leave_at_once() -> Iterator[None]:
    """Until the parts are started, a stop signal simply ends us, also where our starter ignores it."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    with _handled(leave):
        yield


@contextmanager
def _refusals() -> Iterator[None]:
    """What cannot be is said in one sentence, with a non-zero exit."""
    try:
        yield
    except (Refused, preparing.NotPrepared, PartFailed) as refusal:
        print(f"onenumber: {refusal}", file=sys.stderr)
        raise typer.Exit(1) from None


def _refuse_conflicts(ports: list[listening.Port]) -> None:
    if sentences := listening.conflicts(ports):
        raise Refused("\n".join(sentences))


def _keep_up(settings: Settings, names: Sequence[str], view: View) -> None:
    parts = [(part, rule) for part, rule in line.line_parts(settings) if part.name in names]
    supervisor = Supervisor(parts, view.tell)
    with _stop_signals() as stopping:
        try:
            supervisor.start()
            while not stopping:
                supervisor.tick()
                view.show(supervisor.kept, supervisor.ready())
                time.sleep(TICK_S)
        finally:
            view.close()
            _say("stopping …")
            supervisor.stop()
            _say("stopped")


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """A list that a stop signal falls into; a second one is heard too, but changes nothing."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    with _handled(note):
        yield received


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _say(text: str) -> None:
    print(text, flush=True)
