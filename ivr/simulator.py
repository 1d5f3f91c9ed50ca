"""Plays a call in text: the live interpreter, with the outside world answered from a script.

The caller is a list of turns: words; "key 123"; "more 4" (a slow hand goes on with its number); "silence"; "noise";
"deaf" (recognition down); "crash" (the controller died and the call is resumed).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ivr.actions import (
    Action,
    AgentAnswered,
    AgentFound,
    Ask,
    CallbackOwed,
    CallbackStored,
    ConfirmCallback,
    Connect,
    Deaf,
    Dialled,
    Done,
    EnterQueue,
    FindAgent,
    FindCallbackTimes,
    FindMatters,
    FindStatus,
    HangUp,
    Heard,
    Hold,
    Join,
    MattersFound,
    MessageTaken,
    NoWords,
    NumberRefused,
    OfferReady,
    OpenMatter,
    OpenTicket,
    Outcome,
    Pressed,
    QueueStanding,
    Recalled,
    RecallTicket,
    Resumed,
    Silence,
    Speak,
    Spoken,
    Started,
    StoreCallback,
    Summon,
    TakeMessage,
    TicketOpened,
    TimesFound,
    Transfer,
)
from ivr.facts import NO_FACTS, Facts
from ivr.interpreter import PREFIXES, advance
from ivr.ports import Understander
from ivr.recording import urgent
from ivr.script import Script
from ivr.state import State

LOOKED_UP = (FindAgent, FindCallbackTimes)
LIMIT = 500  # actions; the interpreter's own cap ends a call far sooner


@dataclass(frozen=True)
class World:
    """What the simulated hospital is like."""

    staffed: bool = True  # an agent is there and answers
    free: bool = False  # at once, while the caller is still being told the rest
    taken_during: str = ""  # the prompt in which that agent takes the phone; empty: once the caller is on hold
    answers: tuple[bool, ...] = (True,)  # each offered agent: picks up or not; the last repeats
    open_matters: tuple[OpenMatter, ...] = ()
    owed: tuple[str, ...] = ()  # tickets whose callback is another caller's
    callable: Callable[[str], bool] = lambda number: len(number) >= 3
    times: tuple[str, ...] = ()  # ISO, to be called back at …
    now: str | None = None  # … seen from then
    recalled: Facts = NO_FACTS  # the facts of the ticket of a callback


@dataclass
class Simulation:
    """A finished simulated call."""

    state: State
    actions: list[Action] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def ending(self) -> str:
        last = self.actions[-1]
        return last.ending if isinstance(last, HangUp) else "unfinished"

    def steps(self) -> list[str]:
        """The call as short words, for scenario files: `ask welcome`, `ticket`, `connect` …"""
        return steps_of(self.actions)


def simulate(
    script: Script, understander: Understander, state: State, caller: Sequence[str], world: World
) -> Simulation:
    """Play a whole call; a caller who has nothing more to say stays silent."""
    turns = list(caller)
    simulation = Simulation(state)
    outcome: Outcome = Started()
    for _ in range(LIMIT):
        simulation.outcomes.append(outcome)
        simulation.state, action = advance(script, simulation.state, outcome)
        simulation.actions.append(action)
        if isinstance(action, HangUp):
            return simulation
        outcome = _Outside(understander, simulation, world, script.edition.site.emergency.key).answer(action, turns)
    return simulation


@dataclass(frozen=True)
class _Outside:
    understander: Understander
    simulation: Simulation
    world: World
    emergency_key: str

    def answer(self, action: Action, turns: list[str]) -> Outcome:
        if isinstance(action, Speak | Ask) and self._taken_during(action):
            return AgentAnswered("offer-1", "PJSIP/agent1-1")
        if isinstance(action, Speak):
            return self._cut_in(action, turns)
        if isinstance(action, Ask):
            return self._turn(turns.pop(0)) if turns else Silence()
        if isinstance(action, Hold):
            return self._held(turns)
        if isinstance(action, TakeMessage):
            return self._recorded(turns)
        if isinstance(action, LOOKED_UP):
            return self._looked_up(action)
        return self._done(action)

    def _taken_during(self, action: Speak | Ask) -> bool:
        spoken = [line.key for line in action.prompt]
        return bool(self.simulation.state.waits_at) and self.world.taken_during in spoken

    def _cut_in(self, action: Speak, turns: list[str]) -> Outcome:
        """Words marked with a leading "! " interrupt a statement."""
        if turns and turns[0].startswith("! "):
            return self._turn(turns.pop(0).removeprefix("! "))
        return Spoken()

    def _held(self, turns: list[str]) -> Outcome:
        if self.world.staffed:
            return AgentAnswered("offer-1", "PJSIP/agent1-1")
        return self._turn(turns.pop(0)) if turns else self._waiting()

    def _recorded(self, turns: list[str]) -> Outcome:
        """Whatever is said is the message; silence is none; 0, 9 and * lead away from it."""
        turn = self._turn(turns.pop(0)) if turns else NoWords()
        if isinstance(turn, Resumed) or (isinstance(turn, Pressed) and turn.keys in ("0", "*", self.emergency_key)):
            return turn
        if isinstance(turn, Heard) and urgent(turn.understanding):
            return turn
        return MessageTaken(isinstance(turn, Heard))

    def _turn(self, turn: str) -> Outcome:
        turn = turn.removeprefix("! ")
        if turn.startswith("key "):
            return Pressed(turn.removeprefix("key "))
        if turn.startswith("more "):
            return Pressed(self._last_keys() + turn.removeprefix("more "), continues=True)
        fixed: dict[str, Outcome] = {"silence": Silence(), "noise": NoWords(), "deaf": Deaf(), "crash": Resumed()}
        if turn in fixed:
            return fixed[turn]
        return Heard(self.understander.understand(turn, self.simulation.state.language))

    def _last_keys(self) -> str:
        pressed = (outcome.keys for outcome in reversed(self.simulation.outcomes) if isinstance(outcome, Pressed))
        return next(pressed, "")

    def _waiting(self) -> QueueStanding:
        waits = sum(isinstance(action, Hold) for action in self.simulation.actions)
        return QueueStanding(position=1, waited_s=60 * waits, staffed=self.world.staffed)

    def _done(self, action: Action) -> Outcome:
        match action:
            case FindMatters() | FindStatus():
                return MattersFound(self.world.open_matters)
            case OpenTicket(key):
                return self._opened(key)
            case EnterQueue():
                return self._waiting()
            case ConfirmCallback():
                return OfferReady("offer-1", "agent1")
            case Connect() | Join() | Summon() | Transfer():
                return Dialled(self._picks_up())
            case StoreCallback(number):
                return self._stored(number)
            case RecallTicket():
                return Recalled(self.world.recalled)
        return Done()

    def _looked_up(self, action: FindAgent | FindCallbackTimes) -> Outcome:
        if isinstance(action, FindAgent):
            return AgentFound(self.world.free)
        return TimesFound(self.world.times, self.world.now)

    def _opened(self, key: str) -> TicketOpened:
        """A ticket of each key; the same again when it is there already."""
        keys = [action.key for action in self.simulation.actions if isinstance(action, OpenTicket)]
        nth = list(dict.fromkeys(keys)).index(key)
        return TicketOpened(f"ticket-{nth + 1}", str(4721 + nth), "promise_attend", "2026-01-05T12:00:00+00:00")

    def _stored(self, number: str) -> Outcome:
        if self.simulation.state.ticket in self.world.owed:
            return CallbackOwed()
        return CallbackStored("callback-1") if self.world.callable(number) else NumberRefused()

    def _picks_up(self) -> bool:
        dials = sum(isinstance(action, Connect | Join | Summon | Transfer) for action in self.simulation.actions) - 1
        return self.world.answers[min(dials, len(self.world.answers) - 1)]


def steps_of(actions: Iterable[Action]) -> list[str]:
    """Each action in two words, but what is merely looked up on the way."""
    return [described(action) for action in actions if not isinstance(action, LOOKED_UP)]


def described(action: Action) -> str:
    """An action in two words: what is done, and the last prompt key or the ending."""
    name = {
        "Speak": "say", "Ask": "ask", "OpenTicket": "ticket", "JoinTicket": "join", "CorrectTicket": "correct",
        "RecallTicket": "recall", "StandAside": "aside",
        "FindMatters": "matters", "FindStatus": "status", "EnterQueue": "queue", "Hold": "hold", "Connect": "connect",
        "FindAgent": "find agent", "FindCallbackTimes": "find times", "Join": "connect",
        "MoveCallback": "move callback", "CancelCallback": "cancel callback",
        "LeaveQueue": "leave", "StoreCallback": "callback", "ConfirmCallback": "confirmed", "Summon": "summon",
        "Transfer": "transfer", "TakeMessage": "message", "HangUp": "hangup",
    }[type(action).__name__]  # fmt: skip
    if isinstance(action, HangUp):
        return f"{name} {action.ending}"
    if isinstance(action, Speak | Ask):
        return f"{name} {next(line.key for line in action.prompt if line.key not in PREFIXES)}"
    return name
