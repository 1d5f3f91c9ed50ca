"""What is in use and going on right now, for the panel; asked in the background, shown from memory."""

import asyncio
import threading
from collections.abc import Sequence

from config.settings import Settings
from routing.model import Call, CallState
from store import open_records
from stt import choose
from tts import preparing

ASK_EVERY_S = 2.0
PHRASES = (
    (CallState.IN_DIALOGUE, "talking to the line"),
    (CallState.WAITING, "waiting"),
    (CallState.OFFERED, "ringing at a desk"),
    (CallState.CONNECTED, "talking to a person"),
)


class LineStatus:
    """The latest known facts; never blocks whoever shows them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._calls = "0"
        engine = choose.best(settings.speech, settings.line.language)
        self._speech = engine.says if engine else "none: callers use keys; see `onenumber models`"
        heard = preparing.installed(settings.voices, (settings.line.language,))
        self._voice = ", ".join(f"{language}: {name}" for language, name in heard.items())
        threading.Thread(target=lambda: asyncio.run(self._ask_on()), name="calls now", daemon=True).start()

    def calls(self) -> str:
        return self._calls

    def speech(self) -> str:
        return self._speech

    def voice(self) -> str:
        return self._voice

    async def _ask_on(self) -> None:
        async with open_records(self._settings.database) as records:
            while True:
                try:
                    self._calls = calls_text(await records.calls.live())
                except Exception:  # a database that is away for a while is the controller's trouble, not the panel's
                    self._calls = "unknown: the database does not answer"
                await asyncio.sleep(ASK_EVERY_S)


def calls_text(calls: Sequence[Call]) -> str:
    """Live calls as words: "3: 2 talking to the line, 1 waiting"."""
    counts = [(sum(call.state == state for call in calls), phrase) for state, phrase in PHRASES]
    parts = ", ".join(f"{count} {phrase}" for count, phrase in counts if count)
    return f"{len(calls)}: {parts}" if parts else str(len(calls))
