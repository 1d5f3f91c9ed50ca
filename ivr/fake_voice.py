"""A voice for tests: its audio carries its own words, and it fails when told to."""

from collections.abc import Collection, Mapping

from ivr.fake import spoken
from ivr.ports import FRAME_MS, VoiceDown

MS_PER_WORD = 300


class WordsVoice:
    """Says anything, at an even pace; `down` makes it fail for everything but what it has said ahead (`prepared`)."""

    def __init__(
        self, recordings: Mapping[tuple[str, str], bytes] | None = None, prepared: Collection[str] = ()
    ) -> None:
        self.down = False
        self.idle = True
        self.said: list[tuple[str, str]] = []
        self._recordings = recordings or {}
        self._prepared = prepared

    async def say(self, text: str, language: str) -> bytes:
        if self.down and text not in self._prepared:
            raise VoiceDown("told to fail")
        self.said.append((text, language))
        words = len(text.split())
        return spoken(text, ms=words * MS_PER_WORD // FRAME_MS * FRAME_MS) if words else b""

    async def recorded(self, key: str, language: str) -> bytes | None:
        return self._recordings.get((key, language))
