"""Shows that an AGI connection is Asterisk's own and of the channel that it names: only our dialplan knows the answer.

Before each AGI the dialplan makes `ON_PASS` from the secret in its configuration and the channel's unique id. The
controller asks for a digest of it with a number used once: what somebody saw of one session opens no other.
"""

import hmac
import secrets
from hashlib import sha1

from telephony.agi_session import AgiSession

PASS = "ON_PASS"


class AgiProof:
    """Asks a connection who it is."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("without a secret anybody could prove to be Asterisk")
        self._secret = secret

    async def holds(self, session: AgiSession) -> bool:
        """Whether it is Asterisk's. Raises: HungUp, LegLost."""
        nonce = secrets.token_hex(16)
        said = await session.evaluate(f"${{SHA1({nonce}:${{{PASS}}}:{nonce})}}") or ""
        return hmac.compare_digest(said.encode(errors="replace"), self.answer(session.environment.uniqueid, nonce))

    def answer(self, uniqueid: str, nonce: str) -> bytes:
        """What Asterisk says; the secret stands at both ends, so that nothing can be appended to what it digests."""
        made = _digest(f"{self._secret}:{uniqueid}:{self._secret}")
        return _digest(f"{nonce}:{made}:{nonce}").encode()


def _digest(text: str) -> str:
    return sha1(text.encode(), usedforsecurity=True).hexdigest()
