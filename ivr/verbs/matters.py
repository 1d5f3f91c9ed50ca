"""Steps about matters: opening or joining a ticket, telling where an earlier one stands."""

from dataclasses import replace

from config.documents import Topic
from ivr.actions import (
    Ask,
    Barge,
    CorrectTicket,
    Done,
    FindMatters,
    FindStatus,
    Heard,
    JoinTicket,
    MattersFound,
    OpenMatter,
    Outcome,
    Pressed,
    Prompt,
    Sentence,
    Speak,
    TicketOpened,
)
from ivr.call_matters import placed, ticket_of, unopened
from ivr.flow import OpenTicketStep, TellStatus
from ivr.phases import Correcting, Interrupted, Phase
from ivr.script import PERSON, Next, Script, Turn, about, heard, ticket_line
from ivr.state import State

MATTERS_SAID = 3


# --- open_ticket ---------------------------------------------------------------------------------


def enter_open_ticket(script: Script, step: OpenTicketStep, state: State) -> Next:
    if state.ticket and joined(state):
        return _join(step, state, state.ticket)
    if state.phase == Phase.JOINED:  # a correction made it a matter of its own, and said so
        return _next_matter(script, step, state) or step.next
    if state.phase == Phase.JOIN:
        return _ask_join(step, state)
    if state.ticket:
        return _settled(script, step, state)
    state = placed(script, state)
    topic, place = script.topic(state), state.facts.place
    if topic and place and _may_join(topic, state):
        return state.at(Phase.FIND), FindMatters(topic.id, place)
    return open_ticket(state)


def _settled(script: Script, step: OpenTicketStep, state: State) -> Next:
    """The matter spoken of has its ticket: on with the next one, and in the end all are told."""
    return _next_matter(script, step, state) or _announce(step, state)


def _next_matter(script: Script, step: OpenTicketStep, state: State) -> Next | None:
    waiting = unopened(script, state)
    return enter_open_ticket(script, step, waiting.at(Phase.BEGIN, 0)) if waiting else None


def open_ticket(state: State) -> Turn:
    """Open the ticket of the matter spoken of; on a repeat the same one comes back."""
    return state.at(Phase.OPEN), ticket_of(state)


def opened(state: State, outcome: TicketOpened) -> State:
    state = replace(state, ticket=outcome.ticket, ticket_number=outcome.number)
    return state.with_facts(promise=outcome.promise, promise_by=outcome.by)


def joined(state: State) -> bool:
    """Whether the call's ticket is somebody else's report, which this caller has joined."""
    return state.ticket is not None and state.facts.join == state.ticket


def on_own(state: State) -> State:
    """No longer on a report of somebody else."""
    return state.with_facts(join=None, join_number=None)


def _join(step: OpenTicketStep, state: State, ticket: str) -> Turn:
    """Joining may be repeated; it is told only when it is done."""
    if state.phase == Phase.JOINING:
        return state, JoinTicket(ticket)
    return state.at(Phase.JOINED), Speak((ticket_line(state, step.joined_prompt),))


def promised(state: State, prompt: str) -> Prompt:
    """The ticket's number and what its caller was promised."""
    return (ticket_line(state, prompt), _promise(state))


def _promise(state: State) -> Sentence:
    return Sentence(state.facts.promise or "promise_attend", {"time": state.facts.promise_by or ""})


def _may_join(topic: Topic, state: State) -> bool:
    """Only a facility matter, from a number that is somebody's."""
    return topic.facility and state.facts.identified and state.phase == Phase.BEGIN


