"""Places of the site as people write them. Pure."""

from collections.abc import Sequence

from config.documents import Place
from routing.searching import folded


def place_named(text: str, places: Sequence[Place]) -> Place | None:
    """The one place that has this id, code or name in any language of the site, or None where it is none or several."""
    wanted = folded(" ".join(text.split()))
    found = [place for place in places if wanted in _names(place)] if wanted else []
    return found[0] if len(found) == 1 else None


def _names(place: Place) -> set[str]:
    also = (name for names in place.also.values() for name in names)
    return {folded(name) for name in (place.id, place.code, *place.name.values(), *also)}
