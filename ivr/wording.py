"""From a prompt's lines to what is spoken: ids, ISO times and digits become words, words become audio."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate

import structlog

from config.documents import Edition, Language
from ivr import speaking, spoken_times
from ivr.actions import Prompt, Sentence
from ivr.announcing import GAP, announce
from ivr.locales.port import Locale
from ivr.locales.registry import FALLBACK, locale
from ivr.ports import FRAME_BYTES, FRAME_MS, Voice, VoiceDown
from ivr.speaking import PromptMissing

log = structlog.get_logger()
COUNTED: Mapping[str, Callable[[Locale, int], str]] = {
    "choice": lambda spoken, value: spoken.number(value),
    "wait": lambda spoken, minutes: spoken.duration(minutes),
    "position": lambda spoken, place: spoken.ordinal(place),
}
TIMES = {"time": spoken_times.spoken_time, "when": spoken_times.spoken_part}


@dataclass(frozen=True)
class Wording:
    """The site's words for values."""

    edition: Edition

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Places and topics as they are spoken: what recorded parts can say."""
        texts = [*(place.name for place in self.edition.places), *(t.name for t in self.edition.topics.values())]
        return tuple({name for text in texts for name in text.values()})

    def values(self, line: Sentence, language: Language, now: datetime) -> dict[str, str]:
        """The line's variables in spoken form, in the language that the line will be heard in."""
        heard_in = speaking.language_of(self.edition.prompts, line.key, language)
        spoken = {name: self._spoken(name, value, heard_in, now) for name, value in line.variables.items()}
        return {"number": locale(heard_in).digits(self.edition.site.national_emergency), **spoken}

    def _spoken(self, name: str, value: str, language: Language, now: datetime) -> str:
        if name in speaking.DIGITS:
            return locale(language).digits(value)
        if name in COUNTED:
            return COUNTED[name](locale(language), int(value))
        if name in TIMES:
            return TIMES[name](datetime.fromisoformat(value), now, self.edition.site.zone, language)
        match name:
            case "topic" | "other":
                return self._topic(value, language)
            case "place":
                return self._place(value, language)
            case "stage":
                return self._prompt(f"stage_{value}", language)
        return value

    def _topic(self, id: str, language: Language) -> str:
        topic = self.edition.topics.get(id)
        return _in(topic.name, language) if topic else self._prompt(f"matter_{id}", language)

    def _place(self, id: str, language: Language) -> str:
        place = next((place for place in self.edition.places if place.id == id), None)
        return _in(place.name, language) if place else locale(language).digits(id)

    def _prompt(self, key: str, language: Language) -> str:
        return speaking.sentence(self.edition.prompts, key, {}, language)[0]


def _in(text: dict[Language, str], language: Language) -> str:
    """A name; one missing in a language is said as the fallback's, else as it is written in any."""
    return text.get(language) or text.get(FALLBACK) or next(iter(text.values()))


@dataclass(frozen=True)
class RenderedPrompt:
    """A prompt's text and audio."""

    text: str
    pcm: bytes
    ends_ms: tuple[int, ...] = ()  # of its sentences


@dataclass(frozen=True)
class PromptRenderer:
    """Prompts to audio; what cannot be said at all is left out, and logged."""

    wording: Wording
    voice: Voice

    @property
    def idle(self) -> bool:
        """Whether the voice has nothing else to say just now."""
        return self.voice.idle

    async def speech(self, prompt: Prompt, language: Language, now: datetime) -> RenderedPrompt:
        parts = await asyncio.gather(*(self._line(line, language, now) for line in prompt))
        lengths = (len(part.pcm) + len(GAP) for part in parts)
        ends_ms = tuple((end - len(GAP)) * FRAME_MS // FRAME_BYTES for end in accumulate(lengths))
        return RenderedPrompt(" ".join(part.text for part in parts), GAP.join(part.pcm for part in parts), ends_ms)

    async def _line(self, line: Sentence, language: Language, now: datetime) -> RenderedPrompt:
        prompts = self.wording.edition.prompts
        try:
            variables = self.wording.values(line, language, now)
            said = await announce(self.voice, prompts, line.key, variables, language, self.wording.names)
        except (VoiceDown, PromptMissing) as reason:
            log.error("a sentence could not be said", key=line.key, reason=str(reason))
            return RenderedPrompt("", b"")
        if said.language != language or said.source == "parts":
            log.warning("a sentence fell back", key=line.key, language=said.language, source=said.source)
        return RenderedPrompt(said.text, said.pcm)