def take_open_ticket(script: Script, step: OpenTicketStep, state: State, outcome: Outcome) -> Next:
    match state.phase, outcome:
        case Phase.FIND, MattersFound(matters):
            return _ask_join(step, _candidate(state, matters[0])) if matters else open_ticket(state)
        case Phase.OPEN, TicketOpened():
            return _settled(script, step, opened(state, outcome))
        case Phase.JOIN, _:
            return _joining(step, state, outcome)
        case Phase.SAID, Heard() if state.tries == 0:  # "okay" must not cost the caller the promise
            return _announce(step, state.at(Phase.SAID, 1))
        case Phase.JOINING, Done():
            return _join(step, state.at(Phase.JOINED), state.ticket or "")
        case Phase.JOINED, _:
            return _next_matter(script, step, state) or (_announce(step, state) if own_tickets(state) else step.next)
    return step.next


def _candidate(state: State, matter: OpenMatter) -> State:
    return state.with_facts(join=matter.ticket, join_number=matter.number).at(Phase.JOIN)


def _ask_join(step: OpenTicketStep, state: State) -> Turn:
    return state.at(Phase.JOIN), Ask((about(state, step.join_prompt),), keys_do=True)


def _joining(step: OpenTicketStep, state: State, outcome: Outcome) -> Turn:
    """Only a clear yes joins; in doubt the caller gets a ticket of their own."""
    yes = outcome == Pressed("1") or (isinstance(outcome, Heard) and outcome.understanding.act == "yes")
    if not yes:
        return open_ticket(on_own(state))
    state = replace(state, ticket=state.facts.join, ticket_number=state.facts.join_number)
    return _join(step, state.at(Phase.JOINING), state.ticket or "")


def _announce(step: OpenTicketStep, state: State) -> Turn:
    """Each ticket that is this call's own, with what was promised; joined ones were told when they were."""
    own = own_tickets(state)
    if len(own) == 1 and not state.others:
        return state.at(Phase.SAID), Speak(promised(state, step.prompt))
    lines = (line for matter in own for line in (_ticket_also(matter), _promise(matter)))
    return state.at(Phase.SAID), Speak(tuple(lines))


def own_tickets(state: State) -> list[State]:
    """The state about each of its matters that has a ticket of its own, the one spoken of first."""
    matters = (state, *(state.about(at) for at in range(len(state.others))))
    return [matter for matter in matters if matter.ticket and not joined(matter)]


def _ticket_also(state: State) -> Sentence:
    return Sentence("ticket_also", {"ticket": state.ticket_number or "", "topic": state.facts.topic or PERSON})


# --- a correction after the ticket is open ---------------------------------------------------------


def about_ticket(state: State, ticket: str | None) -> State:
    """The same call, speaking of the matter with that ticket."""
    if state.ticket == ticket:
        return state
    return next(state.about(at) for at, other in enumerate(state.others) if other.ticket == ticket)


def amend_to(state: State, changed: State, phase: Phase) -> Turn:
    """Change the ticket to what the changed state says; the step goes on in that phase."""
    differing = about_ticket(state, changed.ticket).facts.differing(changed.facts)
    return amend(changed, Interrupted(phase, Correcting.AMENDING, changed=differing))


def amend(state: State, where: Interrupted) -> Turn:
    """On the call's own ticket; a report of somebody else's stays as it is, and the caller gets one of their own."""
    state = state.at(where)
    if state.ticket is None or joined(state):
        return state, ticket_of(state)
    return state, CorrectTicket(state.ticket, state.facts, where.changed)


# --- tell_status ---------------------------------------------------------------------------------


def enter_tell_status(script: Script, step: TellStatus, state: State) -> Turn:
    return state.at(Phase.FIND), FindStatus(state.facts.status_number)


def take_tell_status(script: Script, step: TellStatus, state: State, outcome: Outcome) -> Next:
    if isinstance(outcome, MattersFound):
        sentences = tuple(
            Sentence(step.prompt, {"ticket": matter.number, "stage": matter.stage})
            for matter in outcome.matters[:MATTERS_SAID]
        )
        return state.at(Phase.TOLD), Speak(sentences or (Sentence(step.none_prompt),), Barge.SPEECH)
    if isinstance(outcome, Heard):
        state = heard(state, outcome.understanding)
    return state, step.next
