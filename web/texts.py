"""The desk's own words, keyed by language; a word that is missing falls back to English, visibly."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

from config.yaml_once import load_once

FALLBACK = "en"
Catalogue = Mapping[str, str | None]


class Texts:
    """Every sentence of the desk. `None` in a catalogue: nobody has translated this one yet."""

    def __init__(self, catalogues: Mapping[str, Catalogue]) -> None:
        self._catalogues = catalogues

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted(self._catalogues))

    def plain(self, language: str, key: str, **values: object) -> str:
        """For attributes and titles; a fallback is marked by the language in brackets.

        Raises: KeyError for a key that English does not have.
        """
        own = self._own(language, key)
        if own is not None:
            return own.format(**values)
        return f"[{FALLBACK}] {self._fallback(key).format(**values)}"

    def marked_up(self, language: str, key: str, **values: object) -> Markup:
        """For text; values are escaped, a fallback says which language it is in."""
        own = self._own(language, key)
        escaped = {name: escape(value) for name, value in values.items()}
        if own is not None:
            return Markup(escape(own)).format(**escaped)
        text = Markup(escape(self._fallback(key))).format(**escaped)
        return Markup('<span class="fallback" lang="{}">{}</span>').format(FALLBACK, text)

    def pattern(self, language: str, key: str) -> str:
        """As it stands in the catalogue, unfilled; of a language that lacks it, English.

        Raises: KeyError for a key that English does not have.
        """
        return self._own(language, key) or self._fallback(key)

    def keys(self) -> Iterable[str]:
        """Of every sentence."""
        return self._catalogues[FALLBACK]

    def has(self, key: str) -> bool:
        return key in self._catalogues[FALLBACK]

    def _own(self, language: str, key: str) -> str | None:
        if language == FALLBACK:
            return self._fallback(key)
        return self._catalogues.get(language, {}).get(key)

    def _fallback(self, key: str) -> str:
        text = self._catalogues[FALLBACK][key]
        if text is None:
            raise KeyError(key)
        return text


@cache
def load_texts(folder: Path) -> Texts:
    return Texts({path.stem: load_once(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))})
