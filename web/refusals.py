"""What is refused, in the language of whoever asked.

The code that refuses says so in English; the catalogues have the same sentence under a key, by which the others find
theirs. What varies in a sentence stands in braces there.
"""

import re
from functools import cache

from web.errors import body_of
from web.rendering import Rendering
from web.texts import FALLBACK, Texts

KEYS = "refusal."
_VARYING = re.compile(r"\\{(\w+)\\}")


def said_of(error: Exception, rendering: Rendering, language: str | None) -> str:
    """Why, to a person."""
    problem = body_of(error).error
    return said(rendering.texts, rendering.known(language), problem.message, problem.code)


def said(texts: Texts, language: str, message: str, code: str) -> str:
    """`message` in this language; where nobody has translated it, what its code means."""
    if language == FALLBACK:
        return message
    found = _found(texts, message)
    if found is None:
        return texts.plain(language, f"{KEYS}{code}") if texts.has(f"{KEYS}{code}") else message
    key, varying = found
    return texts.plain(language, key, **{name: said(texts, language, part, "") for name, part in varying.items()})


def is_known(texts: Texts, message: str) -> bool:
    """Whether the catalogues have this sentence."""
    return _found(texts, message) is not None


def _found(texts: Texts, message: str) -> tuple[str, dict[str, str]] | None:
    """Its key, and what varies in it."""
    exact, patterns = _catalogue(texts)
    if message in exact:
        return exact[message], {}
    matches = ((key, pattern.fullmatch(message)) for key, pattern in patterns)
    return next(((key, match.groupdict()) for key, match in matches if match), None)


@cache
def _catalogue(texts: Texts) -> tuple[dict[str, str], list[tuple[str, re.Pattern[str]]]]:
    sentences = {key: texts.pattern(FALLBACK, key) for key in texts.keys() if key.startswith(KEYS)}
    exact = {sentence: key for key, sentence in sentences.items() if "{" not in sentence}
    patterns = [
        (key, re.compile(_VARYING.sub(r"(?P<\1>.+)", re.escape(sentence))))
        for key, sentence in sentences.items()
        if "{" in sentence
    ]
    return exact, patterns
