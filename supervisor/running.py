"""What `onenumber run`, `stop`, `prepare` and `keep` do: from an installed machine to an open line, until Ctrl-C."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from types import FrameType

import typer

from config.settings import Settings
from runtime import clock, installation
from runtime.health import DiskHealth
from runtime.installation import Installation, InstallationRefused
from runtime.reserve import Reserve
from store import open_records, retention
from supervisor import leftovers, line, preparing, tcp_ports
from supervisor.asterisk_following import AsteriskFollowing
from supervisor.parts import PartFailed
from supervisor.supervise import SupervisedPart, Supervisor
from supervisor.views import EventView, SafeView, View, view

TICK_S = 0.2
STOP_LIMIT_S = 60.0  # of another supervisor that was asked to stop


def run(plain_output: bool) -> None:
    """Start the line, or take over what runs of it, and keep it up; a stop signal stops everything."""
    with _refusals(), _leave_at_once():
        found = installation.load(coming=True)
        with installation.only_one(found.settings.paths):
            live = sys.stdout.isatty() and not plain_output
            _run(found, live)


def _run(found: Installation, live: bool) -> None:
    settings, state = found.settings, line.StateOnDisk(found.settings)
    reserve = Reserve(settings.data_dir)
    _tell_of_the_disk(settings, reserve)  # before anything is written
    supervisor = Supervisor(line.line_parts(settings, found.edition, dies_with_us=False))
    with _stopped_by_signal(supervisor, state):
        taken = leftovers.take_over(supervisor.kept, leftovers.marks(settings.paths.run_state))
        if taken:
            state.note(supervisor.kept, False)
        else:  # nobody waits: the clock may be set to the machine's
            clock.forget(settings.paths.clock)
            state.forget()
        _refuse_conflicts([port for port in tcp_ports.needed(settings) if port.part not in taken])
        if found.warning:
            _say(f"WARNING: {found.warning}")
        edition, valid = preparing.prepare(settings, found.edition, found.passwords, _say)
        found = replace(found, passwords={login: valid.get(login, "") for login in found.passwords})
    try:
        with AsteriskFollowing(settings, edition, started="Asterisk" not in taken) as followed:
            _keep_up(supervisor, view(found, live), state.note, lambda: reserve.look() or followed.news())
    except PartFailed:  # nothing was left running
        state.forget()
        raise
    state.forget()


def _tell_of_the_disk(settings: Settings, reserve: Reserve) -> None:
    if done := reserve.look():
        _say(done)
    if wrong := DiskHealth(settings.data_dir).look():
        _say(f"WARNING: {wrong}.")


def stop() -> None:
    """Stop the line, whoever supervises it, and what a supervisor that died left running."""
    with _refusals():
        found = installation.load()
        _ask_to_stop(found.settings)
        with installation.only_one(found.settings.paths):
            kept = [
                SupervisedPart(*part) for part in line.line_parts(found.settings, found.edition, dies_with_us=False)
            ]
            leftovers.take_over(kept, leftovers.marks(found.settings.paths.run_state), wanted=False)
            line.StateOnDisk(found.settings).forget()
        _say("stopped")


def accept_clock() -> None:
    """Forgetting goes on from the time that it is now."""
    with _refusals():
        found = installation.load()
        clock.share(found.settings.paths.clock)
        asyncio.run(_accept(found, clock.now()))
        _say(f"accepted: it is {clock.now():%Y-%m-%d %H:%M} UTC")


async def _accept(found: Installation, at: datetime) -> None:
    async with open_records(found.settings.database, found.edition.site.id) as records:
        await retention.look(records, at, trusted=True)


def keep(parts: list[str]) -> None:
    """Keep some parts of a prepared line up, where others look after the rest; they end with their keeper."""
    with _refusals():
        if unknown := set(parts) - set(line.NAMES):
            raise InstallationRefused(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(line.NAMES)}.")
        found = installation.load()
        _refuse_conflicts([port for port in tcp_ports.needed(found.settings) if port.part in parts])
        kept = [(part, rule) for part, rule in line.line_parts(found.settings, found.edition) if part.name in parts]
        _keep_up(Supervisor(kept), SafeView(EventView(_say)))


def prepare() -> None:
    """Secrets, database, prompts and Asterisk's configuration, without starting anything."""
    with _refusals():
        found = installation.load(coming=True)
        if found.warning:
            _say(f"WARNING: {found.warning}")
        preparing.prepare(found.settings, found.edition, found.passwords, _say)
        _say("prepared")


def _ask_to_stop(settings: Settings) -> None:
    """Ask the supervisor that runs, if one does, and wait until it has stopped. Raises: Refused."""
    deadline, asked = time.monotonic() + STOP_LIMIT_S, False
    while installation.runs(settings.paths):
        if not asked:
            with suppress(OSError, ValueError, KeyError):
                os.kill(json.loads(settings.paths.run_state.read_text(encoding="utf-8"))["pid"], signal.SIGTERM)
                asked = True
        if time.monotonic() > deadline:
            raise InstallationRefused(
                f"the supervisor of {settings.data_dir} did not stop within {STOP_LIMIT_S:.0f} s."
            )
        time.sleep(0.1)


@contextmanager
def _stopped_by_signal(supervisor: Supervisor, state: line.StateOnDisk) -> Iterator[None]:
    """Until all is started: a stop signal stops what was taken over; any other trouble leaves it to the next try."""
    try:
        yield
    except SystemExit:
        supervisor.stop()
        state.forget()
        raise


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
    except (InstallationRefused, preparing.NotPrepared, PartFailed) as refusal:
        print(f"onenumber: {refusal}", file=sys.stderr)
        raise typer.Exit(1) from None


def _refuse_conflicts(ports: list[tcp_ports.Port]) -> None:
    if sentences := tcp_ports.conflicts(ports):
        raise InstallationRefused("\n".join(sentences))
    for sentence in tcp_ports.shortcomings(ports):
        _say(f"WARNING: {sentence} The line starts without it.")


def _keep_up(
    supervisor: Supervisor,
    shown: View,
    note: Callable[[Sequence[SupervisedPart], bool], None] = lambda kept, ready: None,
    look: Callable[[], str] = lambda: "",
) -> None:  # fmt: skip
    """Until a stop signal. Whatever else ends us leaves the parts to the next supervisor."""
    supervisor.tell = shown.tell
    with _stop_signals() as stopping:
        supervisor.start(lambda: note(supervisor.kept, False))
        while not stopping:
            supervisor.tick()
            if done := look():
                shown.tell(done)
            ready = supervisor.ready()
            shown.show(supervisor.kept, ready)  # said before the state file tells it to whoever waits for it
            note(supervisor.kept, ready)
            time.sleep(TICK_S)
        shown.close()
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
    with suppress(OSError):  # a full disk, a terminal that is gone
        print(text, flush=True)
