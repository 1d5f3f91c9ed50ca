"""A caller who presses keys in every way that a phone may tell of them: event, tone, INFO, or several at once."""

import math
import re
import struct
import threading
import time

from tests.phones import RawCaller

FRAME_S, SAMPLES = 0.02, 160
EVENT_CODES = {"*": 10, "#": 11}
FREQUENCIES = {
    key: (row, column)
    for keys, row in zip(("123", "456", "789", "*0#"), (697, 770, 852, 941), strict=True)
    for key, column in zip(keys, (1209, 1336, 1477), strict=True)
}
ULAW_BIAS = 132
SENDER = b"<sip:0612345678@example.org>"


def ulaw(sample: int) -> int:
    """One sample as G.711 µ-law."""
    sign, size = (0x80, -sample) if sample < 0 else (0, sample)
    size = min(size + ULAW_BIAS, 32_767)
    exponent = size.bit_length() - 8
    return ~(sign | exponent << 4 | size >> exponent + 3 & 0x0F) & 0xFF


class KeyingCaller(RawCaller):
    """Silence as audio, and keys in the ways that it is told; the call must be answered by a line that listens."""

    def begin(self) -> None:
        self._id = b"%x" % time.time_ns()
        self._frames, self._cseq, self._seq = 0, 1, 0
        self.socket.sendto(self.invite("100", SENDER), self.far)
        while (answer := self._answer())[8:11] != b"200":
            assert answer[8:9] in (b"", b"1"), answer
        self.to = answer.split(b"\r\nTo:", 1)[1].split(b"\r\n", 1)[0].partition(b"tag=")[2]
        found = re.search(rb"m=audio (\d+)", answer)
        assert found
        self.media = (self.far[0], int(found[1]))
        self._finish(b"ACK", "100", SENDER, self.to, 1)
        self._next_s = time.monotonic()
        self._drain = threading.Thread(target=self._read, daemon=True)
        self._drain.start()

    def pause(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self._send(bytes([0xFF]) * SAMPLES)

    def press(self, key: str, ways: set[str], held_s: float = 0.2) -> None:
        if "info" in ways:
            self._info(key, held_s)
        began = self._frames
        for n in range(round(held_s / FRAME_S)):
            if "event" in ways:
                self._event(key, began, n, end=False)
            self._send(self._tone(key, n) if "tone" in ways else None if "event" in ways else bytes([0xFF]) * SAMPLES)
        if "event" in ways:
            for _ in range(3):
                self._event(key, began, round(held_s / FRAME_S), end=True)

    def end(self) -> None:
        self._finish(b"BYE", "100", SENDER, self.to, self._cseq + 1)
        self._drain.join(1)
        self.close()

    def _read(self) -> None:
        """Answers are not waited for; the socket must not fill."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                self.socket.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return

    def _tone(self, key: str, frame: int) -> bytes:
        row, column = FREQUENCIES[key]
        at = [(frame * SAMPLES + n) / 8000 * 2 * math.pi for n in range(SAMPLES)]
        return bytes(ulaw(int(4000 * (math.sin(row * t) + math.sin(column * t)))) for t in at)

    def _send(self, audio: bytes | None) -> None:
        """One frame in its time; none while an event is told instead."""
        if audio is not None:
            self._packet(0, self._frames * SAMPLES, audio)
        self._frames += 1
        self._next_s += FRAME_S
        time.sleep(max(0.0, self._next_s - time.monotonic()))

    def _event(self, key: str, began: int, frame: int, end: bool) -> None:
        code = EVENT_CODES[key] if key in EVENT_CODES else int(key)
        payload = struct.pack("!BBH", code, 0x8A if end else 0x0A, (frame + (not end)) * SAMPLES)
        self._packet(101, began * SAMPLES, payload, marker=not end and frame == 0)

    def _packet(self, kind: int, stamp: int, payload: bytes, marker: bool = False) -> None:
        self._seq += 1
        head = struct.pack("!BBHII", 0x80, kind | (0x80 if marker else 0), self._seq, stamp, 0x1234)
        self.socket.sendto(head + payload, self.media)

    def _info(self, key: str, held_s: float) -> None:
        self._cseq += 1
        body = b"Signal=%s\r\nDuration=%d\r\n" % (key.encode(), held_s * 1000)
        request = self._request(b"INFO", "100", SENDER, b";tag=" + self.to, self._cseq)
        request = re.sub(rb"branch=\S+", b"branch=z9hG4bK%x" % time.time_ns(), request)
        head = b"Content-Type: application/dtmf-relay\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.socket.sendto(request + head + body, self.far)
