"""Where browsers' phones reach Asterisk: its WebSocket, on which SIP goes (RFC 7118)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from config.settings import Settings
from routing.phones import PhoneLineDown, derived_password
from telephony.browser_sip import BrowserPhone

LONGEST_BYTES = 65_536  # of a message
OPEN_S = 3.0
ENDED = "the connection to Asterisk has ended"


@dataclass(frozen=True)
class BrowserLink:
    """One browser's connection with Asterisk."""

    socket: ClientConnection
    phone: BrowserPhone

    async def send(self, message: str) -> None:
        """Raises: NotThisPhone, PhoneLineDown."""
        signed = self.phone.signed(message)
        try:
            await self.socket.send(signed)
        except ConnectionClosed as error:
            raise PhoneLineDown(ENDED) from error

    async def messages(self) -> AsyncIterator[str]:
        """Until Asterisk ends the connection. Raises: PhoneLineDown, where it ends otherwise."""
        try:
            async for message in self.socket:
                yield message if isinstance(message, str) else message.decode(errors="replace")
        except ConnectionClosed as error:
            raise PhoneLineDown(ENDED) from error


@dataclass(frozen=True)
class BrowserLine:
    """That of this installation's Asterisk."""

    settings: Settings

    @asynccontextmanager
    async def open(self, phone: str) -> AsyncIterator[BrowserLink]:
        """A link that speaks as this phone and no other. Raises: PhoneLineDown."""
        asterisk, secret = self.settings.asterisk, self.settings.browser_secret.get_secret_value()
        if not (asterisk.ws_port and secret):
            raise PhoneLineDown("no phones in browsers are set up")
        ours = BrowserPhone(phone, derived_password(secret, phone))
        where = f"ws://{asterisk.host}:{asterisk.ws_port}/ws"
        try:
            socket = await connect(
                where, subprotocols=[Subprotocol("sip")], proxy=None, compression=None, open_timeout=OPEN_S,
                max_size=LONGEST_BYTES, user_agent_header=None,
            )  # fmt: skip
        except (OSError, TimeoutError, WebSocketException) as error:
            raise PhoneLineDown(type(error).__name__) from error
        async with socket:
            yield BrowserLink(socket, ours)
