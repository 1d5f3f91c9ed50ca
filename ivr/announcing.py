"""A prompt to sound, whatever works: a recorded file, the voice, else parts rendered ahead."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from config.documents import Language, Prompts
from ivr import speaking, spoken_parts
from ivr.locales.registry import locale
from ivr.ports import SAMPLE_RATE, Voice, VoiceDown

GAP = b"\0\0" * (SAMPLE_RATE * 70 // 1_000)  # between parts: 70 ms
PART_KEY = "part_"  # a recorded file of a part is named part_half_past.wav


@dataclass(frozen=True)
class Announcement:
    pcm: bytes
    text: str
    language: Language  # the one actually spoken
    source: Literal["recorded", "voice", "parts"]


async def announce(
    voice: Voice,
    prompts: Mapping[Language, Prompts],
    key: str,
    variables: Mapping[str, str],
    language: Language,
    names: Collection[str] = (),
) -> Announcement:
    """Sound of a prompt with its variables (spoken forms); `names` are places and topics that parts may say.

    Raises: PromptMissing, VoiceDown when not even parts can be said.
    """
    text, used = speaking.sentence(prompts, key, variables, language)
    template = prompts[used][key]
    if not speaking.variables_of(template) and (recorded := await voice.recorded(key, used)):
        return Announcement(recorded, text, used, "recorded")
    try:
        return Announcement(await voice.say(text, used), text, used, "voice")
    except VoiceDown:
        known = (*locale(used).vocabulary(), *names, *spoken_parts.linked_names(names, used))
        said = spoken_parts.parts(template, variables, known, used)
        return Announcement(await _assembled(voice, said, used), text, used, "parts")


async def _assembled(voice: Voice, parts: list[str], language: Language) -> bytes:
    """Parts one after another; one that cannot be said is left out, unless none can.

    Raises: VoiceDown.
    """
    sounds = [sound for part in parts if (sound := await _part(voice, part, language))]
    if not sounds:
        raise VoiceDown("no parts")
    return GAP.join(sounds)


async def _part(voice: Voice, part: str, language: Language) -> bytes | None:
    if recorded := await voice.recorded(PART_KEY + "_".join(part.lower().split()), language):
        return recorded
    try:
        return await voice.say(part, language)
    except VoiceDown:
        return None
