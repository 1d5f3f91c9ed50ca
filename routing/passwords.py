"""What a password must not be: too short, somebody's name or login, or what everybody tries first."""

import re
from collections.abc import Iterable
from enum import StrEnum

LEAST = 10  # characters
LONGEST = 200
FEW = 5  # different characters at least
RUN = 4  # that many in a row of a known row of keys, or alike, count as one character
ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qwertzuiop", "01234567890")
SWAPPED = str.maketrans("@4301!$57", "aaeoiisst")  # what people write for letters
# The beginnings of lists of leaked passwords, and the words of this place, in the desk's languages.
COMMON = (
    "password passwort wachtwoord lösenord losenord salasana mima welcome welkom välkommen valkommen "
    "tervetuloa letmein iloveyou monkey dragon football baseball sunshine princess superman batman master "
    "shadow michael charlie secret login admin administrator root guest test changeme default qwerty "
    "abc123 hello trustno whatever starwars computer internet summer winter spring autumn zomer zorg "
    "hospital ziekenhuis sjukhus sairaala onenumber telephone dispatch "
).split()


class Weakness(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    YOURS = "yours"  # the login or a name
    COMMON = "common"


def weakness(password: str, login: str, name: str) -> Weakness | None:
    """None for one that may be chosen."""
    if len(password) < LEAST:
        return Weakness.SHORT
    if len(password) > LONGEST:
        return Weakness.LONG
    plain = password.casefold()
    if _is_little_but(plain, [login, *name.split()]):
        return Weakness.YOURS
    if len(set(plain)) < FEW or _is_little_but(plain, COMMON) or len(_without_rows(plain)) < FEW:
        return Weakness.COMMON
    return None


def _is_little_but(plain: str, words: Iterable[str]) -> bool:
    """Whether hardly anything is left of it when these words, digits and signs are taken away."""
    for text in (plain, plain.translate(SWAPPED)):
        for word in sorted((word.casefold() for word in words if len(word) > 2), key=len, reverse=True):
            if word in text and len(re.sub(r"[\W\d_]", "", text.replace(word, ""))) < FEW:
                return True
    return False


def _without_rows(plain: str) -> str:
    """With each run of neighbouring or like keys as one character."""
    kept, at = "", 0
    while at < len(plain):
        length = max(_run(plain, at), 1)
        kept += plain[at]
        at += length if length >= RUN else 1
    return kept


def _run(plain: str, at: int) -> int:
    """How many from here on are alike, or follow one another on a row of keys."""
    rows = [row for forward in ROWS for row in (forward, forward[::-1])] + [plain[at] * len(plain)]
    return max(next((n for n in range(len(plain) - at, 0, -1) if plain[at : at + n] in row), 0) for row in rows)
