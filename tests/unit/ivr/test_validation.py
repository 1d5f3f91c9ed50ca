"""What makes a flow publishable."""

from typing import Any

import pytest

from ivr.flow import Flow
from ivr.validation import problems
from tests.unit.ivr.locales.pack import bare
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


def languages_found(language: str, **documents: Any) -> list[str]:
    """Problems of the shipped flow when its last question comes after a change of language."""
    flow = edition().flows["main"]
    change = {"verb": "set_language", "language": language, "next": "anything_else"}
    steps = {**flow["steps"], "change": change, "status_told": {**flow["steps"]["status_told"], "next": "change"}}
    return problems(Flow.model_validate({**flow, "steps": steps}), edition().model_copy(update=documents))


def site(*languages: str) -> dict[str, Any]:
    prompts = {language: edition().prompts["en"] for language in languages}
    words = {language: bare(language) for language in languages}
    return {"site": edition().site.model_copy(update={"languages": languages}), "prompts": prompts, "languages": words}


def test_a_change_to_a_language_of_the_site_is_sound() -> None:
    assert languages_found("nl", **site("en", "nl")) == []


def test_a_language_that_the_site_does_not_have_is_a_problem() -> None:
    assert languages_found("xx", **site("en", "nl")) == [
        "step “change”: language “xx” is none of the site's, which are “en”, “nl”",
        "step “change”: language “xx” has no prompts, so nothing would be said in it",
        "step “change”: language “xx” has no words, so nothing would be understood in it",
    ]


@pytest.mark.parametrize(("kind", "lacks"), [("prompts", "has no prompts"), ("languages", "has no words")])
def test_a_language_with_nothing_to_say_or_to_hear_is_a_problem(kind: str, lacks: str) -> None:
    documents = site("en", "nl")
    documents[kind] = {"en": documents[kind]["en"], **({"nl": {}} if kind == "prompts" else {})}
    assert any(f"step “change”: language “nl” {lacks}" in problem for problem in languages_found("nl", **documents))


def test_changes_of_language_alone_may_not_go_in_circles() -> None:
    flow = edition().flows["main"]
    loop = {
        "change": {"verb": "set_language", "language": "en", "next": "which"},
        "which": {"verb": "branch", "cases": [{"fact": "x", "equals": "y", "goto": "goodbye"}], "otherwise": "change"},
    }
    steps = {**flow["steps"], **loop, "status_told": {**flow["steps"]["status_told"], "next": "change"}}
    found = problems(Flow.model_validate({**flow, "steps": steps}), edition().model_copy(update=site("en")))
    assert "set_language “change” can lead back to itself without a word to the caller" in found
