"""JSON logs: constant messages, data in fields, private fields redacted."""

import logging
import os
import stat
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from textwrap import indent
from typing import Any, TextIO, cast

import structlog

PRIVATE = "pii_"
MESSAGE_CHARS = 300
LEAST_FREE_BYTES = 8 * 2**20


def configure_logs(private: bool, to: TextIO | None = None) -> None:
    """For the whole process, on `to` (standard output); libraries' logs go to standard error.

    `private` writes the fields that are for nobody's eyes in clear.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if private else OUTLINED,
    ]
    if not private:
        shared.append(redacted)
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", SafeStream(to or sys.stdout))),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        foreign_pre_chain=shared,
    )
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class SafeStream:
    """A stream for logs: on a disk that is full, or nearly, nothing is logged, and nobody who logs fails.

    What is left of the disk is for what callers are told is kept.
    """

    def __init__(self, to: TextIO) -> None:
        self._to = to

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            if _free_bytes(self._to) > LEAST_FREE_BYTES:
                self._to.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._to.flush()


def _free_bytes(to: TextIO) -> int:
    """Of the disk that a file is on; for all that is no file there is room."""
    try:
        descriptor = to.fileno()
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return sys.maxsize
        disk = os.fstatvfs(descriptor)
    except (OSError, ValueError):
        return sys.maxsize
    return disk.f_bavail * disk.f_frsize


def redacted(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event without what callers said, their names and their numbers."""
    for name in event:
        if name.startswith(PRIVATE):
            event[name] = "…"
    return event


def outlined(error: BaseException) -> str:
    """Where and why, each message cut to its first line: libraries repeat what they were given in those below.

    A database, for instance, tells the whole row that it refused.
    """
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    first_line = str(error).partition("\n")[0][:MESSAGE_CHARS]
    parts = [outlined(earlier), "which led to"] if earlier else []
    parts += ["".join(traceback.format_tb(error.__traceback__)).rstrip(), f"{type(error).__qualname__}: {first_line}"]
    if isinstance(error, BaseExceptionGroup):
        parts += [indent(outlined(inner), "  ") for inner in error.exceptions]
    return "\n".join(filter(None, parts))


def _outlined(exc_info: structlog.typing.ExcInfo) -> str:
    return outlined(exc_info[1])


OUTLINED = structlog.processors.ExceptionRenderer(_outlined)
