"""Ids to names, as the site's documents have them."""

from collections.abc import Mapping

from config.documents import Edition, Text


class Naming:
    """Names of topics, crews, places and assets in one language; an unknown id is shown as it is."""

    def __init__(self, edition: Edition, language: str) -> None:
        self._language = language
        self.site = self._of(edition.site.name)
        self.topics = {topic.id: self._short(topic.id) for topic in edition.topics.values()}
        self.crews = {crew.id: self._of(crew.name) for crew in edition.site.crews}
        self.places = {place.id: self._of(place.name) for place in edition.places}
        self.assets = {asset.id: self._of(asset.name) for asset in edition.assets}

    def topic(self, topic_id: str | None) -> str:
        return self._named(self.topics, topic_id)

    def crew(self, crew_id: str | None) -> str:
        return self._named(self.crews, crew_id)

    def place(self, place_id: str | None) -> str:
        return self._named(self.places, place_id)

    def asset(self, asset_id: str | None) -> str:
        return self._named(self.assets, asset_id)

    @staticmethod
    def _named(names: Mapping[str, str], key: str | None) -> str:
        return names.get(key, key) if key else ""

    @staticmethod
    def _short(topic_id: str) -> str:
        """The spoken name is a sentence part; a list wants one word."""
        return topic_id.replace("-", " ").capitalize()

    def _of(self, text: Text) -> str:
        name = text.get(self._language) or text.get("en") or next(iter(text.values()))
        return name[:1].upper() + name[1:]
