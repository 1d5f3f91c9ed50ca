"""The voice of an installation, and everything fixed that it will say rendered ahead."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from config.documents import Edition, Language
from config.settings import VoiceSettings
from ivr.locales.registry import FALLBACK, LOCALES, locale
from ivr.speaking import DIGITS, filled, variables_of
from ivr.spoken_parts import fixed_pieces, linked_names
from tts.phrases import digit_phrases, phrases
from tts.rendering import Progress, RenderedVoice
from tts.voices import engines

UNKNOWN = "…"  # in the place of what only a call can tell
PHONE = "phone"  # may begin with a plus


def build(voices: VoiceSettings, cache: Path, config_dir: Path) -> RenderedVoice:
    """The voice as configured; nothing is started yet."""
    return RenderedVoice(
        engines=lambda language: engines(voices, language),
        cache=cache,
        recordings=config_dir / "recordings",
        settings=voices,
    )


def prepare_all(edition: Edition, voice: RenderedVoice, progress: Progress = lambda done, of: None) -> int:
    """Render every fixed sentence of an edition, and close the voice; returns how many could not be rendered.

    Quick when all is there.
    """
    return asyncio.run(_prepare(voice, list(fixed_sentences(edition)), progress))


def fixed_sentences(edition: Edition) -> Iterator[tuple[str, str]]:
    """(text, language) of every prompt that never varies here, and of the parts that stand in for a dead voice."""
    offered = dict.fromkeys((FALLBACK, *edition.site.languages))
    for language in offered:
        known, prompts = LOCALES.get(language), edition.prompts.get(language, {})
        of_site = {"number": known.digits(edition.site.national_emergency)} if known else {}
        spoken = [text for text in prompts.values() if text.strip()]
        yield from ((filled(text, of_site), language) for text in spoken if variables_of(text) <= of_site.keys())
    for language in offered:
        if language in LOCALES:
            yield from ((text, language) for text in parts(edition, language))


def parts(edition: Edition, language: Language) -> Iterator[str]:
    """What sentences are put together from: numbers always; words, pieces of prompts and names for a dead voice."""
    yield from locale(language).vocabulary()
    yield from fixed_pieces(edition.prompts.get(language, {}), language)
    yield from digit_phrases(language)
    yield from (text for template in edition.prompts.get(language, {}).values() for text in _around(template, language))
    places = [place.name[language] for place in edition.places if language in place.name]
    yield from (*places, *linked_names(places, language))
    yield from (topic.name[language] for topic in edition.topics.values() if language in topic.name)


def _around(template: str, language: Language) -> Iterator[str]:
    """The phrases of a prompt that are the same whatever its variables say."""
    if not (variables := variables_of(template)):
        return
    for number in ("00", "+00") if PHONE in variables else ("00",):
        values = {name: locale(language).digits(number) if name in DIGITS else UNKNOWN for name in variables}
        yield from (phrase.text for phrase in phrases(filled(template, values), language) if UNKNOWN not in phrase.text)


def installed(voices: VoiceSettings, languages: tuple[str, ...]) -> dict[str, str]:
    """Language → the voice that will be heard, or "none"; for `doctor`."""
    heard = {language: engines(voices, language) for language in languages}
    return {language: chain[0].name if chain else "none" for language, chain in heard.items()}


async def _prepare(voice: RenderedVoice, sentences: list[tuple[str, str]], progress: Progress) -> int:
    try:
        return await voice.prepare(sentences, progress)
    finally:
        await voice.close()
