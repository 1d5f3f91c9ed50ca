"""The line's understanding: an edition's words, lists and examples put to work on an utterance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from config.documents import ACTS, EMERGENCY_CLASS, OUT_OF_SCOPE, Edition, LanguagePack, digest
from ivr.ports import DangerHeard, EmergencyHeard, Intent, PlaceHeard, Understanding
from ivr.understanding.acts import Acts
from ivr.understanding.classifier import Classifier, Weighed
from ivr.understanding.emergency import EmergencyWords
from ivr.understanding.examples import examples_of, normal, spoken_ways
from ivr.understanding.features import PLAIN, Sense, meaning
from ivr.understanding.gazetteer import spoken_names
from ivr.understanding.matters import MIXED_NAMED, MatterSplitter, WholeUtterance
from ivr.understanding.numbers import Numbers
from ivr.understanding.places import Names
from ivr.understanding.shelf import Recipe, trained
from ivr.understanding.words import TokenizedText, utterance_in

DOUBTFUL = 0.5  # a recogniser less sure than this makes the topic less sure too
NOTHING = Weighed(Intent(OUT_OF_SCOPE, 0.0))
HARDLY_READ = 0.3  # a recogniser less sure than this has heard some noise or other
LIKELY = 0.3  # of a clause: an emergency may well be told along with something else
CALM = 0.015  # likelihood of an emergency below which an answer may deny one: a no has 0.01 at most, "no, help" 0.02
OTHER_WORDS = 2  # beside a cry; fewer say nothing of it
FEWEST_WORDS = 3  # of fewer the classifier makes no emergency, and doubts none: "ward four" and "yes" are answers


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

    @property
    def thresholds(self) -> dict[str, float]:
        return dict(vars(self._classifier.thresholds)) if self._classifier else {}

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
        emergency, danger = self._danger(weighed, said, confidence)
        act = self._acts.find(said) or weighed.act
        return Understanding(
            text=said.text,
            emergency=emergency,
            danger=danger,
            act=act,
            perhaps_danger=self._perhaps_danger(weighed, said, act),
            intent=intent,
            either=weighed.either if confidence >= DOUBTFUL else None,
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
        return replace(
            first,
            text=whole.text,
            act=whole.act,
            danger=whole.danger,
            perhaps_danger=whole.perhaps_danger,
            correction=whole.correction,
            others=tuple(others),
        )

    def _weigh(self, said: TokenizedText, denied: Sequence[tuple[int, int]]) -> Weighed:
        """What the classifier makes of what was said, without the stretches of text that were denied."""
        if self._classifier is None:
            return NOTHING
        kept = [token.text for token in said.tokens if not any(a <= token.start < b for a, b in denied)]
        return self._classifier.weigh(normal(kept, self._pack))

    def _danger(
        self, weighed: Weighed, said: TokenizedText, confidence: float
    ) -> tuple[EmergencyHeard | None, DangerHeard | None]:
        """An emergency, or perhaps one; the rule is tried first, and suffices where nothing was learnt.

        What the rule saw and took back ("no fire") is at most asked about; so is what only the classifier hears in
        words that were hardly read, and what it merely thinks likely in those is noise.
        """
        rule = self._emergency.find(said)
        if self._classifier is None or EMERGENCY_CLASS not in self._classifier.topics or len(said.words) < FEWEST_WORDS:
            return rule, None  # nobody who knows of emergencies doubts it
        likely = self._classifier.thresholds
        if rule and self._is_all(rule, said):
            return rule, None
        if rule:
            doubted = weighed.danger < likely.doubt and self._danger_of_clauses(said) < LIKELY
            return (None, DangerHeard(rule.words, by_rule=True)) if doubted else (rule, None)
        saw, read = self._emergency.saw(said), confidence >= HARDLY_READ
        if weighed.danger >= likely.danger and weighed.signs and read and not saw:
            return EmergencyHeard(weighed.signs), None
        asked = weighed.danger >= (likely.ask if read and not saw else likely.danger)
        return None, DangerHeard(weighed.signs) if asked else None

    def _is_all(self, rule: EmergencyHeard, said: TokenizedText) -> bool:
        """Whether hardly anything else was said, as in a cry said again and again: nothing is there to doubt it by."""
        heard = {word for words in rule.words for word in utterance_in(self._pack, words).words}
        return len(set(said.words) - heard) < OTHER_WORDS

    def _perhaps_danger(self, weighed: Weighed, said: TokenizedText, act: str | None) -> bool:
        """Whether whoever was asked about danger says more than no with it: "yes, in the lift", "no, he can't talk"."""
        likely = len(normal(said.words, self._pack)) > 1 and weighed.danger >= CALM
        return likely or (act != "no" and self._acts.begins_with_yes(said))

    def _danger_of_clauses(self, said: TokenizedText) -> float:
        """Of the most dangerous clause: an emergency told along with a drain is one."""
        parts = (said.words[start:end] for start, end in self._matters.clauses(said))
        long = [normal(words, self._pack) for words in parts if len(words) >= FEWEST_WORDS]
        return max((self._classifier.weigh(words).danger for words in long), default=0.0) if self._classifier else 0.0

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

    def thresholds(self, language: str) -> dict[str, float]:
        """What likelihoods are enough for what, in a language; empty where nothing was learnt."""
        return self._minds[language].thresholds if language in self._minds else {}

    def understand(self, text: str, language: str, confidence: float = 1.0) -> Understanding:
        mind = self._minds.get(language) or self._minds[self._default]
        return mind.understand(text, confidence)


def build(edition: Edition, shelf: Path | None = None, senses: Mapping[str, Sense] | None = None) -> LineUnderstander:
    """An understander for all languages of the edition that have words.

    `shelf`: folder where trained classifiers are kept between starts; it must be ours alone to write. `senses`:
    those of languages that have a better encoder.
    Raises: ivr.understanding.patterns.PatternError.
    """
    senses = senses or {}
    minds = {
        language: LanguageUnderstander(
            pack,
            spoken_ways(edition.places, language),
            spoken_ways(edition.assets, language),
            _classifier(edition, language, shelf, senses.get(language, PLAIN)),
        )
        for language, pack in edition.languages.items()
    }
    default = next((language for language in edition.site.languages if language in minds), next(iter(minds)))
    return LineUnderstander(minds, default)


def _classifier(edition: Edition, language: str, shelf: Path | None, sense: Sense) -> Classifier | None:
    pack = edition.languages[language]
    examples = examples_of(edition, pack)
    classes = {example.topic for example in examples}
    if len(classes) < 2 or not classes - {OUT_OF_SCOPE, EMERGENCY_CLASS, *ACTS}:
        return None
    meaning(["ready"])  # the encoder is loaded now, not while the first caller waits
    rule = EmergencyWords(pack)

    def fires(text: str) -> bool:
        return rule.find(utterance_in(pack, text)) is not None

    return trained(examples, shelf, Recipe(sense, fires, digest(pack.model_dump(mode="json"))))
