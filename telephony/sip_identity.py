"""Who calls, read from what an INVITE says of it: From, and what a trusted trunk asserts.

Whatever stands there is read as far as it can be: a caller's headers never cost them the call. The forms are those of
RFC 3261 (From), 3325 (P-Asserted-Identity), 3966 (tel), 5806 (Diversion), 7044 (History-Info) and of
draft-ietf-sip-privacy-04 (Remote-Party-ID).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_to_bytes

from routing.numbers import UNNAMED, Proof

VALUE_LIMIT = 1_000  # characters of a header, its end: that is where the address is
ADDRESSES_LIMIT = 10  # in one header
SUBSCRIBER = re.compile(r"\+?[0-9A-D*#][0-9A-D*#().-]*", re.ASCII)  # RFC 3966, with its visual separators
SEPARATORS = str.maketrans("", "", "().-")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """One name-addr or addr-spec; any part may be empty."""

    scheme: str = ""
    user: str = ""  # decoded; of a tel URI the number
    display: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)  # of the URI, its user part and the header, lower case

    @property
    def number(self) -> str:
        """The telephone number as digits, `+`, `*` and `#`; empty where the user is none.

        Visual separators go only where the address says that it is a number: `2-04` is somebody's name, not 204.
        """
        if not SUBSCRIBER.fullmatch(self.user):
            return ""
        if self.scheme == "tel" or self.parameters.get("user", "").lower() == "phone" or self.user.startswith("+"):
            return self.user.translate(SEPARATORS)
        return self.user if self.user.translate(SEPARATORS) == self.user else ""

    @property
    def anonymous(self) -> bool:
        return self.user.lower() in UNNAMED


@dataclass(frozen=True)
class InviteIdentity:
    """What an INVITE says of its caller, as raw values; `asserted` and `party` only where the trunk is trusted."""

    sender: str = ""  # From
    asserted: tuple[str, ...] = ()  # P-Asserted-Identity
    party: str = ""  # Remote-Party-ID
    privacy: str = ""
    diversion: str = ""
    history: str = ""  # History-Info


@dataclass(frozen=True)
class ClaimedCaller:
    """The caller as the network names it; nothing here is proof of anything."""

    number: str = ""  # or the user where it is no number
    name: str = ""
    withheld: bool = False
    diverted_by: str = ""  # who sent the call on to us last


def claimed_caller(said: InviteIdentity) -> ClaimedCaller:
    """What is asserted counts before From. What is withheld there is known, and shown to nobody."""
    sender = _first(addresses(said.sender))
    asserted = [found for value in said.asserted for found in addresses(value)] or _calling(addresses(said.party))
    known = _numbered(asserted) or sender
    named = next((found.display for found in asserted if found.display), sender.display)
    withheld = _withheld(said, bool(asserted), asserted or [sender])
    return ClaimedCaller(
        number=known.number or ("" if known.anonymous else known.user),
        name="" if named.lower() in UNNAMED else named,
        withheld=withheld or known.anonymous,
        diverted_by=_diverted_by(said),
    )


def identity_of(invite: InviteIdentity, phone: str, trusted: bool) -> tuple[ClaimedCaller, Proof]:
    """The caller and what proves their number: the endpoint's password or address, never a name that a caller wrote.

    `phone` is the phone of ours that has given its password; it may still ask not to be shown. `trusted`: the trunk
    is known by its address.
    """
    caller = claimed_caller(invite)
    if phone:
        return replace(caller, number=phone), Proof.PHONE
    return caller, Proof.TRUNK if trusted else Proof.NONE


def addresses(value: str) -> list[Address]:
    """Every address of a header's value, cut at the commas that are neither quoted nor inside angle brackets."""
    found = (_address(part) for part in _parts(value[-VALUE_LIMIT:], ","))
    return [address for address in found if address.scheme or address.user][:ADDRESSES_LIMIT]


