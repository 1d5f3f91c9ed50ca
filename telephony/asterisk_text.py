"""Text that may stand in an Asterisk configuration file, and nothing else may.

Asterisk's files have no quoting: a line break starts a setting, `;` a comment, `$`, commas and
brackets mean something in the dialplan. So every value passes exactly one of these filters,
which refuse what could break out, and the template environment refuses a value that passed none.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).parent / "templates"


class ConfigRefused(Exception):
    """A value could change the meaning of the Asterisk configuration, or is missing."""


class Checked(str):
    """Text that passed a filter."""


def _whole(pattern: str, what: str, *, shown: bool = True) -> Callable[[object], Checked]:
    """A filter; what it refuses is told to whoever runs the line and stands in their journal, unless not `shown`."""
    compiled = re.compile(pattern)

    def check(value: object) -> Checked:
        if not compiled.fullmatch(text := str(value)):
            raise ConfigRefused(f"not {what}: {text[:60]!r}" if shown else f"not {what}")
        return Checked(text)

    return check


_address = _whole(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}:[0-9]{1,5}", "host:port")


def _addresses(values: Iterable[object]) -> Checked:
    """Joined by `&`, for CUT to choose from."""
    return Checked("&".join(_address(value) for value in values))


_digits = _whole(r"[0-9]{1,20}", "digits")


def _number_list(values: Iterable[object]) -> Checked:
    """Between `&`, for an expression to look one up."""
    return Checked("&" + "".join(f"{_digits(value)}&" for value in values))


FILTERS: dict[str, Callable[[Any], Checked]] = {
    "word": _whole(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "a plain word"),
    "number": _whole(r"\+?[0-9]{1,20}", "a number that can be dialled"),
    "host": _whole(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}|[0-9a-f]*:[0-9a-f:.]+", "a host"),
    "addresses": _addresses,
    "number_list": _number_list,
    "path": _whole(r"/[A-Za-z0-9_./+@-]*", "a plain absolute path"),
    "secret": _whole(r"[A-Za-z0-9_~.+/=-]{8,256}", "a secret of plain characters, eight or more", shown=False),
    "digit": _whole(r"[0-9]", "a key 0-9"),
    "dial": _whole(r"PJSIP/[A-Za-z0-9+][A-Za-z0-9_.@+-]*(?:&PJSIP/[A-Za-z0-9+][A-Za-z0-9_.@+-]*)*", "a dial string"),
    "rights": _whole(r"[a-z]+(?:,[a-z]+)*", "a list of AMI rights"),
}


def _only_checked(value: object) -> object:
    if isinstance(value, Checked | int):
        return value
    raise ConfigRefused("a template shows a value that passed no filter")


@cache
def environment() -> jinja2.Environment:
    """Templates in which every shown value was checked."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        finalize=_only_checked,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # not HTML; finalize refuses what no filter has checked
    )
    made.filters.update(FILTERS)
    return made
