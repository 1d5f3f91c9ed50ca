"""What makes a flow publishable."""

from typing import Any

import pytest

from config.problem import Problem
from ivr.flow import Flow
from ivr.validation import problems
from tests.unit.ivr.locales.pack import bare
from tests.unit.ivr.site import edition, play


def found(**step: Any) -> list[str]:
    """Problems of the shipped flow with one step changed."""
    flow = edition().flows["main"]
    steps = {**flow["steps"], "anything_else": {**flow["steps"]["anything_else"], **step}}
    return [str(problem) for problem in problems(Flow.model_validate({**flow, "steps": steps}), edition())]


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
    found = problems(Flow.model_validate({**flow, "steps": steps}), edition().model_copy(update=documents))
    return [str(problem) for problem in found]


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
    texts = [problem.text for problem in found]
    assert "set_language “change” can lead back to itself without a word to the caller" in texts


def test_a_problem_says_where_it_is_for_programs_too() -> None:
    flow = edition().flows["main"]
    steps = {**flow["steps"], "anything_else": {**flow["steps"]["anything_else"], "silence": "nowhere"}}
    (problem,) = problems(Flow.model_validate({**flow, "steps": steps}), edition())
    assert problem == Problem(
        "unknown_target", "flows/main.yaml", "anything_else", "silence",
        "step “anything_else”: silence leads to “nowhere”, which does not exist",
    )  # fmt: skip


# --- what a branch asks ----------------------------------------------------------------------------


def asked(**case: Any) -> list[Problem]:
    """Problems of the shipped flow with one more case."""
    flow = edition().flows["main"]
    known = flow["steps"]["place_known"]
    changed = {**known, "cases": [*known["cases"], {**case, "goto": "said_back"}]}
    return problems(Flow.model_validate({**flow, "steps": {**flow["steps"], "place_known": changed}}), edition())


@pytest.mark.parametrize(
    ("case", "field", "says"),
    [
        ({"fact": "plase", "equals": "ward-4"}, "fact", "there is no fact “plase”; there are asset, blind, "),
        ({"fact": "why", "equals": "drain"}, "fact", "there is no fact “why”"),
        ({"fact": "identified", "equals": "ja"}, "equals", "fact “identified” is never “ja”; it is yes or no"),
        ({"fact": "identified", "equals": ""}, "equals", "fact “identified” is never “”; it is yes or no"),
        ({"fact": "place_missing", "equals": 1}, "equals", "fact “place_missing” is never “1”; it is yes or no"),
        ({"fact": "topic", "equals": "plumbin"}, "equals", "fact “topic” is never “plumbin”"),
        ({"fact": "topic_kind", "equals": "house"}, "equals", "fact “topic_kind” is never “house”"),
        ({"fact": "place", "equals": "ward-99"}, "equals", "fact “place” is never “ward-99”"),
        ({"fact": "confidence", "equals": "high"}, "equals", "fact “confidence” is a number"),
        ({"fact": "place", "at_least": 4}, "at_least", "fact “place” is no number to be compared"),
        ({"fact": "words", "below": 4}, "below", "fact “words” is no number to be compared"),
    ],
)
def test_a_case_that_never_holds_is_refused(case: dict[str, Any], field: str, says: str) -> None:
    (problem,) = asked(**case)
    assert (problem.code, problem.step, problem.field) == ("wrong_case", "place_known", f"cases.1.{field}")
    assert problem.text.startswith(f"step “place_known”: case 2: {says}")


@pytest.mark.parametrize(
    "case",
    [
        {"fact": "identified", "equals": "no"},
        {"fact": "identified", "equals": True},
        {"fact": "topic", "equals": "plumbing"},
        {"fact": "topic", "equals": ""},
        {"fact": "topic_kind", "equals": "patient"},
        {"fact": "place", "equals": "ward-4"},
        {"fact": "diverted_by", "equals": "204"},
        {"fact": "confidence", "at_least": 0.5, "below": 0.9},
        {"fact": "caller_number", "at_least": 200, "below": 300},
    ],
)
def test_any_other_case_may_be_asked(case: dict[str, Any]) -> None:
    assert asked(**case) == []


@pytest.mark.parametrize(
    ("case", "facts", "holds"),
    [
        ({"fact": "identified", "equals": "yes"}, {"identified": True}, True),
        ({"fact": "identified", "equals": True}, {"identified": True}, True),
        ({"fact": "identified", "equals": "no"}, {}, True),
        ({"fact": "topic", "equals": ""}, {}, True),
        ({"fact": "topic", "equals": "plumbing"}, {"topic": "printer"}, False),
        ({"fact": "topic_kind", "equals": "facility"}, {"topic": "printer"}, True),
        ({"fact": "confidence", "at_least": 0.9}, {"confidence": 0.9}, True),
        ({"fact": "confidence", "below": 0.9}, {"confidence": 0.9}, False),
        ({"fact": "confidence", "below": 0.9}, {}, False),
        ({"fact": "confidence", "equals": 1}, {"confidence": 1.0}, True),
        ({"fact": "caller_number", "at_least": 200, "below": 300}, {"caller_number": "204"}, True),
    ],
)
def test_what_a_case_asks_of_the_facts(case: dict[str, Any], facts: dict[str, Any], holds: bool) -> None:
    steps = {
        "ask": {"verb": "branch", "cases": [{**case, "goto": "yes"}], "otherwise": "no"},
        **{name: {"verb": "hangup", "ending": name} for name in ("yes", "no")},
        **{name: edition().flows["main"]["steps"][name] for name in ("person", "keys")},
    }
    assert play(start="ask", steps=steps, facts=facts).ending == ("yes" if holds else "no")
