"""The test phone's two streams: one JSON command a line on stdin, one JSON event a line on stdout."""

import json
import os
import select
import sys
import time
from collections.abc import Iterator
from typing import Any

Command = dict[str, Any]
_events = sys.stdout.fileno()


def take_stdout() -> None:
    """Keep it for the events alone: pjsua2 prints there before it can be told not to."""
    global _events
    _events = os.dup(sys.stdout.fileno())
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def tell(event: str, **fields: Any) -> None:
    """Write one event; `at_ms` is milliseconds since the epoch."""
    line = json.dumps({"event": event, "at_ms": int(time.time() * 1000), **fields})
    os.write(_events, line.encode() + b"\n")


def arrived(buffer: bytearray) -> Iterator[Command]:
    """Whole commands that have arrived; end of input is `quit`."""
    if select.select([sys.stdin], [], [], 0)[0]:
        data = os.read(sys.stdin.fileno(), 65536)
        buffer += data or b'{"do": "quit"}\n'
    while (end := buffer.find(b"\n")) >= 0:
        line = bytes(buffer[:end])
        del buffer[: end + 1]
        yield json.loads(line)
