"""What dies comes back, what hangs is killed, and everything stops in order."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.parts import PartFailed
from supervisor.supervise import (
    LONGEST_DELAY_S,
    SETTLED_S,
    UNANSWERED,
    Rule,
    SupervisedPart,
    Supervisor,
    delay_s,
    is_hung,
)
from telephony.processes import RunningProcess


@dataclass
class ScriptedPart:
    """A part that does as it is told."""

    name: str = "part"
    refuses: bool = False
    running: bool = False
    log: list[str] = field(default_factory=list)
    made_of: str = "this"
    process: RunningProcess | None = None

    def adopt(self, process: RunningProcess) -> None:
        self.process, self.running = process, True

    def start(self) -> None:
        self.log.append(f"start {self.name}")
        if self.refuses:
            raise PartFailed("it refuses")
        self.running = True

    def alive(self) -> bool:
        return self.running

    def answers(self) -> bool:
        return self.running

    def kill(self) -> None:
        self.log.append(f"kill {self.name}")
        self.running = False

    def stop(self) -> None:
        self.log.append(f"stop {self.name}")
        self.running = False


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def looked_after(part: ScriptedPart, clock: Clock, rule: Rule = Rule()) -> tuple[Supervisor, SupervisedPart]:
    """A supervisor whose part has just started; no thread asks it."""
    supervisor = Supervisor([(part, rule)], lambda text: None, clock)
    kept = supervisor.kept[0]
    assert kept.start(clock())
    return supervisor, kept


def test_a_dead_part_is_started_again_after_the_delay(clock: Clock) -> None:
    part = ScriptedPart()
    supervisor, kept = looked_after(part, clock)
    part.running = False
    supervisor.tick()
    assert kept.state.startswith("down")
    clock.now += delay_s(1) - 0.01
    supervisor.tick()
    assert not part.running
    clock.now += 0.02
    supervisor.tick()
    assert part.running
    assert kept.restarts == 1


def test_what_a_dead_part_left_behind_is_killed_before_it_starts_again(clock: Clock) -> None:
    part = ScriptedPart()
    supervisor, _ = looked_after(part, clock)
    part.running = False
    supervisor.tick()
    clock.now += 1
    supervisor.tick()
    assert part.log == ["start part", "kill part", "start part"]


def test_a_part_that_no_longer_answers_is_killed_and_started_again(clock: Clock) -> None:
    part = ScriptedPart()
    supervisor, kept = looked_after(part, clock, Rule(hung_s=10))
    kept.asked(True, kept.started_at, clock())
    clock.now += 100
    for _ in range(UNANSWERED):
        kept.asked(False, kept.started_at, clock())
    clock.now += 9.9
    supervisor.tick()
    assert part.running
    clock.now += 0.2
    supervisor.tick()
    assert not part.running
    clock.now += 1
    supervisor.tick()
    assert part.running


def test_a_part_that_answers_again_in_time_is_left_alone(clock: Clock) -> None:
    part = ScriptedPart()
    supervisor, kept = looked_after(part, clock, Rule(hung_s=10))
    for answer in (True, False, True):
        kept.asked(answer, kept.started_at, clock())
        clock.now += 9
        supervisor.tick()
    clock.now += 100  # nobody asked meanwhile: no silence was heard either
    supervisor.tick()
    assert part.running


def test_starting_may_take_longer_than_answering(clock: Clock) -> None:
    part = ScriptedPart()
    supervisor, _ = looked_after(part, clock, Rule(hung_s=10, start_s=60))
    clock.now += 59
    for _ in range(UNANSWERED):
        supervisor.kept[0].asked(False, supervisor.kept[0].started_at, clock())
    supervisor.tick()
    assert part.running
    clock.now += 2
    supervisor.tick()
    assert not part.running


def test_one_late_question_is_no_silence(clock: Clock) -> None:
    """We may have stood still ourselves between two looks at the clock."""
    part = ScriptedPart()
    supervisor, kept = looked_after(part, clock, Rule(hung_s=10))
    kept.asked(True, kept.started_at, clock())
    kept.asked(False, kept.started_at, clock())
    clock.now += 100
    supervisor.tick()
    assert part.running


def test_an_answer_of_an_earlier_life_does_not_count(clock: Clock) -> None:
    part = ScriptedPart()
    supervisor, kept = looked_after(part, clock)
    earlier = kept.started_at
    part.running = False
    supervisor.tick()
    clock.now += 1
    supervisor.tick()
    kept.asked(True, earlier, clock())
    assert kept.state == "starting"


def test_a_part_that_cannot_be_started_again_is_tried_ever_more_rarely(clock: Clock) -> None:
    part = ScriptedPart()
    supervisor, _ = looked_after(part, clock)
    part.running, part.refuses = False, True
    for _ in range(6000):
        clock.now += 0.1
        supervisor.tick()
    tries = part.log.count("start part") - 1
    assert 600 / LONGEST_DELAY_S <= tries <= 600 / LONGEST_DELAY_S + 10


def test_long_life_forgives_earlier_deaths(clock: Clock) -> None:
    part = ScriptedPart()
    supervisor, kept = looked_after(part, clock)
    for _ in range(5):
        part.running = False
        supervisor.tick()
        clock.now += LONGEST_DELAY_S
        supervisor.tick()
    assert kept.deaths == 5
    clock.now += SETTLED_S + 1
    part.running = False
    supervisor.tick()
    assert kept.deaths == 1


def test_the_first_start_must_succeed() -> None:
    supervisor = Supervisor([(ScriptedPart(refuses=True), Rule())], lambda text: None)
    with pytest.raises(PartFailed, match="it refuses"):
        supervisor.start()


def test_each_part_is_noted_as_soon_as_it_runs() -> None:
    """Whoever is killed in the middle of starting leaves nothing unknown behind."""
    parts = [ScriptedPart("one"), ScriptedPart("two")]
    seen: list[list[bool]] = []
    supervisor = Supervisor([(part, Rule()) for part in parts])
    supervisor.start(lambda: seen.append([part.running for part in parts]))
    supervisor.stop()
    assert seen == [[True, False], [True, True]]


def test_a_first_start_that_fails_leaves_nothing_running() -> None:
    parts = [ScriptedPart("well"), ScriptedPart("refusing", refuses=True)]
    with pytest.raises(PartFailed):
        Supervisor([(part, Rule()) for part in parts], lambda text: None).start()
    assert not any(part.running for part in parts)


def test_beside_what_was_found_running_a_failing_start_is_tried_again(clock: Clock) -> None:
    talks, refusing = ScriptedPart("Asterisk", running=True), ScriptedPart("web", refuses=True)
    supervisor = Supervisor([(talks, Rule()), (refusing, Rule())], lambda text: None, clock)
    supervisor.kept[0].adopted(clock())
    supervisor.start()
    assert talks.log == []
    assert supervisor.kept[1].state.startswith("down, starting again")
    supervisor.stop()


def test_asterisk_stops_first_and_redis_last() -> None:
    log: list[str] = []
    parts = [ScriptedPart(name, log=log) for name in ("Redis", "Asterisk", "controller", "web")]
    supervisor = Supervisor([(part, Rule()) for part in parts], lambda text: None)
    supervisor.start()
    supervisor.stop()
    assert log[4:] == ["stop Asterisk", "stop controller", "stop web", "stop Redis"]


@given(st.integers(0, 10_000))
def test_delays_grow_and_are_bounded(deaths: int) -> None:
    assert 0 <= delay_s(deaths) <= delay_s(deaths + 1) <= LONGEST_DELAY_S


def test_a_part_without_a_limit_is_never_hung() -> None:
    assert not is_hung(Rule(), 1e9, 0.0, answered=True)
