"""Outcomes as JSON and back, so that a call can be run again from what came of its actions.

The tags and the names of the fields are what is stored: they outlive the names of the classes.
"""

from collections.abc import Mapping
from typing import Any, cast

from pydantic import TypeAdapter

from ivr import actions
from ivr.actions import Outcome

TAG = "outcome"
OUTCOMES: Mapping[str, type[Outcome]] = {
    "started": actions.Started,
    "resumed": actions.Resumed,
    "spoken": actions.Spoken,
    "heard": actions.Heard,
    "no_words": actions.NoWords,
    "pressed": actions.Pressed,
    "silence": actions.Silence,
    "deaf": actions.Deaf,
    "matters": actions.MattersFound,
    "ticket_opened": actions.TicketOpened,
    "recalled": actions.Recalled,
    "done": actions.Done,
    "waiting": actions.QueueStanding,
    "agent_found": actions.AgentFound,
    "offer_ready": actions.OfferReady,
    "agent_answered": actions.AgentAnswered,
    "dialled": actions.Dialled,
    "callback_stored": actions.CallbackStored,
    "callback_owed": actions.CallbackOwed,
    "number_refused": actions.NumberRefused,
    "times_found": actions.TimesFound,
    "no_callback": actions.NoCallback,
    "message_taken": actions.MessageTaken,
}
TAGS: Mapping[type, str] = {outcome: tag for tag, outcome in OUTCOMES.items()}
FORMS: Mapping[str, TypeAdapter[Any]] = {tag: TypeAdapter(outcome) for tag, outcome in OUTCOMES.items()}


class UnknownOutcome(ValueError):
    """Stored by a version that knows other outcomes, or damaged."""


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Its tag, and those of its fields that are not what they are by default."""
    tag = TAGS[type(outcome)]
    return {TAG: tag, **FORMS[tag].dump_python(outcome, mode="json", exclude_defaults=True)}


def from_json(data: Mapping[str, Any]) -> Outcome:
    """Raises: UnknownOutcome."""
    form = FORMS.get(data.get(TAG, ""))
    if form is None:
        raise UnknownOutcome(f"no outcome {data.get(TAG)!r}")
    fields = {name: value for name, value in data.items() if name != TAG}
    try:
        return cast("Outcome", form.validate_python(fields))
    except ValueError as error:
        raise UnknownOutcome(f"no {data[TAG]}: {type(error).__name__}") from None  # its text may be private
