"""The sentences a classifier learns from: an edition's, as it reads them."""

from collections.abc import Collection, Iterator, Sequence

from config.documents import EMERGENCY_CLASS, OUT_OF_SCOPE, Asset, Edition, LanguagePack, Place, Topic, digest
from ivr.understanding.numbers import Numbers
from ivr.understanding.training import Example
from ivr.understanding.words import utterance_in

SENTENCE_SPACES = 3  # fewer words are a fragment
PLACE_STEP = 7  # coprime to most lengths of lists: phrases next to each other get places far apart


def examples_of(edition: Edition, pack: LanguagePack) -> list[Example]:
    """The example sentences of a language, as the classifier reads them.

    Those of topics that need a place are also given with a place of the site, each in turn, so that "kitchen"
    alone does not mean catering.
    """
    said = [
        (topic.id, phrase, phrase)
        for topic in edition.topics.values()
        for phrase in topic.phrases.get(pack.language, ())
    ]
    said += [(topic.id, *placed) for topic in edition.topics.values() for placed in _placed(topic, edition, pack)]
    said += [(OUT_OF_SCOPE, phrase, phrase) for phrase in edition.out_of_scope.get(pack.language, ())]
    said += [(topic, phrase, phrase) for topic, phrase in _of_danger(edition, pack.language)]
    sets = [examples for examples in edition.examples.values() if examples.language == pack.language]
    written = [(meant, text, text) for examples in sets for meant, text in examples.lines()]
    said += _named(edition, pack.language, {topic for topic, _, _ in (*said, *written)}) + written
    return [Example(normal(utterance_in(pack, phrase).words, pack), topic, source) for topic, phrase, source in said]


def _named(edition: Edition, language: str, known: Collection[str]) -> list[tuple[str, str, str]]:
    """The names of known topics, by which callers answer what it is about."""
    topics = (topic for topic in edition.topics.values() if topic.id in known)
    return [(topic.id, name, name) for topic in topics if (name := topic.name.get(language))]


def _of_danger(edition: Edition, language: str) -> Iterator[tuple[str, str]]:
    """Emergencies, and what only sounds like them, each with its class."""
    examples = edition.emergencies.get(language)
    for topic, phrases in {EMERGENCY_CLASS: examples.said, **examples.misses}.items() if examples else ():
        yield from ((topic, phrase) for phrase in phrases)


def _placed(topic: Topic, edition: Edition, pack: LanguagePack) -> Iterator[tuple[str, str]]:
    """Whole sentences with a place, and the sentences they were made from."""
    phrases = [phrase for phrase in topic.phrases.get(pack.language, ()) if phrase.count(" ") >= SENTENCE_SPACES]
    ways = [way for ways in spoken_ways(edition.places, pack.language).values() for way in ways]
    turn = int(digest(topic.id), 16)  # the topics begin at different places
    for i, phrase in enumerate(phrases if ways and pack.place_frames and topic.needs_place else ()):
        frame = pack.place_frames[(turn + i) % len(pack.place_frames)]
        yield frame.format(words=phrase, place=ways[(turn + i * PLACE_STEP) % len(ways)]), phrase


def normal(words: Sequence[str], pack: LanguagePack) -> tuple[str, ...]:
    """Words as the classifier reads them: no fillers, and every number the same, since which ward tells nothing."""
    fillers, numbers = frozenset(pack.fillers), Numbers(pack)
    kept: list[str] = []
    for word in words:
        if word in fillers:
            continue
        word = "5" if numbers.is_number(word) else word
        if word != "5" or kept[-1:] != ["5"]:
            kept.append(word)
    return tuple(kept)


def spoken_ways(named: Sequence[Place] | Sequence[Asset], language: str) -> dict[str, tuple[str, ...]]:
    """By id, the ways to say a name; one missing in a language is said in the first language it has."""
    return {
        thing.id: (thing.name.get(language) or next(iter(thing.name.values())), *thing.also.get(language, ()))
        for thing in named
    }
