"""How long a silence ends what a caller is saying, by what they have said so far. Pure.

Silence alone tells an end from a thought badly: after "the drain on ward four is blocked" nothing more is needed, after
"the drain on the" somebody is looking for a word.
"""

from collections.abc import Collection

from ivr.ports import Understanding
from ivr.script import Script

DONE_MS = 360  # all that is needed was said
PERHAPS_MS = 700  # a matter whose place may follow, or more of its story
THINKING_MS = 1_400  # in the middle of a sentence, or nothing of it is understood yet
DICTATING_MS = 1_000  # numbers are said in groups
SURE = 0.5
LONE_WORDS = 3  # "yes", "no thank you"; in more, the answer may be the beginning of a sentence
STORY_WORDS = 40  # who tells so much draws breath between sentences, and has mostly something to add
PLAIN_ACTS = ("yes", "no", "person", "repeat", "callback", "status")
STOPS = ".,;:!?… "


def patience_ms(script: Script, language: str, said: Understanding) -> int:
    """Of this caller, in the middle of this silence."""
    words = said.text.lower().strip(STOPS).split()
    if said.emergency:
        return DONE_MS
    if not words or goes_on(words, _unfinished(script, language)):
        return THINKING_MS
    if said.act in PLAIN_ACTS and (len(words) <= LONE_WORDS or said.act == "person"):
        return DONE_MS
    return _of_matter(script, said)


def goes_on(words: list[str], unfinished: Collection[str]) -> bool:
    """Whether no sentence ends so."""
    return words[-1].strip(STOPS) in unfinished


def _of_matter(script: Script, said: Understanding) -> int:
    topic, words = script.edition.topics.get(said.intent.topic), len(said.text.split())
    if topic is not None and said.intent.confidence >= SURE:
        whole = words <= STORY_WORDS and bool(said.place or not topic.needs_place)
        return DONE_MS if whole else PERHAPS_MS
    if said.digits:
        return DICTATING_MS
    if said.place:
        return DONE_MS if words <= LONE_WORDS else PERHAPS_MS
    return PERHAPS_MS if said.act else THINKING_MS


def _unfinished(script: Script, language: str) -> Collection[str]:
    pack = script.edition.languages.get(language)
    return pack.unfinished if pack else ()
