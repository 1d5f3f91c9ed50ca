"""Ids to names, as the site's documents have them."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from config.documents import Edition, Place, Text, Topic
from routing.searching import SiteWords, searchable

NONE: Mapping[str, str] = MappingProxyType({})


class DisplayNames:
    """Names of topics, crews, places and assets in one language; an unknown id is shown as it is.

    `of_every_line`: names of the topics that are none of a site's.
    """

    def __init__(self, edition: Edition, language: str, of_every_line: Mapping[str, str] = NONE) -> None:
        self._language = language
        self.site = self._of(edition.site.name)
        self.topics = {topic.id: self._label(topic) for topic in edition.topics.values()}
        self._topics = {**of_every_line, **self.topics}
        self.crews = {crew.id: self._of(crew.name) for crew in edition.site.crews}
        self.places = {place.id: self._of(place.name) for place in edition.places}
        self.people = {each.login: each.name for each in edition.site.agents}
        self.assets = {asset.id: self._of(asset.name) for asset in edition.assets}
        names = Counter(self.places.values())
        self.place_choices = {
            place.id: f"{self.places[place.id]} ({place.code})"
            if names[self.places[place.id]] > 1
            else self.places[place.id]
            for place in edition.places
        }
        self._site_words = _site_words(edition)

    def topic(self, topic_id: str | None) -> str:
        return self._named(self._topics, topic_id)

    def crew(self, crew_id: str | None) -> str:
        return self._named(self.crews, crew_id)

    def place(self, place_id: str | None) -> str:
        return self._named(self.places, place_id)

    def place_choice(self, place_id: str | None) -> str:
        """What a form offers a place as: its name, with its code where others have that name."""
        return self._named(self.place_choices, place_id)

    def place_chosen(self, text: str) -> str | None:
        """The id of the place that a form offers as this text."""
        return next((id for id, name in self.place_choices.items() if name == text.strip()), None)

    def asset(self, asset_id: str | None) -> str:
        return self._named(self.assets, asset_id)

    def person(self, login: str | None) -> str:
        return self._named(self.people, login)

    @property
    def site_words(self) -> SiteWords:
        """What people may call topics and places when they search, in any language of the site."""
        return self._site_words

    @staticmethod
    def _named(names: Mapping[str, str], key: str | None) -> str:
        return names.get(key, key) if key else ""

    def _label(self, topic: Topic) -> str:
        """The spoken name is a sentence part; a list wants one word."""
        return topic.label.get(self._language) or topic.label.get("en") or topic.id.replace("-", " ").capitalize()

    def _of(self, text: Text) -> str:
        name = text.get(self._language) or text.get("en") or next(iter(text.values()))
        return name[:1].upper() + name[1:]


def _site_words(edition: Edition) -> SiteWords:
    topics = {
        topic.id: searchable(topic.id, *topic.name.values(), *topic.label.values()) for topic in edition.topics.values()
    }
    return SiteWords(edition.site.region, topics, {place.id: _place_words(place) for place in edition.places})


def _place_words(place: Place) -> str:
    also = (name for names in place.also.values() for name in names)
    return searchable(place.id, place.code, *place.name.values(), *also)
