"""A number in all the ways in which it may have been written down, to find what is kept about whoever it belongs to."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import cached_property

import phonenumbers

from routing.numbers import EXTENSION_DIGITS, normalise

BETWEEN = r"[\s().\-/\u2011\u2013]{0,3}"  # what people write between digits


@dataclass(frozen=True)
class Spellings:
    """`number` as `normalise` gives it: E.164, or the bare digits of an extension."""

    number: str
    region: str

    @property
    def is_extension(self) -> bool:
        return len(self.number) <= EXTENSION_DIGITS

    def is_this(self, text: str | None) -> bool:
        """Whether this text is the number, however it is written."""
        return bool(text) and self.number in (
            text,
            normalise(str(text).removeprefix("sip:").partition("@")[0], self.region),
        )

    def stands_in(self, text: str) -> bool:
        """Whether the number stands in this text. An extension is too short to tell from any other number."""
        return not self.is_extension and self.pattern.search(text) is not None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Where the number stands in a text; an extension only as a SIP user, or between quotes or brackets."""
        if self.is_extension:
            return re.compile(rf"(?<=sip:){self.number}(?=@)|(?<=[\"'<=]){self.number}(?=[\"'>\s])")
        ways = "|".join(BETWEEN.join(map(re.escape, way)) for way in sorted(self._ways(), key=len, reverse=True))
        return re.compile(rf"(?<![\d+])(?:{ways})(?!\d)")

    def presented(self) -> tuple[str, ...]:
        """The digits by which a trunk presents it as a caller's: with its country, or as dialled at home."""
        if self.is_extension:
            return (self.number,)
        parsed = phonenumbers.parse(self.number, self.region)
        at_home = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        digits = self.number.lstrip("+")
        return (digits, f"00{digits}", "".join(filter(str.isdigit, at_home)))

    def mark(self, key: bytes) -> str:
        """What stands for the number where it must not be read: keyed, so that trying all numbers does not help."""
        return hmac.new(key, f"number {self.number}".encode(), hashlib.sha256).hexdigest()

    def _ways(self) -> set[str]:
        """As dialled at home, from abroad, and with what people put in between."""
        parsed = phonenumbers.parse(self.number, self.region)
        digits = self.number.lstrip("+")
        bare = phonenumbers.national_significant_number(parsed)
        at_home = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        abroad = phonenumbers.format_out_of_country_calling_number(parsed, self.region)
        dialled = {"".join(filter(str.isdigit, way)) for way in (at_home, abroad)}
        return {self.number, digits, f"00{digits}", bare, f"+{parsed.country_code}0{bare}", *dialled}


def spellings(text: str, region: str) -> Spellings | None:
    """None for what is no number."""
    number = normalise(text, region)
    return Spellings(number, region) if number else None
