"""In which of the desk's languages somebody is answered."""

from collections.abc import Sequence

from fastapi import Request


def asked_in(request: Request, known: Sequence[str]) -> str | None:
    """The visitor's own language, else the first of their browser's that the desk has; None where it has none."""
    visitor = getattr(request.state, "visitor", None)
    if visitor is not None:
        return str(visitor.language)
    return next((each for each in _wanted(request.headers.get("accept-language", "")) if each in known), None)


def _wanted(header: str) -> list[str]:
    """Languages without their regions, best first (RFC 9110, 12.5.4)."""
    ranked = [_ranked(part) for part in header.lower().split(",")]
    return [language for weight, language in sorted(ranked, key=lambda each: -each[0]) if weight > 0]


def _ranked(part: str) -> tuple[float, str]:
    """How much a language is wanted, from 0 to 1, and its first subtag."""
    language, *parameters = (each.strip() for each in part.split(";"))
    weights = [each.removeprefix("q=").strip() for each in parameters if each.startswith("q=")]
    try:
        weight = float(weights[0]) if weights else 1.0
    except ValueError:
        weight = 0.0
    return (weight if 0 <= weight <= 1 else 0.0), language.partition("-")[0]
