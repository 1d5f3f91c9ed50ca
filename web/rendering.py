"""Pages: a Jinja environment for each language, the site's zone, the desk's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from config.documents import Edition
from routing.acts import standing
from routing.callback_times import callback_times
from routing.corrections import MatterFacts, suggested_urgency
from routing.model import URGENCY_ORDER
from routing.places import place_named
from routing.searching import SiteWords
from routing.topics import EMERGENCY_TOPIC, PERSON
from web.desk_wording import DeskWording
from web.display_names import DisplayNames
from web.texts import Texts, load_texts
from web.times import Times, stopwatch
from web.turn_wording import TurnWording
from web.untrusted import one_line, visible

OF_EVERY_LINE = (PERSON.id, EMERGENCY_TOPIC.id, "oos")


@dataclass(frozen=True)
class Spoken:
    """What pages are made with in one language."""

    environment: Environment
    naming: DisplayNames
    turns: TurnWording


@dataclass(frozen=True)
class Rendering:
    """Templates and words to HTML. `folder`: where `templates` lies; `language`: of whoever speaks none of ours."""

    folder: Mapping[str, Any]
    edition: Edition
    texts: Texts
    language: str
    _made: dict[str, Spoken] = field(default_factory=dict)

    def page(self, template: str, language: str | None = None, **values: Any) -> str:
        """Render a template; `t` is a sentence as text, `ta` the same for attributes."""
        spoken = self.known(language)

        def t(key: str, **parts: object) -> Markup:
            return self.texts.marked_up(spoken, key, **parts)

        def ta(key: str, **parts: object) -> str:
            return self.texts.plain(spoken, key, **parts)

        return self.in_language(spoken).environment.get_template(template).render(t=t, ta=ta, language=spoken, **values)

    def known(self, language: str | None) -> str:
        """The same language, where the desk has it."""
        return language if language in self.texts.languages else self.language

    def in_language(self, language: str | None) -> Spoken:
        known = self.known(language)
        if known not in self._made:
            self._made[known] = _spoken(self.folder, self.edition, self.texts, known)
        return self._made[known]

    def place_of(self, text: str, language: str) -> str | None:
        """The id of the place that a form's text means, if it is one place, in whichever language the form was made."""
        spoken = dict.fromkeys((self.known(language), *self.texts.languages))
        chosen = (self.in_language(each).naming.place_chosen(text) for each in spoken)
        named = place_named(text, self.edition.places)
        return next((place for place in chosen if place), named.id if named else None)

    def place_choices(self, place_id: str | None) -> set[str]:
        """What forms offer a place as, in each language."""
        return {self.in_language(language).naming.place_choice(place_id) for language in self.texts.languages}

    @property
    def site_words(self) -> SiteWords:
        """What people may call topics and places when they search, in any language of the site."""
        return self.in_language(None).naming.site_words


class Renderings:
    """Makes a rendering for an edition once; made anew when another one is in force."""

    def __init__(self, folder: Mapping[str, Any], language: str) -> None:
        self._folder, self._language = folder, language
        self._made: tuple[Edition, Rendering] | None = None

    def of(self, edition: Edition) -> Rendering:
        if self._made is None or self._made[0] is not edition:
            self._made = edition, make_rendering(self._folder, edition, self._language)
        return self._made[1]


def make_rendering(folder: Mapping[str, Any], edition: Edition, language: str) -> Rendering:
    """`folder`: where `templates` and `texts` lie."""
    return Rendering(folder, edition, load_texts(folder["texts"]), language)


def _of_every_line(texts: Texts, language: str) -> Mapping[str, str]:
    return {topic: texts.plain(language, f"topic.{topic}") for topic in OF_EVERY_LINE}


def _spoken(folder: Mapping[str, Any], edition: Edition, texts: Texts, language: str) -> Spoken:
    zone = ZoneInfo(edition.site.zone)
    naming, times = DisplayNames(edition, language, _of_every_line(texts, language)), Times(texts, language, zone)
    turns = TurnWording(texts, naming, times)
    environment = Environment(
        loader=FileSystemLoader(folder["templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def said(language: str, key: str) -> str:
        return texts.plain(language, key)

    environment.filters.update(
        visible=visible,
        one_line=one_line,
        clock=times.clock,
        moment=times.moment,
        ago=times.ago,
        stopwatch=stopwatch,
        lasted=times.lasted,
        span=times.span,
        on_the_clock=lambda at: at.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),  # for a field of day and time
        matter_facts=MatterFacts.of,
        standing=standing,
        iso=datetime.isoformat,
        instant=datetime.fromisoformat,
    )
    environment.globals["telling"] = DeskWording(texts, naming, times)
    environment.globals["turns"] = turns
    environment.globals["suggested_urgency"] = lambda ticket, topic: suggested_urgency(ticket, topic, edition)
    environment.globals.update(naming=naming, site=edition.site, zone_name=edition.site.zone, said=said, has=texts.has)
    environment.globals["languages"] = texts.languages
    environment.globals["next_times"] = lambda now: callback_times(now, edition.site, 1)
    environment.globals["URGENCIES"] = URGENCY_ORDER
    environment.globals["spans"] = times.spans()
    return Spoken(environment, naming, turns)
