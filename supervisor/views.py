"""How the state of the line is shown: a live panel, plain lines, or only what happens."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from rich.live import Live

from runtime.addresses import desk_address, dial_address, https_address
from runtime.installation import Installation
from supervisor.line_status import LineStatus
from supervisor.panel import PanelContent, panel, plain
from supervisor.supervise import SupervisedPart


class View(Protocol):
    def tell(self, text: str) -> None:
        """Something happened."""

    def show(self, kept: Sequence[SupervisedPart], ready: bool) -> None:
        """The state of all parts, several times a second."""

    def close(self) -> None: ...


class EventView:
    """Only what happens, and once that all is ready."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.tell = say
        self._was_ready = False

    def show(self, kept: Sequence[SupervisedPart], ready: bool) -> None:
        if ready and not self._was_ready:
            self._was_ready = True
            self.when_ready(kept)

    def when_ready(self, kept: Sequence[SupervisedPart]) -> None:
        self.tell(f"ready: {', '.join(each.part.name for each in kept)}")

    def close(self) -> None: ...


class PlainView(EventView):
    """Facts line by line, "ready" last, for logs and tests."""

    def __init__(self, found: Installation) -> None:
        super().__init__(lambda text: print(text, flush=True))
        self._found = found
        self._now = LineStatus(found.settings)

    def when_ready(self, kept: Sequence[SupervisedPart]) -> None:
        for text in plain(_shown(self._found, self._now, kept, [], True)):
            self.tell(text)


class LivePanel:
    """The panel on a terminal."""

    def __init__(self, found: Installation) -> None:
        self._found = found
        self._now = LineStatus(found.settings)
        self._news: deque[str] = deque(maxlen=5)
        self._screen = Live(refresh_per_second=2, transient=True)
        self._screen.start()

    def tell(self, text: str) -> None:
        self._news.append(text)

    def show(self, kept: Sequence[SupervisedPart], ready: bool) -> None:
        self._screen.update(panel(_shown(self._found, self._now, kept, self._news, ready)))

    def close(self) -> None:
        self._screen.stop()


class SafeView:
    """A view that may fail (a full disk, a terminal that is gone) before those who would be cut off by it."""

    def __init__(self, view: View) -> None:
        self._view = view

    def tell(self, text: str) -> None:
        with suppress(Exception):
            self._view.tell(text)

    def show(self, kept: Sequence[SupervisedPart], ready: bool) -> None:
        with suppress(Exception):
            self._view.show(kept, ready)

    def close(self) -> None:
        with suppress(Exception):
            self._view.close()


def view(found: Installation, live: bool) -> View:
    return SafeView(LivePanel(found) if live else PlainView(found))


def _shown(
    found: Installation, now: LineStatus, kept: Sequence[SupervisedPart], news: Sequence[str], ready: bool
) -> PanelContent:
    settings = found.settings
    return PanelContent(
        dial=dial_address(settings),
        desk=desk_address(settings),
        desk_https=https_address(settings),
        logins=found.passwords,
        speech=now.speech(),
        voice=now.voice(),
        calls=now.calls(),
        parts=[(each.part.name, each.state, f"process {each.pid}") for each in kept],
        logs=str(settings.paths.logs),
        news=list(news),
        ready=ready,
    )
