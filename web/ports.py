"""What the desk needs beyond the routing records, most of which `routing.archive` declares and `store` implements."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from routing.archive import Account as Account
from routing.archive import Accounts as Accounts
from routing.archive import Action as Action
from routing.archive import Archive as Archive
from routing.archive import Audit as Audit
from routing.archive import AuditEntry as AuditEntry
from routing.archive import AuditQuery as AuditQuery
from routing.archive import CallQuery as CallQuery
from routing.archive import LoginTry as LoginTry
from routing.archive import Pages as Pages
from routing.archive import SessionEnd as SessionEnd
from routing.archive import TicketChange as TicketChange
from routing.archive import TicketQuery as TicketQuery

SERVES_STILL = "serves, but "  # how a part begins that is not well and serves all the same


class Health(Protocol):
    """Is a part that we need there?"""

    async def __call__(self) -> str | None:
        """None when well, else one sentence saying what is wrong; where that begins with `SERVES_STILL`, it serves."""


class PhoneLink(Protocol):
    """One browser's connection with Asterisk: whole SIP messages (RFC 7118)."""

    async def send(self, message: str) -> None:
        """Raises: NotThisPhone, PhoneLineDown."""

    def messages(self) -> AsyncIterator[str]:
        """Until Asterisk ends the connection. Raises: PhoneLineDown, where it ends otherwise."""


class PhoneLine(Protocol):
    """Where browsers' phones reach Asterisk."""

    def open(self, phone: str) -> AbstractAsyncContextManager[PhoneLink]:
        """A link that speaks as this phone and no other. Raises: PhoneLineDown."""
