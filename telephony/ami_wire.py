"""`asterisk-ami`'s client with its traps closed; its thread, its socket and its futures stay in here."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from asterisk.ami import Action, AMIClient, Event, Response

from telephony.ami import one_line_each

BUFFER_BYTES = 65_536
CONNECT_LIMIT_S = 3.0


class AmiWire(AMIClient):  # type: ignore[misc]
    """One connection. What is heard is handed to the event loop; `lost` comes once, however it ends.

    Against the library: a whole action is sent or the connection is given up (it may send part of one); quiet for
    `quiet_limit_s` is the end of the connection (it takes 3 s of quiet for the end); its futures, which warn and wait
    in the calling thread, are not used; a greeting that is none ends the thread quietly.
    """

    def __init__(self, host: str, port: int, quiet_limit_s: float) -> None:
        super().__init__(address=host, port=port, timeout=quiet_limit_s, buffer_size=BUFFER_BYTES)
        self._sending = threading.Lock()
        self._lost = False

    def hear(
        self, on_response: Callable[[Response], None], on_event: Callable[[Event], None], on_lost: Callable[[], None]
    ) -> None:
        """Who is told, in the loop that runs now."""
        loop = asyncio.get_running_loop()

        def tell(what: Callable[..., None], *about: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know
                loop.call_soon_threadsafe(what, *about)

        def lost(source: AMIClient, error: Exception | None = None) -> None:
            if not self._lost:
                self._lost = True
                tell(on_lost)

        self.add_listener(
            on_response=lambda source, response: tell(on_response, response),
            on_event=lambda source, event: tell(on_event, event),
            on_disconnect=lost,
        )

    def connect(self) -> None:
        """Blocks; not for the loop's thread.

        Raises: OSError.
        """
        self._socket = socket.create_connection((self._address, self._port), CONNECT_LIMIT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(self._timeout)
        self.finished = threading.Event()
        self._thread = threading.Thread(target=self.listen, name="ami-listen", daemon=True)
        self._thread.start()

    def listen(self) -> None:
        try:
            super().listen()
        except Exception as error:  # a greeting that is none, or quiet before it
            self._fire_on_disconnect(error=error)
        finally:
            self._close_socket()

    def send(self, pack: Action, deadline_s: float = float("inf")) -> None:
        """All of it, or the connection is given up; nothing after the deadline (of the monotonic clock). Blocks.

        A process that was stopped in between must not say now what was true then. Raises: OSError.
        """
        if time.monotonic() > deadline_s:
            raise TimeoutError("too late to be said")
        data = (str(pack) + "\r\n").encode(self.encoding, errors="replace")
        with self._sending:
            try:
                self._socket.sendall(data)
            except OSError:
                self._close_socket()
                raise

    def close(self) -> None:
        """End the connection and its thread. Blocks for a moment."""
        if self.finished is not None:
            self.finished.set()
        self._close_socket()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CONNECT_LIMIT_S)

    def _decode_pack(self, pack: bytes) -> str:
        return one_line_each(super()._decode_pack(pack))

    def _close_socket(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads
            self._socket.close()
