"""Places by the number that is keyed or said for them: its code, or the number in its name.

Compared as numbers are used, not as they are written: "4" is ward 4 with the code 04, "2-13" and "213" are room 2.13.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from config.documents import Place
from ivr.keypad import digits_of

ONE_NUMBER = re.compile(r"\D*(\d+(?:[.\-/]\d+)*)\D*")  # "room 2.13", and not "room 2 point 13"


def normal(code: str) -> str:
    """Digits alone, without zeros in front."""
    digits = digits_of(code)
    return digits.lstrip("0") or digits[-1:]


@dataclass(frozen=True)
class PlaceCodes:
    """Two ways to find a place by number, the first of which goes first."""

    by_code: Mapping[str, Sequence[Place]] = field(default_factory=dict)
    by_name: Mapping[str, Sequence[Place]] = field(default_factory=dict)

    @classmethod
    def of(cls, places: Iterable[Place]) -> Self:
        by_code: dict[str, list[Place]] = {}
        by_name: dict[str, list[Place]] = {}
        for place in places:
            by_code.setdefault(normal(place.code), []).append(place)
            for number in {normal(number) for number in _names(place)}:
                by_name.setdefault(number, []).append(place)
        by_code.pop("", None)
        by_name.pop("", None)
        return cls(by_code, by_name)

    def find(self, number: str) -> Sequence[Place]:
        """The places that may be meant: one, or several of which the caller has to choose, or none.

        `number`: as keyed, or as said, which may hold a point ("2.5", which is what people say for 2.05).
        """
        if "." in number:
            return self._by_decimal(number)
        digits = digits_of(number)
        found = self.by_code.get(normal(digits)) or self.by_name.get(normal(digits)) or ()
        exact = [place for place in found if digits_of(place.code) == digits]
        return exact if digits.startswith("0") and exact else found  # nobody adds a zero

    def _by_decimal(self, number: str) -> Sequence[Place]:
        whole, _, fraction = number.partition(".")
        ways = [f"{whole}0{fraction}"] if len(fraction) == 1 else []
        return next((found for way in (*ways, number) if (found := self.by_name.get(normal(way)))), ())

    @property
    def keyed(self) -> frozenset[str]:
        """Every number that finds a place, also as its code is written."""
        written = {digits_of(place.code) for places in self.by_code.values() for place in places}
        return frozenset(written | self.by_code.keys() | self.by_name.keys())


def _names(place: Place) -> Iterable[str]:
    """The numbers in its names."""
    ways = [*place.name.values(), *(way for ways in place.also.values() for way in ways)]
    return (found[1] for way in ways if (found := ONE_NUMBER.fullmatch(way)))
