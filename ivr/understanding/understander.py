"""The line's understanding: an edition's words, lists and examples put to work on an utterance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from config.documents import OUT_OF_SCOPE, Asset, Edition, LanguagePack, Place, Topic, digest
from ivr.ports import EmergencyHeard, Intent, PlaceHeard, Understanding
from ivr.understanding.acts import Acts
from ivr.understanding.classifier import EMERGENCY_CLASS, Classifier, Weighed
from ivr.understanding.emergency import EmergencyWords
from ivr.understanding.features import meaning
from ivr.understanding.gazetteer import spoken_names
from ivr.understanding.matters import MIXED_NAMED, MatterSplitter, WholeUtterance
from ivr.understanding.numbers import Numbers
from ivr.understanding.places import Names
from ivr.understanding.shelf import trained
from ivr.understanding.training import Example
from ivr.understanding.words import TokenizedText, utterance_in

DOUBTFUL = 0.5  # a recogniser less sure than this makes the topic less sure too
SENTENCE_SPACES = 3  # fewer words are a fragment
PLACE_STEP = 7  # coprime to most lengths of lists: phrases next to each other get places far apart
NOTHING = Weighed(Intent(OUT_OF_SCOPE, 0.0))
DANGER = 0.8  # probability from which the classifier adds an emergency; see docs/adr/0055
FEWEST_WORDS = 3  # of fewer it makes none: "ward four" and "yes" are answers


class LanguageUnderstander:
    """Understanding in one language."""

    def __init__(self, pack: LanguagePack, places: Mapping[str, Sequence[str]], assets: Mapping[str, Sequence[str]],
                 classifier: Classifier | None) -> None:  # fmt: skip
        self._pack = pack
        self._emergency = EmergencyWords(pack)
        self._acts = Acts(pack)
        self._matters = MatterSplitter(pack)
        self._numbers = Numbers(pack)
        self._places = Names(places, pack)
        self._assets = Names(assets, pack)
        self._classifier = classifier

    @property
    def classifier(self) -> str | None:
        """Content hash of the classifier, where there is one."""
        return self._classifier.digest if self._classifier else None

    def understand(self, text: str, confidence: float) -> Understanding:
        """The meaning of one utterance; `confidence` is the recogniser's."""
        said = utterance_in(self._pack, text)
        whole = self._one(said, confidence)
        return whole if whole.emergency or self._classifier is None else self._apart(said, whole, confidence)

    def _one(self, said: TokenizedText, confidence: float) -> Understanding:
        """Taken as a single matter."""
        names = spoken_names(said.text, self._pack)
        place, places = self._places.find(names)
        asset, assets = self._assets.find(names)
        denied = [*self._places.rejected(places, names), *self._assets.rejected(assets, names)]
        number = self._number(said)
        weighed = self._weigh(said, [names.span(mention.start, mention.end) for mention in denied])
        intent = _doubted(weighed.intent, confidence)
        return Understanding(
            text=said.text,
            emergency=self._emergency.find(said) or self._sensed(weighed, said),
            act=self._acts.find(said),
            intent=intent,
            place=place,
            asset=asset,
            digits=number.replace(".", "") if number else None,
            correction=self._acts.corrects(said) and self._names_something(place, asset, intent),
            number=number,
        )

    def _apart(self, said: TokenizedText, whole: Understanding, confidence: float) -> Understanding:
        """The first of several matters, with what the whole does, and those that were told along with it."""
        names = spoken_names(said.text, self._pack)
        places, assets = self._places.find(names)[1], self._assets.find(names)[1]
        places_apart = not whole.correction and self._places.plain(places, names)
        several_places = places_apart and len({place.id for place in places}) > 1
        if not (several_places or _mixed(whole.intent) or self._matters.breaks(said)):
            return whole  # nearly always, and quickly
        spans = [names.span(mention.start, mention.end) for mention in (*places, *assets)]

        def part(start: int, end: int) -> Understanding:
            return self._one(utterance_in(self._pack, said.heard(start, end)), confidence)

        first, *others = self._matters.split(WholeUtterance(said, whole, spans, places_apart), part) or [whole]
        others = [replace(other, correction=whole.correction) for other in others]
        return replace(first, text=whole.text, act=whole.act, correction=whole.correction, others=tuple(others))

    def _weigh(self, said: TokenizedText, denied: Sequence[tuple[int, int]]) -> Weighed:
        """What the classifier makes of what was said, without the stretches of text that were denied."""
        if self._classifier is None:
            return NOTHING
        kept = [token.text for token in said.tokens if not any(a <= token.start < b for a, b in denied)]
        return self._classifier.weigh(normal(kept, self._pack))

    def _sensed(self, weighed: Weighed, said: TokenizedText) -> EmergencyHeard | None:
        """An emergency of which the rule saw no phrase, not even one to take back, by the words that spoke for it."""
        if weighed.danger < DANGER or len(said.words) < FEWEST_WORDS or self._emergency.saw(said):
            return None
        return EmergencyHeard(weighed.signs) if weighed.signs else None

    def _number(self, said: TokenizedText) -> str | None:
        """The number with the most digits in the utterance."""
        runs = [spoken.digits for spoken in self._numbers.all(said.words)]
        return max(runs, key=lambda digits: len(digits.replace(".", "")), default=None)

    @staticmethod
    def _names_something(place: PlaceHeard | None, asset: PlaceHeard | None, intent: Intent) -> bool:
        return place is not None or asset is not None or intent.topic != OUT_OF_SCOPE


