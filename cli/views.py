"""How the state of the line is shown: a live panel, plain lines, or only what happens."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from rich.live import Live

from cli import line
from cli.addresses import desk_address, dial_address
from cli.installation import Installation
from cli.now import Now
from cli.panel import Shown, panel, plain
from cli.supervise import Kept


class View(Protocol):
    def tell(self, text: str) -> None:
        """Something happened."""

    def show(self, kept: Sequence[Kept], ready: bool) -> None:
        """The state of all parts, several times a second."""

    def close(self) -> None: ...


class Silent:
    """Only what happens, and once that all is ready."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.tell = say
        self._was_ready = False

    def show(self, kept: Sequence[Kept], ready: bool) -> None:
        if ready and not self._was_ready:
            self._was_ready = True
            self.when_ready(kept)

    def when_ready(self, kept: Sequence[Kept]) -> None:
        self.tell(f"ready: {', '.join(each.part.name for each in kept)}")

    def close(self) -> None: ...


class Lines(Silent):
    """Facts line by line, "ready" last, for logs and tests."""

    def __init__(self, found: Installation, note: line.Note) -> None:
        super().__init__(lambda text: print(text, flush=True))
        self._found, self._note = found, note
        self._now = Now(found.settings)

    def show(self, kept: Sequence[Kept], ready: bool) -> None:
        """What is said of readiness is said before the state file tells it to whoever waits for it."""
        super().show(kept, ready)
        self._note(kept, ready)

    def when_ready(self, kept: Sequence[Kept]) -> None:
        for text in plain(_shown(self._found, self._now, kept, [], True)):
            self.tell(text)


class LivePanel:
    """The panel on a terminal."""

    def __init__(self, found: Installation, note: line.Note) -> None:
        self._found, self._note = found, note
        self._now = Now(found.settings)
        self._news: deque[str] = deque(maxlen=5)
        self._screen = Live(refresh_per_second=2, transient=True)
        self._screen.start()

    def tell(self, text: str) -> None:
        self._news.append(text)

    def show(self, kept: Sequence[Kept], ready: bool) -> None:
        self._screen.update(panel(_shown(self._found, self._now, kept, self._news, ready)))
        self._note(kept, ready)

    def close(self) -> None:
        self._screen.stop()


def view(found: Installation, live: bool, note: line.Note) -> View:
    return LivePanel(found, note) if live else Lines(found, note)


def _shown(found: Installation, now: Now, kept: Sequence[Kept], news: Sequence[str], ready: bool) -> Shown:
    settings = found.settings
    return Shown(
        dial=dial_address(settings),
        desk=desk_address(settings),
        logins=found.passwords,
        speech=now.speech(),
        voice=now.voice(),
        calls=now.calls(),
        parts=[(each.part.name, each.state, f"process {each.part.pid}") for each in kept],
        logs=str(settings.data_dir / "log"),
        news=list(news),
        ready=ready,
    )