def _withheld(said: InviteIdentity, asserted: bool, known: list[Address]) -> bool:
    """RFC 3323 and 3325; Remote-Party-ID carries its own. A From that is anonymous says nothing of what is asserted."""
    wanted = {word.strip().lower() for word in re.split("[;, ]", said.privacy)}
    if wanted & {"id", "user", "header"} and "none" not in wanted:
        return True
    party = not said.asserted and asserted
    return party and known[0].parameters.get("privacy", "off").lower() not in ("off", "name", "none")


def _calling(parties: list[Address]) -> list[Address]:
    return [party for party in parties if party.parameters.get("party", "calling").lower() == "calling"][:1]


def _diverted_by(said: InviteIdentity) -> str:
    """The topmost Diversion; else whom the call was for before it was for us, the last in its history."""
    last = _first(addresses(said.diversion) or addresses(said.history)[-2:-1])
    return last.number or last.user


def _numbered(found: list[Address]) -> Address | None:
    """Of a sip and a tel value the one that is a number; else the first."""
    return next((address for address in found if address.number), found[0] if found else None)


def _first(found: list[Address]) -> Address:
    return found[0] if found else Address()


def _address(text: str) -> Address:
    display, uri, parameters = _cut(text.strip())
    scheme, colon, rest = uri.partition(":")
    scheme = scheme.strip().lower()
    if not colon or scheme not in ("sip", "sips", "tel"):
        return Address(display=_printable(display))
    user = rest if scheme == "tel" else _user(rest)
    user, *of_user = user.split(";")
    of_uri = [] if scheme == "tel" else rest.rpartition("@")[2].partition("?")[0].split(";")[1:]
    user = user.partition("?")[0] if scheme == "tel" else user.partition(":")[0]
    return Address(scheme, _decoded(user), _printable(display), _parameters([*of_user, *of_uri, *parameters]))


def _user(rest: str) -> str:
    """`user:password@host;x`: the last @ before the host divides, as no host has one."""
    return rest.rpartition("@")[0]


def _cut(text: str) -> tuple[str, str, list[str]]:
    """Display name, URI and parameters of the header; without brackets its parameters are the header's."""
    head, opened, rest = _outside_quotes(text, "<")
    if opened:
        uri, _, after = rest.partition(">")
        return _unquoted(head), uri, after.split(";")[1:]
    # A broken display name ends where the URI begins; what a SIP user may hold before its @ stays with it.
    found = re.search(r"(?:sips?|tel):", text, re.IGNORECASE)
    head, uri = (text[: found.start()], text[found.start() :]) if found else (text, "")
    return _unquoted(head), uri.partition(">")[0], []


def _outside_quotes(text: str, mark: str) -> tuple[str, str, str]:
    """Partition at the first mark outside quotes; at the last one where a quote never closes."""
    for at, _ in _unquoted_marks(text, mark):
        return text[:at], mark, text[at + 1 :]
    return text.rpartition(mark) if text.count('"') % 2 else (text, "", "")


def _unquoted_marks(text: str, marks: str) -> Iterator[tuple[int, str]]:
    quoted = escaped = False
    for at, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in marks:
            yield at, character


def _parts(text: str, divider: str) -> list[str]:
    parts, start, depth = list[str](), 0, 0
    for at, character in _unquoted_marks(text, divider + "<>"):
        if character in "<>":
            depth = 1 if character == "<" else 0
        elif not depth:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _unquoted(display: str) -> str:
    display = display.strip()
    if display.startswith('"'):
        display = display[1:].removesuffix('"')
        return _ESCAPED.sub(r"\1", display)
    return display.removesuffix('"')


def _decoded(user: str) -> str:
    return _printable(unquote_to_bytes(user).decode(errors="replace"))


def _printable(text: str) -> str:
    return _CONTROL.sub("", text)


def _parameters(texts: list[str]) -> dict[str, str]:
    pairs = (text.partition("=") for text in texts)
    return {name.strip().lower(): _printable(value.strip().strip('"')) for name, _, value in pairs if name.strip()}
