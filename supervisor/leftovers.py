"""What a supervisor that died left running: found by its marks, taken over where it works, else ended."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from supervisor.parts import Part
from supervisor.supervise import STOPPING, SupervisedPart
from telephony.processes import RunningProcess

ANSWER_S = 10.0  # so long may a part that was found take to answer: nobody looked after it for a while


@dataclass(frozen=True)
class Mark:
    """What is written of each part that runs."""

    pid: int
    born: str
    made_of: str

    @classmethod
    def of(cls, part: Part) -> "Mark | None":
        return cls(part.process.pid, part.process.born, part.made_of) if part.process else None


def written(kept: Sequence[SupervisedPart]) -> dict[str, dict[str, object]]:
    """The marks of all parts that run, as JSON."""
    return {each.part.name: asdict(mark) for each in kept if (mark := Mark.of(each.part))}


def marks(run_state: Path) -> Mapping[str, Mark]:
    """By name of the part; none where nothing readable was left."""
    try:
        parts = json.loads(run_state.read_text(encoding="utf-8"))["parts"]
        return {str(name): Mark(**mark) for name, mark in parts.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def take_over(kept: Sequence[SupervisedPart], left: Mapping[str, Mark], wanted: bool = True) -> Collection[str]:
    """Take over each part that lives, is made of the same and answers; end all others. Returns the names taken."""
    for each in sorted(kept, key=lambda one: STOPPING.get(one.part.name, 1)):
        mark = left.get(each.part.name)
        if mark is None or (process := RunningProcess.found(mark.pid, mark.born)) is None:
            continue
        each.part.adopt(process)
        if wanted and mark.made_of == each.part.made_of and _answers(each.part):
            each.adopted(time.monotonic())
        else:
            each.part.stop()
    return [each.part.name for each in kept if each.answered]


def _answers(part: Part) -> bool:
    deadline = time.monotonic() + ANSWER_S
    while not part.answers():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
