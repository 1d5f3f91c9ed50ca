"""SIP as a browser's phone sends it, on its way to Asterisk: whose it is, and with whose password. No I/O.

The page knows no password: what it makes of Asterisk's challenge is replaced here (RFC 2617, MD5).
"""

import re
from dataclasses import dataclass
from hashlib import md5

from routing.phones import NotThisPhone

FROM = re.compile(r'(?:"(?:[^"\\]|\\.)*"\s*|[^<"]*)<sips?:([^@;>:]+)(?::[^@>]*)?@[^>]+>.*')
CREDENTIALS = ("authorization", "proxy-authorization")
PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))')
RESPONSE = re.compile(r'\bresponse="[0-9a-f]*"')
STATUS = "SIP/2.0 "  # begins an answer; the rest are requests


@dataclass(frozen=True)
class BrowserPhone:
    """A phone of ours that is in a browser."""

    name: str
    password: str

    def signed(self, message: str) -> str:
        """The message as Asterisk shall have it. Raises: NotThisPhone."""
        head, blank, body = message.partition("\r\n\r\n")
        if not message.strip():
            return message  # keeps the connection alive
        lines = head.split("\r\n")
        if not blank or any(not line or line[0] in " \t" or "\r" in line or "\n" in line for line in lines):
            raise NotThisPhone("no whole message")
        if _lengths(lines[1:]) != [str(len(body.encode()))]:  # what follows would be a message of its own to Asterisk
            raise NotThisPhone("no single message")
        if lines[0].startswith(STATUS):
            return message
        self._refuse_others(lines[1:])
        method = lines[0].partition(" ")[0]
        signed = [lines[0], *(self._with_password(line, method) for line in lines[1:])]
        return "\r\n".join(signed) + blank + body

    def _refuse_others(self, headers: list[str]) -> None:
        """It may claim no other phone's name, and no trunk's number: they may be known by this machine's address."""
        said = [value for name, value in map(_header, headers) if name in ("from", "f")]
        found = FROM.fullmatch(said[0]) if len(said) == 1 else None
        if found is None or found[1] != self.name:
            raise NotThisPhone("it says to be another one")

    def _with_password(self, line: str, method: str) -> str:
        name, value = _header(line)
        if name not in CREDENTIALS:
            return line
        given = {key: quoted or plain for key, quoted, plain in PARAMETER.findall(value)}
        if given.get("username") != self.name:
            raise NotThisPhone("it gives another one's password")
        return RESPONSE.sub(f'response="{self._response(given, method)}"', line)

    def _response(self, given: dict[str, str], method: str) -> str:
        who = _hashed(f"{self.name}:{given.get('realm', '')}:{self.password}")
        what = _hashed(f"{method}:{given.get('uri', '')}")
        once = given.get("nonce", "")
        if "qop" in given:
            once = f"{once}:{given.get('nc', '')}:{given.get('cnonce', '')}:{given['qop']}"
        return _hashed(f"{who}:{once}:{what}")


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _lengths(headers: list[str]) -> list[str]:
    """What is said of the body's length, in bytes (RFC 3261 18.3)."""
    return [value for name, value in map(_header, headers) if name == "l" or name.startswith("content-length")]


def _hashed(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
