"""The Asterisk Gateway Interface without I/O: bytes in, what Asterisk said out; commands as bytes.

Source: https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Gateway-Interface-AGI/
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

ENVIRONMENT_LINES = 64
LINE_BYTES = 8_192  # a name of 4,000 characters, or all headers of a caller in one reply, are no reason to drop a call
USAGE_LINES = 200
SEPARATOR = "\x1f"  # the ASCII unit separator
_CONTROL = re.compile(r"[\r\n\0]")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_COMMAND_WORD = re.compile(r"[A-Za-z]+( [A-Za-z]+)*\Z")
_REPLY = re.compile(r"(\d{3})([ -])(.*)\Z", re.DOTALL)
_RESULT = re.compile(r"result=(-?\d{0,12})")
_BEFORE_THE_NAME = frozenset("network network_script request channel language type uniqueid version callerid".split())


class AgiError(Exception):
    """Something on an AGI connection is not as it should be."""


class MalformedAgi(AgiError):
    """Asterisk (or somebody who says they are) sent what is no AGI."""


class UnsafeValue(AgiError):
    """A value that would become a command of its own: it holds CR, LF or NUL."""


@dataclass(frozen=True)
class Environment:
    """What Asterisk tells of a call at the start; any of it may come from a hostile caller."""

    values: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def script(self) -> str:
        """First word of the path asked for: `call` of `agi://host/call?x=1`."""
        return unquote(urlsplit(self["network_script"]).path).strip("/").split("/")[0]

    @property
    def channel(self) -> str:
        return self["channel"]

    @property
    def uniqueid(self) -> str:
        return self["uniqueid"]

    @property
    def caller_number(self) -> str:
        """Digits or words as they came; empty when withheld or unknown."""
        return "" if self["callerid"] == "unknown" else self["callerid"]

    @property
    def caller_name(self) -> str:
        return "" if self["calleridname"] == "unknown" else self["calleridname"]


@dataclass(frozen=True)
class Reply:
    """An answer to a command: `200 result=1 (speech) endpos=1234`."""

    code: int
    result: int | None = None
    value: str | None = None
    text: str = ""

    @property
    def done(self) -> bool:
        return self.code == 200


@dataclass(frozen=True)
class ChannelGone:
    """`HANGUP`: the channel has hung up, or its time is over."""


Said = Environment | Reply | ChannelGone


class AgiReader:
    """Feed it what the socket gave."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._values: dict[str, str] | None = {}
        self._lines = 0
        self._usage: list[str] | None = None

    def feed(self, data: bytes) -> Iterator[Said]:
        """Yield what is complete; keep the rest.

        Raises: MalformedAgi, also when a line or the environment is longer than any call needs.
        """
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).decode(errors="replace").removesuffix("\r")
            del self._buffer[: end + 1]
            if end > LINE_BYTES:
                raise MalformedAgi("line too long")
            if said := self._line(line):
                yield said
        if len(self._buffer) > LINE_BYTES:
            raise MalformedAgi("line too long")

    def _line(self, line: str) -> Said | None:
        if self._values is not None:
            return self._environment_line(self._values, line)
        if self._usage is not None:
            return self._usage_line(self._usage, line)
        if line == "HANGUP":
            return ChannelGone()
        if not line:
            return None
        return self._reply_line(line)

    def _environment_line(self, values: dict[str, str], line: str) -> Environment | None:
        """A line break in the caller's name would add lines: what stood before it stays, what comes after it counts."""
        if not line:
            self._values = None
            return Environment(values)
        name, colon, value = line.partition(":")
        if not (name.startswith("agi_") and colon):
            raise MalformedAgi("no AGI environment")
        if len(values) >= ENVIRONMENT_LINES:
            raise MalformedAgi("too many lines in the environment")
        name = name.removeprefix("agi_")
        if not (name in values and name in _BEFORE_THE_NAME):
            values[name] = value.strip()
        return None

    def _reply_line(self, line: str) -> Reply | None:
        found = _REPLY.match(line)
        if not found:
            raise MalformedAgi("no AGI reply")
        code, mark, rest = int(found[1]), found[2], found[3]
        if mark == "-":
            self._usage = [rest]
            return None
        result = _RESULT.match(rest)
        if code == 200 and not result:
            raise MalformedAgi("reply without a result")
        number = int(result[1]) if result and result[1] not in ("", "-") else None
        return Reply(code, number, _inner(rest) if result else None, rest)

    def _usage_line(self, usage: list[str], line: str) -> Reply | None:
        """`520-Invalid command syntax.` goes on until `520 End of proper usage.`"""
        if line.startswith("520 "):
            self._usage = None
            return Reply(520, text="\n".join(usage))
        if len(usage) >= USAGE_LINES:
            raise MalformedAgi("usage without an end")
        usage.append(line)
        return None


def _inner(rest: str) -> str | None:
    """What stands in the brackets after the result; the value may hold brackets itself."""
    _, opened, after = rest.partition(" (")
    value, closed, _ = after.rpartition(")")
    return value if opened and closed else None


def quoted(value: str) -> str:
    """One argument, as Asterisk's parser reads it: in quotes, with a backslash before quotes and backslashes.

    Raises: UnsafeValue.
    """
    if _CONTROL.search(value):
        raise UnsafeValue("CR, LF or NUL in an AGI argument")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def command(words: str, *arguments: str) -> bytes:
    """`command("SET VARIABLE", "ON_CALL", id)`; `words` is ours, every argument is quoted.

    Raises: UnsafeValue.
    """
    if not _COMMAND_WORD.match(words):
        raise UnsafeValue("no AGI command")
    line = " ".join([words, *map(quoted, arguments)])
    if len(data := line.encode(errors="replace")) > 2_000:  # Asterisk reads a command into 2,048 bytes
        raise UnsafeValue("AGI command too long")
    return data + b"\n"


def joined_variables(names: Sequence[str]) -> str:
    """An expression that Asterisk replaces by the values of these channel variables, each with a separator after it.

    Raises: UnsafeValue, for anything but a plain name: Asterisk would run it as a function.
    """
    if not all(_VARIABLE.match(name) for name in names):
        raise UnsafeValue("not the name of a channel variable")
    return "".join(f"${{{name}}}{SEPARATOR}" for name in names)


def separated_values(names: Sequence[str], text: str) -> dict[str, str] | None:
    """The values that `joined_variables` has brought; None where one of them holds a separator itself.

    So many values end in so many separators: one more in any of them shows in their number, and shifts nothing.
    """
    *values, rest = text.split(SEPARATOR)
    return dict(zip(names, values, strict=True)) if len(values) == len(names) and not rest else None
