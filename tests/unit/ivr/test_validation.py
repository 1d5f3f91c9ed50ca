"""What makes a flow publishable."""

from typing import Any

from ivr.flow import Flow
from ivr.validation import problems
from tests.unit.ivr.site import edition


def found(**step: Any) -> list[str]:
    """Problems of the shipped flow with one step changed."""
    flow = edition().flows["main"]
    steps = {**flow["steps"], "anything_else": {**flow["steps"]["anything_else"], **step}}
    return problems(Flow.model_validate({**flow, "steps": steps}), edition())


def test_the_way_of_silence_leads_somewhere() -> None:
    assert found() == []
    assert found(silence="nowhere") == ["step “anything_else”: silence leads to “nowhere”, which does not exist"]


def test_only_silence_may_lead_to_a_hangup() -> None:
    assert any("hangs up on a caller who was not understood" in problem for problem in found(otherwise="goodbye"))