def _mixed(intent: Intent) -> bool:
    """Several topics have some share in it."""
    return sum(share >= MIXED_NAMED for _, share in (("", intent.confidence), *intent.alternatives)) > 1


def _doubted(intent: Intent, confidence: float) -> Intent:
    """The topic as sure as the recogniser lets it be."""
    if confidence >= DOUBTFUL or intent.topic == OUT_OF_SCOPE:
        return intent
    return replace(intent, confidence=round(intent.confidence * max(confidence, 0.0) / DOUBTFUL, 3))


class LineUnderstander:
    """Understander over every language of an edition; a language without words is heard as the first one."""

    def __init__(self, minds: Mapping[str, LanguageUnderstander], default: str) -> None:
        self._minds = dict(minds)
        self._default = default

    def classifiers(self) -> dict[str, str | None]:
        """Content hash of the classifier of each language."""
        return {language: mind.classifier for language, mind in self._minds.items()}

    def understand(self, text: str, language: str, confidence: float = 1.0) -> Understanding:
        mind = self._minds.get(language) or self._minds[self._default]
        return mind.understand(text, confidence)


def build(edition: Edition, shelf: Path | None = None) -> LineUnderstander:
    """An understander for all languages of the edition that have words.

    `shelf`: folder where trained classifiers are kept between starts; it must be ours alone to write.
    Raises: ivr.understanding.patterns.PatternError.
    """
    minds = {
        language: LanguageUnderstander(pack, _spoken(edition.places, language), _spoken(edition.assets, language),
                               _classifier(edition, language, shelf))
        for language, pack in edition.languages.items()
    }  # fmt: skip
    default = next((language for language in edition.site.languages if language in minds), next(iter(minds)))
    return LineUnderstander(minds, default)


def _classifier(edition: Edition, language: str, shelf: Path | None) -> Classifier | None:
    pack = edition.languages[language]
    examples = examples_of(edition, pack)
    classes = {example.topic for example in examples}
    if len(classes) < 2 or not classes - {OUT_OF_SCOPE, EMERGENCY_CLASS}:
        return None
    meaning(["ready"])  # the encoder is loaded now, not while the first caller waits
    return trained(examples, shelf)


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
    return [Example(normal(utterance_in(pack, phrase).words, pack), topic, source) for topic, phrase, source in said]


def _of_danger(edition: Edition, language: str) -> Iterator[tuple[str, str]]:
    """Emergencies, and what only sounds like them, each with its class."""
    examples = edition.emergencies.get(language)
    for topic, phrases in {EMERGENCY_CLASS: examples.said, **examples.misses}.items() if examples else ():
        yield from ((topic, phrase) for phrase in phrases)


def _placed(topic: Topic, edition: Edition, pack: LanguagePack) -> Iterator[tuple[str, str]]:
    """Whole sentences with a place, and the sentences they were made from."""
    phrases = [phrase for phrase in topic.phrases.get(pack.language, ()) if phrase.count(" ") >= SENTENCE_SPACES]
    ways = [way for ways in _spoken(edition.places, pack.language).values() for way in ways]
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


def _spoken(named: Sequence[Place] | Sequence[Asset], language: str) -> dict[str, tuple[str, ...]]:
    """By id, the ways to say a name; one missing in a language is said in the first language it has."""
    return {
        thing.id: (thing.name.get(language) or next(iter(thing.name.values())), *thing.also.get(language, ()))
        for thing in named
    }
