"""A call's audio connection, read and written when its leg's time has come: no frame wakes the process by itself."""

import asyncio
import os
import socket
from collections.abc import Callable

from ivr.ports import FRAME_BYTES
from telephony import audiosocket

UNSENT_LIMIT_BYTES = 16 * (FRAME_BYTES + audiosocket.HEADER_BYTES)  # 320 ms that Asterisk did not take
KERNEL_BYTES = 16_384  # of ours in the kernel; by itself it takes minutes of sound from whom nobody hears
READ_BYTES = 4_096  # a dozen frames at once: what was late is soon made up for, and a flood holds up nobody else


class AudioPipe:
    """Reads past the event loop until it is let go; how the connection ends is the loop's to notice."""

    def __init__(self, transport: asyncio.Transport, take: Callable[[bytes], None]) -> None:
        self._transport, self._take = transport, take
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self._socket: int = connection.fileno()
        self._ours = True
        transport.pause_reading()

    @property
    def open(self) -> bool:
        return not self._transport.is_closing()

    @property
    def stuck(self) -> bool:
        """Asterisk has not taken what was sent for some time."""
        return self._transport.get_write_buffer_size() > UNSENT_LIMIT_BYTES

    def receive(self) -> None:
        """Take what has come since the last time; of very much, the next part."""
        if not (self._ours and self.open):
            return
        try:
            data = os.read(self._socket, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._take(data)
        else:
            self.let_go()

    def send(self, data: bytes) -> None:
        """All of it or, where Asterisk is slow, its rest a little later."""
        sent = 0
        if not self._transport.get_write_buffer_size():
            try:
                sent = os.write(self._socket, data)
            except BlockingIOError:
                pass
            except OSError:
                return  # the loop hears of it
        if sent < len(data):
            self._transport.write(data[sent:])

    def let_go(self) -> None:
        """From now on the loop reads."""
        if self._ours and self.open:
            self._transport.resume_reading()
        self._ours = False
