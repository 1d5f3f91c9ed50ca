"""Pages: one Jinja environment, the site's zone, the desk's words."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from web.desk_wording import DeskWording
from web.display_names import DisplayNames
from web.texts import Texts, load_texts
from web.times import ago, clock, lasted, moment, span, stopwatch
from web.turn_wording import TurnWording
from web.untrusted import one_line, visible


@dataclass(frozen=True)
class Rendering:
    """Templates and words to HTML."""

    environment: Environment
    texts: Texts
    naming: DisplayNames
    turns: TurnWording
    language: str

    def page(self, template: str, language: str | None = None, **values: Any) -> str:
        """Render a template; `t` is a sentence as text, `ta` the same for attributes."""
        spoken = language if language in self.texts.languages else self.language

        def t(key: str, **parts: object) -> Markup:
            return self.texts.marked_up(spoken, key, **parts)

        def ta(key: str, **parts: object) -> str:
            return self.texts.plain(spoken, key, **parts)

        return self.environment.get_template(template).render(t=t, ta=ta, language=spoken, **values)


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
    zone = ZoneInfo(edition.site.zone)
    naming = DisplayNames(edition, language)
    environment = Environment(
        loader=FileSystemLoader(folder["templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = load_texts(folder["texts"])

    def said(language: str, key: str) -> str:
        return texts.plain(language, key)

    environment.filters.update(
        visible=visible,
        one_line=one_line,
        clock=lambda at, now: clock(at, now, zone),
        moment=lambda at, now: moment(at, now, zone),
        ago=lambda at, now: ago(at, now),
        stopwatch=stopwatch,
        lasted=lasted,
        span=span,
        on_the_clock=lambda at: at.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),  # for a field of day and time
        matter_facts=MatterFacts.of,
        standing=standing,
        iso=datetime.isoformat,
        instant=datetime.fromisoformat,
    )
    environment.globals["telling"] = DeskWording(texts, naming, zone)
    environment.globals["turns"] = turns = TurnWording(texts, naming, zone)
    environment.globals["suggested_urgency"] = lambda ticket, topic: suggested_urgency(ticket, topic, edition)
    environment.globals.update(naming=naming, site=edition.site, zone_name=edition.site.zone, said=said, has=texts.has)
    environment.globals["next_times"] = lambda now: callback_times(now, edition.site, 1)
    environment.globals["URGENCIES"] = URGENCY_ORDER
    return Rendering(environment, texts, naming, turns, language)
