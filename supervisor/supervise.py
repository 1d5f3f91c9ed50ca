"""Keeps the parts of a line up: restarts what dies, kills what hangs, stops all in order.

One thread watches each part's answers, so that a hung part never delays the others.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from supervisor.parts import Part, PartFailed

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 15.0
SETTLED_S = 60.0  # a part that lived this long is forgiven its earlier deaths
ASK_EVERY_S = 1.0
UNANSWERED = 3  # questions in a row: one alone may have been late because we were


@dataclass(frozen=True)
class Rule:
    """How a part is looked after."""

    hung_s: float | None = None  # that long without an answer: killed; None: only watched
    start_s: float = 60.0  # until its first answer it may take this long


def delay_s(deaths: int) -> float:
    """How long to wait before the next start, after so many deaths in a row."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(deaths - 1, 16)) if deaths > 0 else 0.0


def is_hung(rule: Rule, now: float, silent_since: float | None, answered: bool, unanswered: int = UNANSWERED) -> bool:
    """Whether a living part has been silent for too long. Times in seconds of one clock."""
    if rule.hung_s is None or silent_since is None or unanswered < UNANSWERED:
        return False
    return now - silent_since > (rule.hung_s if answered else rule.start_s)


class SupervisedPart:
    """A part under supervision: what happened to it, and when it may start again."""

    def __init__(self, part: Part, rule: Rule) -> None:
        self.part = part
        self.rule = rule
        self.deaths = 0
        self.restarts = 0
        self.started_at = 0.0
        self.answered = False  # since its last start
        self.silent_since: float | None = None
        self.unanswered = 0  # questions since its last answer
        self.due_at: float | None = None
        self.trouble = ""

    @property
    def state(self) -> str:
        if self.due_at is not None:
            return f"down, starting again ({self.trouble})"
        if not self.answered:
            return "starting"
        return "up" if self.silent_since is None else "not answering"

    @property
    def pid(self) -> int | None:
        return self.part.process.pid if self.part.process else None

    def adopted(self, now: float) -> None:
        """An earlier supervisor started it, and it answers."""
        self.started_at, self.answered = now, True

    def start(self, now: float) -> bool:
        """Start it; False, and a later try, when that fails."""
        self.due_at, self.answered, self.unanswered = None, False, 0
        self.started_at = self.silent_since = now
        try:
            self.part.start()
        except PartFailed as error:
            self.fell(now, str(error))
            return False
        return True

    def fell(self, now: float, why: str) -> None:
        """It is down: clear up what it left, and plan the next start."""
        self.part.kill()
        self.deaths = 1 if now - self.started_at > SETTLED_S else self.deaths + 1
        self.due_at = now + delay_s(self.deaths)
        self.answered, self.trouble = False, why

    def asked(self, answer: bool, started_at: float, now: float) -> None:
        """Note an answer, or the first silence; what it means is for `tick` to decide."""
        if started_at != self.started_at or self.due_at is not None:
            return  # it is about an earlier life
        if answer:
            self.answered, self.silent_since, self.unanswered = True, None, 0
            return
        self.unanswered += 1
        if self.silent_since is None:
            self.silent_since = now


class Supervisor:
    """Parts in starting order; `tick` does what is due."""

    def __init__(
        self, parts: Sequence[tuple[Part, Rule]], tell: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.kept = [SupervisedPart(part, rule) for part, rule in parts]
        self.tell = tell
        self._clock = clock
        self._over = threading.Event()
        self._askers: list[threading.Thread] = []

    def start(self, noted: Callable[[], None] = lambda: None) -> None:
        """Start every part that was not adopted; `noted` is called after each, so that none is ever unknown.

        Raises: PartFailed when one does not come up at first and none was adopted; none is left behind then.
        """
        adopted = any(kept.answered for kept in self.kept)
        for kept in self.kept:
            if kept.answered:
                self.tell(f"{kept.part.name}: found running, process {kept.pid}")
            elif kept.start(self._clock()):
                self.tell(f"{kept.part.name}: started, process {kept.pid}")
            elif adopted:  # callers talk in what was found running: what fails is tried again beside it
                self.tell(f"{kept.part.name}: does not start: {kept.trouble}")
            else:
                self.stop()
                raise PartFailed(kept.trouble)
            noted()
        for kept in self.kept:
            asker = threading.Thread(target=self._ask, args=(kept,), name=f"ask {kept.part.name}", daemon=True)
            asker.start()
            self._askers.append(asker)

    def tick(self) -> None:
        """Notice deaths and hangs, start again what is due."""
        now = self._clock()
        for kept in self.kept:
            if kept.due_at is not None:
                if now >= kept.due_at and kept.start(now):
                    kept.restarts += 1
                    self.tell(f"{kept.part.name}: started again, process {kept.pid}")
            elif not kept.part.alive():
                self._down(kept, now, "it ended")
            elif is_hung(kept.rule, now, kept.silent_since, kept.answered, kept.unanswered):
                self._down(kept, now, "it did not answer and was killed")

    def ready(self) -> bool:
        return all(kept.state == "up" for kept in self.kept)

    def stop(self) -> None:
        """Stop every part; Asterisk first, so that the controller hears its callers leave."""
        self._over.set()
        order = sorted(self.kept, key=lambda kept: STOPPING.get(kept.part.name, 1))
        for kept in order:
            kept.due_at = None
            kept.part.stop()
            self.tell(f"{kept.part.name}: stopped")
        for asker in self._askers:
            asker.join(3.0)

    def _down(self, kept: SupervisedPart, now: float, why: str) -> None:
        kept.fell(now, why)
        self.tell(f"{kept.part.name}: {why}; starting again in {delay_s(kept.deaths):.1f} s")

    def _ask(self, kept: SupervisedPart) -> None:
        while not self._over.wait(ASK_EVERY_S if kept.answered else 0.1):
            started_at = kept.started_at
            kept.asked(kept.part.answers(), started_at, self._clock())


STOPPING = {"Asterisk": 0, "Redis": 2}
