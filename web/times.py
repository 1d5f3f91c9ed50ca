"""Times as people read them, in one language and the site's zone; pages keep ages fresh by the machine-readable part.

Dates are CLDR's, by Babel; durations are texts, which the pages' scripts count on with.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from markupsafe import Markup

from web.texts import FALLBACK, Texts

REGIONS = {"en": "en_GB"}  # whose spelling of dates; of the others the language's own
SPANS = ("s", "min", "h", "d", "in")


@dataclass(frozen=True)
class Times:
    texts: Texts
    language: str
    zone: ZoneInfo

    def clock(self, at: datetime, now: datetime) -> Markup:
        """14:05:09 on the same day, else Sun 22 Nov 14:05:09."""
        return self._time(at, now, "Hms")

    def moment(self, at: datetime, now: datetime) -> Markup:
        """14:05 on the same day, else Sun 22 Nov 14:05."""
        return self._time(at, now, "Hm")

    def _time(self, at: datetime, now: datetime, skeleton: str) -> Markup:
        local, locale = at.astimezone(self.zone), self._locale
        shown = format_skeleton(skeleton, local, locale=locale, fuzzy=False)
        if local.date() != now.astimezone(self.zone).date():
            shown = f"{format_skeleton('MMMEd', local, locale=locale)} {shown}"
        whole = f"{format_date(local, 'full', locale)} {format_skeleton('Hms', local, locale=locale)} {local:%Z}"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), whole, shown)

    @cached_property
    def _locale(self) -> Locale:
        try:
            return Locale.parse(REGIONS.get(self.language, self.language).replace("-", "_"))
        except (ValueError, UnknownLocaleError):  # a catalogue of the site's own
            return Locale.parse(REGIONS[FALLBACK])

    def ago(self, at: datetime, now: datetime) -> Markup:
        """How long since, or until: `4 min`, `in 2 h 10`; the page counts on from `datetime`."""
        seconds = int((now - at).total_seconds())
        text = self.span(abs(seconds))
        shown = self._said("in", span=text) if seconds < 0 else text
        return Markup('<time class="age" datetime="{}">{}</time>').format(at.isoformat(), shown)

    def lasted(self, start: datetime, end: datetime) -> str:
        """How long from one to the other; it does not count on."""
        return self.span(max(0, int((end - start).total_seconds())))

    def span(self, seconds: int) -> str:
        """A duration: `42 s`, `4 min`, `2 h 10`, `3 d 4 h`."""
        minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
        if seconds < 60:
            return self._said("s", s=seconds)
        if minutes < 60:
            return self._said("min", min=minutes)
        if hours < 24:
            return self._said("h", h=hours, min=f"{minutes % 60:02d}")
        return self._said("d", d=days, h=hours % 24)

    def spans(self) -> str:
        """How durations are said, for the pages' scripts: JSON."""
        return json.dumps({kind: self.texts.pattern(self.language, f"time.{kind}") for kind in SPANS})

    def _said(self, kind: str, **values: object) -> str:
        return self.texts.pattern(self.language, f"time.{kind}").format(**values)


def stopwatch(at: datetime, now: datetime) -> Markup:
    """How long since, to the second: `4:07`, `1:02:07`; the page counts on from `datetime`."""
    return Markup('<time class="age exact" datetime="{}">{}</time>').format(
        at.isoformat(), exact(max(0, int((now - at).total_seconds())))
    )


def exact(seconds: int) -> str:
    """`0:42`, `4:07`, `1:02:07`."""
    minutes, hours = seconds // 60, seconds // 3600
    return f"{hours}:{minutes % 60:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"
