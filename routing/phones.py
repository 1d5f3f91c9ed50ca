"""The two phones that an agent may have, one at a time: on the desk, or in the browser. Each has a name at Asterisk."""

import hmac
from enum import StrEnum

from config.documents import BROWSER_SUFFIX


class PhoneKind(StrEnum):
    DESK = "desk"
    BROWSER = "browser"


class PhoneLineDown(Exception):
    """Asterisk takes no phones in browsers now."""


class NotThisPhone(Exception):
    """What came is not what the phone that it came from may send."""


def phone_of(phone: str | None, kind: PhoneKind) -> str | None:
    """The agent's phone of that kind, from their phone of either."""
    desk = phone.removesuffix(BROWSER_SUFFIX) if phone else None
    return f"{desk}{BROWSER_SUFFIX}" if desk and kind is PhoneKind.BROWSER else desk


def derived_password(secret: str, phone: str) -> str:
    """Of a phone; nothing has to store it."""
    return hmac.new(secret.encode(), phone.encode(), "sha256").hexdigest()
