"""Many callers at once, by sipp: each sends RTP all the time and presses keys at its pauses.

`python -m tests.bench.sipp DOMAIN NUMBER [CALLS] [RATE]` sends 200 calls at 20 a second through the
dialogue and prints one JSON object.
"""

import csv
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

SCENARIOS = Path(__file__).parent / "sipp_scenarios"
ULAW_QUIET = bytes((0xFF, 0xFE, 0x7E, 0x7F))  # some units of 16-bit amplitude: a quiet line, not digital silence
# (pause before it in ms, key): appointments, cancel, yes that is it; then, told the ticket or in the queue,
# the wish to be called back, and the number agreed to.
DIALOGUE: tuple[tuple[int, str], ...] = ((1_500, "5"), (2_000, "1"), (3_000, "1"), (6_000, "1"), (3_500, "1"))
# The callers are strangers from one address, whom a line in use would not let in.
EVERYBODY = {
    f"ONENUMBER_ADMISSION__{name}": value
    for name, value in (("OUTSIDE_PERCENT", "100"), ("STRANGERS_PERCENT", "100"), ("OF_ADDRESS", "1000"))
}

# Nothing proves their numbers, and they all want to be called back.
UNCAPPED = {"callback": {"hourly_withheld": 10_000}}


@dataclass(frozen=True)
class Load:
    """How many callers, how fast, what they press."""

    calls: int = 200
    rate: int = 20  # new calls a second
    keys: Sequence[tuple[int, str]] = DIALOGUE
    goodbye_ms: int = 15_000  # the line hangs up by then, or the caller does
    from_number: int = 612_000_000  # callers count up from here, with a leading 0


@dataclass(frozen=True)
class Sent:
    """What sipp saw."""

    calls: int
    completed: int
    failed: int
    retransmissions: int
    answer_ms: float  # mean, INVITE to 200
    call_s: float  # mean, INVITE to the end
    seconds: float
    errors: str


def send(load: Load, domain: str, number: str) -> Sent:
    """Place the calls and wait for their ends. Raises: FileNotFoundError without sipp."""
    with _folder() as folder:
        command = _command(load, domain, number, folder)
        limit_s = 60 + load.calls / load.rate + sum(pause for pause, _ in load.keys) / 1000 + load.goodbye_ms / 1000
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False, timeout=limit_s)
        return _read(folder)


def scenario(load: Load, audio: Path) -> str:
    """The XML for these keys."""
    key = (SCENARIOS / "key.xml").read_text()
    pressed = "".join(
        key.replace("@PAUSE_MS@", str(pause)).replace("@KEY@", name).replace("@SEQ@", str(seq))
        for seq, (pause, name) in enumerate(load.keys, 2)
    )
    text = (SCENARIOS / "dialogue.xml").read_text()
    return text.replace("@KEYS@", pressed).replace("@AUDIO@", str(audio)).replace("@GOODBYE_MS@", str(load.goodbye_ms))


def _command(load: Load, domain: str, number: str, folder: Path) -> list[str]:
    audio = folder / "quiet.ul"
    audio.write_bytes(bytes(random.Random(1).choices(ULAW_QUIET, k=8_000 * 10)))
    (folder / "scenario.xml").write_text(scenario(load, audio))
    callers = "".join(f"0{load.from_number + position};\n" for position in range(load.calls))
    (folder / "callers.csv").write_text("SEQUENTIAL\n" + callers)
    return [
        "sipp", domain, "-s", number, "-sf", "scenario.xml", "-inf", "callers.csv", "-i", "127.0.0.1",
        "-r", str(load.rate), "-m", str(load.calls), "-l", str(load.calls + 10), "-nostdin",
        "-mi", "127.0.0.1", "-rtp_threadtasks", "50",
        "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_err", "-error_file", "errors.log",
    ]  # fmt: skip


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="onenumber-sipp-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read(folder: Path) -> Sent:
    with (folder / "stat.csv").open() as file:
        last = list(csv.DictReader(file, delimiter=";"))[-1]
    errors = folder / "errors.log"
    return Sent(
        calls=int(last["TotalCallCreated"]),
        completed=int(last["SuccessfulCall(C)"]),
        failed=int(last["FailedCall(C)"]),
        retransmissions=int(last["Retransmissions(C)"]),
        answer_ms=_milliseconds(last["ResponseTime1(C)"]),
        call_s=_milliseconds(last["CallLength(C)"]) / 1000,
        seconds=_milliseconds(last["ElapsedTime(C)"]) / 1000,
        errors=errors.read_text(errors="replace")[:2_000] if errors.exists() else "",
    )


def _milliseconds(text: str) -> float:
    """`00:00:01:500000` or `00:00:01` to ms."""
    parts = [float(part) for part in text.split(":")]
    hours, minutes, seconds = parts[:3]
    return (hours * 3600 + minutes * 60 + seconds) * 1000 + (parts[3] / 1000 if len(parts) > 3 else 0)


if __name__ == "__main__":
    domain, number, *given = sys.argv[1:]
    load = Load(calls=int(given[0]) if given else 200, rate=int(given[1]) if len(given) > 1 else 20)
    print(json.dumps(asdict(send(load, domain, number)), indent=2))
