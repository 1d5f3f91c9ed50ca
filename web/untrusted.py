"""Text that came from outside, made safe to look at. (Escaping is the templates' work.)"""

import unicodedata

LONGEST = 4_000
_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
_KEPT = {ord("\n"): ord("\n"), ord("\t"): ord("\t")}


def visible(text: object, lines: bool = False) -> str:
    """Control characters as pictures, direction overrides and other invisible marks as U+FFFD.

    `lines` keeps line breaks and tabs, for notes that people write.
    """
    table = _PICTURES | _KEPT if lines else _PICTURES
    return "".join(_shown(char, table) for char in str(text)[:LONGEST])


def one_line(text: object) -> str:
    """As a field of one line holds it: browsers take line breaks out of what they are given."""
    return visible(" ".join(str(text).split()))


def _shown(char: str, table: dict[int, int]) -> str:
    if ord(char) in table:
        return chr(table[ord(char)])
    return "\ufffd" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char
